"""The page that sets pinned runs side by side: its figures, its words, its page."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from fmviz.analysis import comparing
from fmviz.analysis.seeds import repeated
from fmviz.analysis.stopping import Shown
from fmviz.lessons.compare import charts, says, tables
from fmviz.lessons.compare.lesson import COMPARE, EXAMPLES
from fmviz.page.pins import MAX_NAME, Pin, decode_all, encode_all, suggested
from fmviz.run import measure
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate
from fmviz.run.naming import differing_settings
from fmviz.run.record import HISTORY, Divergence
from fmviz.run.settings import SETTINGS
from fmviz.run.store import RunStore
from fmviz.ui import live
from fmviz.words import prose
from fmviz.words.numbers import points
from fmviz.words.prose import Caption
from tests.support.claims import confirm
from tests.support.lessons import check_words, leads, made_up, opened, texts
from tests.support.markdown import errors
from tests.support.records import answering, synthetic, tiny
from tests.support.scripted import ScriptedEngine

A, B = tiny(lam=3.0, penalty="l2"), tiny(lam=9.0, penalty="l2", seed=1)
PINNED = [Pin("first", A), Pin("second, with a comma", B)]
RECORDS = [synthetic(A, seed=1), synthetic(B, seed=2)]


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


# Tables


def test_the_figures_are_those_of_the_records() -> None:
    lines = rows_of(tables.figures_csv(PINNED, RECORDS, 1e-2, show_test=True))
    assert [line["pin"] for line in lines] == [pin.name for pin in PINNED]
    for line, record in zip(lines, RECORDS, strict=True):
        train, val = (record.history[f"{s}_accuracy"][-1] for s in ("train", "val"))
        m_train, m_val = record.examples["train"], record.examples["validation"]
        assert float(line["gap"]) == pytest.approx(train - val)
        assert m_train == record.config.train_size  # all: their accuracy has no error
        assert float(line["gap_error"]) == pytest.approx(np.sqrt(val * (1 - val) / m_val))
        assert float(line["test_accuracy"]) == record.history["test_accuracy"][-1]
        near = record.layers["near_zeros"][-1][:, measure.TOLERANCES.index(1e-2)].sum()
        assert float(line["sparsity"]) == pytest.approx(near / (784 * 4 + 4 * 3 + 3 * 10))
        assert float(line["saturation_layer_1"]) == record.layers["saturation"][-1][0]
        assert line["lam"] == f"{record.config.lam:g}"


def test_curves_have_a_line_an_epoch_and_all_measures() -> None:
    lines = rows_of(tables.curves_csv(PINNED, RECORDS, show_test=True))
    assert len(lines) == sum(record.epochs + 1 for record in RECORDS)
    last = lines[-1]
    for name in HISTORY:
        assert float(last[name]) == RECORDS[1].history[name][-1]


def test_no_table_has_test_figures_unless_they_are_shown() -> None:
    for made in (
        tables.figures_csv(PINNED, RECORDS, 1e-3, show_test=False).decode(),
        tables.curves_csv(PINNED, RECORDS, show_test=False).decode(),
        json.dumps(tables.table(PINNED, RECORDS, 1e-3, show_test=False)),
    ):
        assert "test" not in made
    assert "test, %" in tables.table(PINNED, RECORDS, 1e-3, show_test=True)[0]


def test_the_table_names_settings_that_differ_and_no_other() -> None:
    first, second = tables.table(PINNED, [RECORDS[0], None], 1e-3, show_test=False)
    assert first["run"] == "first"
    assert {SETTINGS[f].name for f in ("lam", "seed")} <= set(first)
    assert SETTINGS["penalty"].name not in first
    assert second["gap, points"] == tables.NOTHING
    assert second["state"] == "waiting"


# Words


def of(share: float, name: str, **changes: Any) -> Shown:
    return answering(name, share, tiny(**changes))._replace(name=name)


def test_a_lead_is_said_to_be_noise_where_mcnemar_says_so() -> None:
    for gap, noise in ((0.10, False), (0.001, True)):
        a, b = of(0.6 + gap, "a"), of(0.6, "b", seed=1)
        truth = comparing.labels(a.record.config, "val")
        right = [run.record.val_predictions[-1] == truth for run in (a, b)]
        d = right[0].astype(float) - right[1]
        error = d.std(ddof=0) / np.sqrt(len(d))
        assert (abs(d.mean()) <= 2 * error) == noise
        sections = [caption.section for caption in says.pair(a, b)]
        assert ("pair could be noise" in sections) == noise
        assert ("pair differs" in sections) != noise
        apart = says.apart(a, b)
        assert apart is not None
        assert apart.figures["only_a"] == f"{int((d > 0).sum()):,}"
        assert apart.figures["only_b"] == "0"
        best = says.best([b, a])
        assert best is not None
        assert best.figures["name"] == "a"
        assert (best.section == "best, clear") != noise


def branches() -> dict[str, Callable[[], Caption | None]]:
    good, bad = of(0.8, "a", seed=1), of(0.5, "b", lam=5.0, penalty="l2")
    alike, close = of(0.8, "c", seed=2), of(0.8008, "c", seed=2)
    level = of(0.8, "d", seed=3)
    broken = Shown(
        "d", synthetic(tiny(seed=9), epochs=1, diverged=Divergence(2, 0, 0, "loss")), None, 0
    )
    going = Shown("e", synthetic(tiny(seed=8), epochs=1), None, 1)
    both = Shown("f", synthetic(tiny(seed=3, lam=2.0, penalty="l2"), seed=4), None, 3)
    seeds = [of(share, "s", seed=i).record for i, share in enumerate((0.7, 0.72, 0.74))]
    lower, mixed = (
        [of(x, "t", seed=i, lam=4.0, penalty="l2").record for i, x in enumerate(shares)]
        for shares in ((0.5, 0.52, 0.54), (0.9, 0.52, 0.54))
    )
    diverged = [*seeds, broken.record]
    told_lies = of(0.5, "h", seed=5)
    told_lies = told_lies._replace(
        record=replace(told_lies.record, examples={**told_lies.record.examples, "corrupted": 100})
    )
    return {
        "images": lambda: says.images([good]),
        "images, test": lambda: says.images([good])._replace(section="images, test"),
        "best, clear": lambda: says.best([good, bad]),
        "best, unclear": lambda: says.best([good, alike, bad]),
        "best, clear of none": lambda: says.best([good, alike, level]),
        "best, unclear of two": lambda: says.best([good, close]),
        "same run": lambda: says.settings(good, good),
        "seed alone": lambda: says.settings(good, alike),
        "one setting": lambda: says.settings(bad, of(0.5, "g", lam=6.0, penalty="l2")),
        "several settings": lambda: says.settings(good, both),
        "pair diverged": lambda: says.pair(good, broken)[0],
        "pair unfinished": lambda: says.pair(good, going)[0],
        "pair differs": lambda: says.pair(good, bad)[0],
        "pair could be noise": lambda: says.pair(good, close)[0],
        "gaps, no true label": lambda: says.pair(good, told_lies)[-1],
        "gaps differ": lambda: says.pair(
            answering("h", 0.5, tiny(seed=1), train_accuracy=0.95),
            answering("i", 0.9, tiny(seed=2), train_accuracy=0.95),
        )[2],
        "gaps differ, below zero": lambda: says.pair(
            answering("h", 0.5, tiny(seed=1), train_accuracy=0.9),
            answering("i", 0.9, tiny(seed=2), train_accuracy=0.4),
        )[2],
        "apart": lambda: says.apart(good, bad),
        "apart nowhere": lambda: says.apart(good, alike),
        "repeats": lambda: says.repeats("s", seeds)[0],
        "repeats, no true label": lambda: says.repeats("s", [told_lies.record] * 2)[0],
        "repeats diverged": lambda: says.repeats("s", diverged)[1],
        "seeds ahead": lambda: says.by_seed("s", "t", {"s": seeds, "t": lower}),
        "seeds behind": lambda: says.by_seed("t", "s", {"s": seeds, "t": lower}),
        "seeds could be luck": lambda: says.by_seed("s", "t", {"s": seeds, "t": mixed}),
        "left out": lambda: says.left_out([good, broken], [good]),
    }


@pytest.mark.parametrize("section", branches())
def test_every_sentence_is_said_of_what_it_fits(section: str) -> None:
    caption = branches()[section]()
    assert caption is not None
    assert caption.section == section
    text = prose.text("compare", caption.section, caption.figures)
    assert "{{" not in text


def test_words_are_short_and_plain() -> None:
    given = {
        section: make
        for section, make in branches().items()
        if section in prose.sections("compare")
    }
    check_words("compare", given)  # type: ignore[arg-type]


@given(
    shares=st.lists(
        st.none() | st.sampled_from([0.0, 0.1, 0.5, 0.501, 1.0]), min_size=2, max_size=4
    ),
    same=st.booleans(),
    lies=st.sampled_from([0, 1, 2]),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_pinned_what_is_said_is_so(
    shares: list[float | None], same: bool, lies: int
) -> None:
    runs = []
    for seed, share in enumerate(shares):
        if share is None:
            where = Divergence(2, 0, 0, "loss")
            record = synthetic(tiny(seed=seed), epochs=1, diverged=where)
            runs.append(Shown(f"run {seed}", record, None, 0))
        else:
            runs.append(of(share, f"run {seed}", seed=0 if same else seed))
    runs = [
        run._replace(
            record=replace(run.record, examples={**run.record.examples, "corrupted": lies})
        )
        for run in runs
    ]

    def text(caption: Caption) -> str:
        return prose.text("compare", caption.section, caption.figures)

    ended = {run.name: run.at("val_accuracy") for run in runs if run.record.diverged is None}
    best = says.best(runs)
    assert (best is None) == (len(ended) < 2)
    if best is not None:
        assert leads(text(best))
        assert ended[best.figures["name"]] == max(ended.values())
        close = sum(share > max(ended.values()) - 0.003 for share in ended.values())
        assert (best.section == "best, clear") == (close == 1)
    a, b = runs[:2]
    captions = says.pair(a, b)
    confirm(captions, [a, b])
    told = " ".join(map(text, captions))
    assert leads(text(captions[0]))
    first = captions[0].section
    assert (first == "pair diverged") == (None in shares[:2] and a.record.config != b.record.config)
    if first == "pair differs":
        assert ended[captions[0].figures["ahead"]] > ended[captions[0].figures["behind"]]
    assert ("counted on true labels" in told) == (
        bool(lies) and first in ("pair differs", "pair could be noise")
    )
    if None not in shares[:2] and (apart := says.apart(a, b)) is not None:
        assert not re.search(r"\b1 are\b", text(apart))


def test_the_zeros_of_relu_do_not_stand_among_saturation() -> None:
    pinned = [Pin(name, tiny(activation=name)) for name in ("tanh", "relu", "elu")]
    records = [synthetic(pin.config) for pin in pinned]
    lines = rows_of(tables.figures_csv(pinned, records, 1e-2, show_test=False))
    filled = [[name for name in tables.FLAT_HEADS.values() if line[name]] for line in lines]
    assert filled == [
        ["saturation_layer_1"],
        ["share_of_zeros_layer_1"],
        ["share_far_below_zero_layer_1"],
    ]
    cells = tables.table(pinned, records, 1e-2, show_test=False)
    told = [cell["flat activations, layer 1"] for cell in cells]
    assert [text.rstrip("0123456789.%").strip() for text in told] == [
        "saturation",
        "share of zeros",
        "share far below zero",
    ]


def test_the_prose_has_no_section_that_nothing_shows() -> None:
    code = "".join(
        path.read_text()
        for path in prose.FOLDER.rglob("*.py")
        if "compare" in path.parts or path.name in ("page.py", "foot.py")
    )
    for section in prose.sections("compare"):
        assert f'"{section}"' in code, section


def test_a_suggested_name_says_what_sets_a_run_apart() -> None:
    a, b = RunConfig(penalty="l2", lam=20.0), RunConfig()
    assert "20" in suggested(a, [b], [])
    taken = suggested(a, [b], [])
    other = suggested(a, [b], [taken])
    assert other != taken
    assert len(other) <= MAX_NAME


# Seeds


def test_a_run_is_repeated_with_other_seeds_alone() -> None:
    family = repeated(RunConfig(seed=998), 4)
    assert family[0] == RunConfig(seed=998)
    assert len({config.seed for config in family}) == 5
    assert {config.replace(seed=0) for config in family} == {RunConfig(seed=0)}


def test_a_band_is_mean_and_standard_deviation() -> None:
    records = [synthetic(tiny(seed=i), seed=i) for i in range(4)]
    rows = charts.band_rows({"run": records}).table.to_pandas()
    values = np.array([record.history["val_accuracy"] for record in records])
    mine = rows[(rows["split"] == "validation") & (rows["run"] == "run")].sort_values("epoch")
    numbers = mine.select_dtypes("number")
    mean, sd = values.mean(axis=0), values.std(axis=0, ddof=1)
    for wanted in (mean, mean - sd, mean + sd):
        assert any(np.allclose(numbers[name].to_numpy()[-3:], wanted) for name in numbers), wanted


# Page


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs, test_accuracy=0.6173)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def page(count: int, **query: str) -> AppTest:
    many = [Pin(f"run {i}", RunConfig(train_size=200, epochs=3, seed=i)) for i in range(count)]
    return opened("compare", {"pin": encode_all(many), **query})  # type: ignore[dict-item]


def in_address(at: AppTest) -> int:
    """How many pins the address has. AppTest gives one as a text, several as a list."""
    present = at.query_params["pin"]
    return 1 if isinstance(present, str) else len(present)


def test_without_pins_the_page_offers_three(scripted: ScriptedEngine) -> None:
    at = opened("compare")
    assert "Nothing is pinned yet" in at.info[0].value
    assert not at.get("vega_lite_chart")
    assert scripted.asked == []
    # A link holds them, for somebody else.
    link = re.search(r"\[a link that holds them\]\((.+?)\)", texts(at))
    assert link is not None
    held = decode_all(parse_qs(urlsplit(link[1]).query)["pin"])
    assert held == (EXAMPLES, [])
    at.button(key="compare/examples").click().run()
    assert not at.exception
    assert at.dataframe[0].value["Run"].tolist() == [pin.name for pin in EXAMPLES]
    assert in_address(at) == len(EXAMPLES) == 3
    assert tuple(pin.config for pin in EXAMPLES) in scripted.asked


def test_the_pins_on_offer_are_recorded_and_differ_in_their_penalty(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "empty")
    assert all(store.get(pin.config, brief=True) is not None for pin in EXAMPLES)
    assert set(differing_settings([pin.config for pin in EXAMPLES])) == {"penalty"}


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 6])
def test_pins_of_a_link_are_drawn(scripted: ScriptedEngine, count: int) -> None:
    at = page(count)
    assert tuple(config.seed for config in scripted.asked[0]) == tuple(range(count))
    assert at.get("vega_lite_chart")
    table = at.dataframe[0].value
    assert table["Run"].tolist() == [f"run {i}" for i in range(count)]
    assert [info.value.startswith("One run is pinned") for info in at.info] == [True] * (count == 1)
    assert in_address(at) == count
    # The shirt is shown to each of them.
    assert "no run of any page trains on it" in texts(at)
    assert len(at.get("progress")) == count


@pytest.mark.slow
def test_what_is_pinned_on_a_lesson_is_compared(scripted: ScriptedEngine) -> None:
    at = opened("regularisation")
    # What a click on the popover does.
    at.session_state["regularisation/pin"] = True
    at.run()
    next(box for box in at.text_input if box.label == "Name").set_value("mine")
    next(b for b in at.button if b.label == "Pin this run").click()
    at.run()
    assert not at.exception
    at.switch_page("pages/compare.py").run()
    assert at.dataframe[0].value["Run"].tolist() == ["mine"]
    assert "".join(at.query_params["pin"]).startswith("mine:")


def test_a_bad_pin_is_explained_and_the_others_stand(scripted: ScriptedEngine) -> None:
    at = opened("compare", {"pin": ["bad:lam=banana", "good:lam=3,penalty=l2"]})  # type: ignore[dict-item]
    assert not at.exception
    said = " ".join(errors(at))
    assert "lam must be a number from 0 to 10,000" in said
    assert at.dataframe[0].value["Run"].tolist() == ["good"]


def test_a_pin_is_removed_and_all_are(scripted: ScriptedEngine) -> None:
    at = page(3)
    at.button(key="compare/remove run 1").click().run()
    assert at.dataframe[0].value["Run"].tolist() == ["run 0", "run 2"]
    assert in_address(at) == 2
    at.button(key="compare/clear").click().run()
    assert not at.exception
    assert "pin" not in at.query_params
    assert "Nothing is pinned yet" in at.info[0].value


def test_a_pin_is_renamed(scripted: ScriptedEngine) -> None:
    at = page(2)
    at.text_input(key="compare/name run 0").set_value("mine").run()
    assert not at.exception
    assert at.dataframe[0].value["Run"].tolist() == ["mine", "run 1"]
    at.text_input(key="compare/name run 1").set_value("mine").run()
    assert "is taken" in " ".join(errors(at))


def test_pins_go_along_from_page_to_page(scripted: ScriptedEngine) -> None:
    at = page(2)
    at.switch_page("pages/dropout.py").run()
    assert in_address(at) == 2
    # They stand in the link that is shared, too.
    assert re.search("pin=run", " ".join(code.value for code in at.code))


def test_a_sealed_vault_holds_the_pins_test_figures(scripted: ScriptedEngine) -> None:
    shown = page(2, test="true")
    assert "Test, %" in shown.dataframe[0].value.columns
    sealed = page(2, test="true", vault="true")
    assert "Test, %" not in sealed.dataframe[0].value.columns
    assert "61.7" not in texts(sealed)


def test_seeds_of_a_pin_wait_for_their_button(scripted: ScriptedEngine) -> None:
    scripted.known = lambda configs, **_: False  # type: ignore[method-assign]
    at = page(2, first="1", second="2")
    assert not at.exception
    assert COMPARE.start["seeds"] == 3
    assert all(len(configs) <= 2 for configs in scripted.asked)


def test_estimates_are_in_points() -> None:
    assert points(Estimate(-0.05, 0.01).size).startswith("5.0")
