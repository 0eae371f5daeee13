"""A page's state as a link and back; the fields of any model as parameters."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from fmviz.page import address
from fmviz.page.address import OneOf
from fmviz.page.classroom import Classroom, read_classroom
from fmviz.page.state import State, opening, parse, query
from fmviz.page.view import Stopping, Taught, Tolerance
from fmviz.run.choices import CHOICES, DATASETS
from fmviz.run.config import RunConfig, bounds
from fmviz.run.measure import TOLERANCES
from fmviz.run.quoting import quoted


class PageView(Taught, Stopping):
    """Of some page."""

    tolerance: Tolerance = 1e-3


START = opening(PageView, {"penalty": "l2", "lam": 10.0})
NUMBERS = [
    "label_noise",
    "init_std",
    "lam",
    "l1_share",
    "dropout",
    "learning_rate",
    "final_rate",
    "power",
    "warmup",
    "plateau_factor",
]
WHOLE = ["train_size", "batch_size", "epochs", "seed", "periods", "plateau_patience"]
# Numbers whose bounds are not themselves allowed.
ABOVE = ("learning_rate", "power", "warmup", "plateau_factor")
BELOW = ("warmup", "plateau_factor")


@st.composite
def states(draw: st.DrawFn) -> State[PageView]:
    """Any state that a page's controls can hold, settings without effect included."""
    dataset = draw(st.sampled_from(sorted(DATASETS)))
    state: dict[str, Any] = {"dataset": dataset}
    for name in NUMBERS:
        low, high = bounds(name)
        state[name] = draw(
            st.floats(low, high, exclude_min=name in ABOVE, exclude_max=name in BELOW)
        )
    for name in WHOLE:
        low, high = bounds(name)
        if name == "train_size":
            high = DATASETS[dataset].train
        state[name] = draw(st.integers(int(low), int(high)))
    for name in ("activation", "initializer", "penalty", "optimizer", "schedule"):
        state[name] = draw(st.sampled_from(sorted(CHOICES[name])))
    state["hidden"] = tuple(draw(st.lists(st.integers(1, 512), max_size=6)))
    state |= {
        "patience": draw(st.none() | st.integers(0, 100)),
        "monitor": draw(st.sampled_from(["val_loss", "val_crossentropy", "val_accuracy"])),
        "restore": draw(st.booleans()),
        "tolerance": draw(st.sampled_from(TOLERANCES)),
        "test": draw(st.booleans()),
        "hide": draw(st.booleans()),
        "lock": tuple(
            draw(st.lists(st.sampled_from(PageView.lockable()), max_size=3, unique=True))
        ),
    }
    return START | state


@given(states())
@settings(max_examples=200, deadline=None)
def test_a_link_brings_back_the_very_state(state: State[PageView]) -> None:
    link = urlencode(query(state, START))
    parsed = parse(dict(parse_qsl(link)), START)
    assert parsed.problems == []
    assert parsed.state == state
    assert {n: type(v) for n, v in parsed.state.items()} == {n: type(v) for n, v in state.items()}
    assert parsed.state.config.key == state.config.key
    assert parsed.state.view == state.view


def test_the_start_itself_needs_no_parameters() -> None:
    assert query(START, START) == {}
    assert parse({}, START) == (START, [])


def test_a_link_says_only_what_differs() -> None:
    state = {**START, "lam": 0.5, "hidden": (64, 32), "patience": 3, "restore": False}
    assert query(state, START) == {
        "lam": "0.5",
        "hidden": "64-32",
        "patience": "3",
        "restore": "false",
    }
    assert query({**START, "hidden": ()}, START) == {"hidden": "none"}
    assert query({**START, "patience": None}, {**START, "patience": 3}) == {"patience": "off"}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lam", "0", 0.0),
        ("lam", "1e-3", 0.001),
        ("init_std", "1", 1.0),
        ("hidden", "none", ()),
        ("hidden", "512-1", (512, 1)),
        ("penalty", "none", "none"),
        ("activation", "relu", "relu"),
        ("initializer", "he_normal", "he_normal"),
        ("initializer", "orthogonal", "orthogonal"),
        ("penalty", "l1_proximal", "l1_proximal"),
        ("penalty", "weight_decay", "weight_decay"),
        ("l1_share", "0.25", 0.25),
        ("schedule", "cosine_restarts", "cosine_restarts"),
        ("periods", "7", 7),
        ("final_rate", "1e-06", 1e-6),
        ("warmup", "0.5", 0.5),
        ("plateau_factor", "0.9", 0.9),
        ("plateau_patience", "100", 100),
        ("batch_size", "1024", 1_024),
        ("train_size", "10", 10),
        ("patience", "off", None),
        ("patience", "0", 0),
        ("monitor", "val_accuracy", "val_accuracy"),
        ("restore", "false", False),
        ("test", "true", True),
        ("tolerance", "0.01", 0.01),
        ("tolerance", "1e-06", 1e-6),
        ("tolerance", "0", 0.0),
    ],
)
def test_a_parameter_is_read_by_itself(name: str, text: str, value: Any) -> None:
    parsed = parse({name: text}, START)
    assert parsed.problems == []
    assert parsed.state == {**START, name: value}
    assert type(parsed.state[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lam", "-1"),
        ("lam", "nan"),
        ("lam", "inf"),
        ("lam", "1e999"),
        ("lam", ""),
        ("lam", "ten"),
        ("lam", "10001"),
        ("epochs", "101"),
        ("warmup", "0"),
        ("warmup", "1"),
        ("plateau_factor", "1"),
        ("power", "0"),
        ("periods", "1"),
        ("periods", "3.5"),
        ("plateau_patience", "0"),
        ("l1_share", "1.01"),
        ("final_rate", "0"),
        ("optimizer", "adamax"),
        ("epochs", "7.5"),
        ("epochs", "9" * 5_000),
        ("hidden", ""),
        ("hidden", "-"),
        ("hidden", "0"),
        ("hidden", "513"),
        ("hidden", "8-8-8-8-8-8-8"),
        ("hidden", "8--8"),
        ("penalty", "L2"),
        ("dataset", "mnist"),
        ("activation", "__class__"),
        ("batch_size", "1025"),
        ("train_size", "9"),
        ("patience", "-1"),
        ("patience", "101"),
        ("patience", "None"),
        ("monitor", "seconds"),
        ("restore", "perhaps"),
        ("tolerance", "0.0011"),
        ("tolerance", "nan"),
        ("test", ""),
    ],
)
def test_a_bad_parameter_gives_the_default_and_a_sentence_that_names_it(
    name: str, text: str
) -> None:
    parsed = parse({name: text, "seed": "5"}, START)
    assert parsed.state == {**START, "seed": 5}
    (problem,) = parsed.problems
    assert problem.startswith(f"{name} must be ")
    assert quoted(text) in problem


def test_an_unknown_parameter_is_named_and_the_rest_is_read() -> None:
    parsed = parse({"lambda": "3", "lam": "3"}, START)
    assert parsed.state == {**START, "lam": 3.0}
    (problem,) = parsed.problems
    assert problem.startswith("'lambda' is no parameter")
    assert "init_std" in problem


def test_streamlits_own_parameters_are_left_to_it() -> None:
    assert parse({"embed": "true", "embed_options": "dark_theme"}, START) == (START, [])


def test_more_images_than_the_data_set_has_give_the_defaults_and_a_sentence() -> None:
    parsed = parse({"train_size": "20000", "lam": "3"}, START)
    assert parsed.state == {**START, "lam": 3.0}
    (problem,) = parsed.problems
    assert "10,000" in problem
    assert "20,000" in problem
    both = parse({"train_size": "20000", "dataset": "full"}, START)
    assert both.problems == []
    assert both.state.config.train_size == 20_000


NAMES = st.sampled_from(
    [*START, *Classroom.model_fields, "embed", "__class__", "model_config"]
) | st.text(max_size=12)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.floats().map(str),
    st.integers().map(str),
    st.integers(10, 55_000).map(str),
    st.lists(st.integers(-3, 600).map(str), max_size=8).map("-".join),
    st.sampled_from(
        [
            "none",
            "off",
            "true",
            "full",
            "l1",
            "l1_l2",
            "relu",
            "plateau",
            "val_accuracy",
            "-0.0",
            "1e-320",
        ]
    ),
    st.sampled_from(["\x00", "١٢", "1_0", " 5 ", "+5", "0x10", "{}", "[]", "null", "½"]),
)


@pytest.mark.slow
@given(st.dictionaries(NAMES, TEXTS, max_size=8))
@settings(max_examples=1_000, deadline=None)
def test_no_query_raises_or_leaves_the_bounds(given_query: dict[str, str]) -> None:
    parsed = parse(given_query, START)
    assert set(parsed.state) == set(START)
    assert isinstance(read_classroom(given_query)[0], Classroom)
    config, view = parsed.state.config, parsed.state.view
    for name in (*NUMBERS, *WHOLE):
        low, high = bounds(name)
        assert low <= config[name] <= high
    assert all(config[name] > bounds(name)[0] for name in ABOVE)
    assert all(config[name] < bounds(name)[1] for name in BELOW)
    assert config.train_size <= DATASETS[config.dataset].train
    assert len(config.hidden) <= 6
    assert all(1 <= width <= 512 for width in config.hidden)
    for name, choices in CHOICES.items():
        assert config[name] in choices
    assert view.patience is None or 0 <= view.patience <= 100
    assert view.tolerance in TOLERANCES
    assert all(isinstance(problem, str) and problem for problem in parsed.problems)
    # What was read can be linked to again.
    again = parse(query(parsed.state, START), START)
    assert again == (parsed.state, [])


@given(st.dictionaries(st.sampled_from(list(START)), TEXTS, max_size=6))
@settings(max_examples=150, deadline=None)
def test_what_a_query_leaves_out_or_gets_wrong_is_the_default(given_query: dict[str, str]) -> None:
    parsed = parse(given_query, START)
    for name in START:
        alone = {name: given_query[name]} if name in given_query else {}
        if not alone or (name not in ("dataset", "train_size") and parse(alone, START).problems):
            assert parsed.state[name] == START[name]


def test_the_defaults_of_a_page_are_those_of_a_run_but_for_its_own() -> None:
    assert START.config == RunConfig(penalty="l2", lam=10.0)
    assert opening(PageView, {}).config == RunConfig()
    assert START.view.patience is None


class Garment(BaseModel):
    """A model that is nobody's view."""

    kind: Literal["coat", "bag"] = "bag"
    sizes: tuple[Literal["s", "m", "l"], ...] = ("m",)
    weight: Annotated[float, OneOf((0.5, 1.0))] = 1.0
    buttons: Annotated[int | None, Field(ge=0, le=9)] = 3
    lined: bool = False
    maker: Annotated[str, Field(max_length=5, description="a name")] = ""


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("kind", "coat", "coat"),
        ("sizes", "s,l", ("s", "l")),
        ("sizes", "none", ()),
        ("weight", "0.5", 0.5),
        ("buttons", "off", None),
        ("buttons", "7", 7),
        ("lined", "true", True),
        ("maker", "off", "off"),
    ],
)
def test_any_models_field_is_a_parameter_and_back(field: str, text: str, value: object) -> None:
    assert address.read(Garment, field, text) == value
    assert address.write(value) == text


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("kind", "one of coat, bag"),
        ("sizes", "some of s, m, l, with commas between them"),
        ("weight", "one of 0.5, 1"),
        ("buttons", "off or a whole number from 0 to 9"),
        ("lined", "true or false"),
        ("maker", "a name, in at most 5 characters"),
    ],
)
def test_a_field_says_what_it_accepts(field: str, expected: str) -> None:
    with pytest.raises(address.ParameterError, match=f"^{field} must be {expected}, not 'nothing'"):
        address.read(Garment, field, "nothing")


def test_a_parameter_is_written_where_it_differs() -> None:
    assert address.differing({"a": "1", "b": "2"}, {"b": "3", "a": "1"}) == {"b": "2"}
