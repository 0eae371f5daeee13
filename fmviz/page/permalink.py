"""The state of a page as a query string and back: what a link shows is what the sender saw.

A page's state is a flat dict: the fields of `RunConfig`, as its controls hold them, and those of
`View`, which say how a run is looked at. What holds on all pages of a session is a `Classroom`.
Defaults are left out of the link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from fmviz.analysis.sweeps import MEASURES
from fmviz.run import knobs
from fmviz.run.config import RunConfig, allowed, bounds_in_words, from_text, problems
from fmviz.run.measure import TOLERANCES
from fmviz.theory.penalties import SPELLINGS

MAX_PATIENCE = 100
MAX_PINS = 12
# Characters of a list of values.
MAX_LIST = 400
# What a lesson allows in fields whose choices are its own: "section", "racers" and "lock".
Choices = Mapping[str, Sequence[str]]
# Fields with several words, with commas between them in a link.
SEVERAL = ("racers", "lock")
# Fields by which a teacher's link says how a page is to be used, not what it shows.
OF_TEACHER = ("lock", "hide")
ALL = "all"
MONITORS = {
    "val_loss": "val_loss (penalty included)",
    "val_crossentropy": "validation cross-entropy",
    "val_accuracy": "validation accuracy",
}
MODES = ("auto", "min", "max")
AXES = ("epochs", "seconds")
RATES = ("common", "own")
VIEW_CHOICES: dict[str, Sequence[Any]] = {
    "monitor": tuple(MONITORS),
    "mode": MODES,
    "axis": AXES,
    "rates": RATES,
    "tolerance": TOLERANCES,
    "spelling": tuple(SPELLINGS),
    "knob": tuple(knobs.KNOBS),
    "knob2": (knobs.NONE, *knobs.KNOBS),
    "measure": tuple(MEASURES),
}
# Parameters that no page calls its own: Streamlit's, and those of the whole session (`pins`).
FOREIGN = ("embed", "embed_options", "pin")


class View(BaseModel):
    """How runs are looked at. Nothing in it trains anything. A page has those fields that its
    lesson's start names; None is written "off".
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # Early stopping, as keras.callbacks.EarlyStopping has it; patience None is no early stopping.
    patience: int | None = Field(None, ge=0, le=MAX_PATIENCE)
    monitor: str = "val_loss"
    mode: str = "auto"
    min_delta: float = Field(0.0, ge=0, le=10)
    baseline: float | None = Field(None, ge=0, le=100)
    start_from: int = Field(0, ge=0, le=100)
    restore: bool = True
    # Of a teacher's link: controls that cannot be moved, and whether results wait for a guess.
    lock: tuple[str, ...] = ()
    hide: bool = False
    # What is looked at: an epoch counted from 1, a layer from 1, the rest from 0.
    test: bool = False
    epoch: int | None = Field(None, ge=1, le=100)
    layer: int = Field(1, ge=1, le=7)
    unit: int = Field(0, ge=0, le=511)
    image: int | None = Field(None, ge=0, le=9_999)
    label: int | None = Field(None, ge=0, le=9)
    draw: int = Field(1, ge=1, le=20)
    section: str = ""
    racers: tuple[str, ...] = ()
    rates: str = "common"
    axis: str = "epochs"
    seeds: int = Field(1, ge=1, le=5)
    # Of pinned runs, counted from 1: the two that are set against each other, and the one that is
    # repeated over seeds; 0 is all of them.
    first: int = Field(1, ge=1, le=MAX_PINS)
    second: int = Field(2, ge=1, le=MAX_PINS)
    repeat: int = Field(0, ge=0, le=MAX_PINS)
    # Weights: what counts as zero, the share that is pruned, one weight's start.
    tolerance: float = 1e-3
    prune: float = Field(0.5, ge=0, le=1)
    weight: float = Field(1.0, ge=-10, le=10)
    # Two weights under a penalty of this λ/n; an amount in one of the spellings of a strength.
    strength: float = Field(0.6, ge=0, le=3)
    spelling: str = "lam"
    amount: float = Field(1.0, ge=0, le=1e6)
    # The ravine of two parameters: its steeper curvature, whether it lies askew, and the rate of
    # those who walk there.
    curvature: float = Field(20.0, ge=1, le=1_000)
    tilted: bool = False
    ravine_rate: float = Field(0.05, gt=0, le=10)
    # A sweep: one or two knobs and their values, as `knobs.read` has them; "" is the knob's own.
    knob: str = "lam"
    values: str = Field("", max_length=MAX_LIST)
    knob2: str = knobs.NONE
    values2: str = Field("", max_length=MAX_LIST)
    measure: str = "accuracy"

    def locks(self, field: str) -> bool:
        """Whether the control of a field cannot be moved."""
        return field in self.lock or ALL in self.lock

    @property
    def early_stopping(self) -> dict[str, Any]:
        """Keyword arguments of `stopping.look`."""
        return {
            "monitor": self.monitor,
            "min_delta": self.min_delta,
            "patience": self.patience,
            "mode": self.mode,
            "baseline": self.baseline,
            "restore_best_weights": self.restore,
            "start_from_epoch": self.start_from,
        }

    @field_validator(*VIEW_CHOICES)
    @classmethod
    def _known(cls, value: Any, info: ValidationInfo) -> Any:
        if value not in VIEW_CHOICES[str(info.field_name)]:
            raise ValueError("unknown choice")
        return value


def view_allowed(field: str, choices: Choices) -> str:
    """What a field of `View` accepts, as words for an error message."""
    if field in SEVERAL:
        return "some of " + ", ".join(choices[field]) + ", with commas between them"
    offered = choices.get(field) or VIEW_CHOICES.get(field)
    if offered:
        return "one of " + ", ".join(f"{c:g}" if isinstance(c, float) else str(c) for c in offered)
    info = View.model_fields[field]
    if info.annotation is bool:
        return "true or false"
    if info.annotation is str:
        return f"values with commas between them, in at most {MAX_LIST} characters"
    words = bounds_in_words(info)
    return f"off or {words}" if info.default is None else words


State = dict[str, Any]


class Classroom(BaseModel):
    """What a link sets for all pages of a session.

    Attributes:
        projector: larger type and charts, and what is for reading at home left out.
        vault: test accuracy is locked away while choices are made on validation, and every look
            at it is counted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    projector: bool = False
    vault: bool = False


def classroom(query: Mapping[str, str]) -> tuple[Classroom, list[str]]:
    """What a link says for the whole session, and a sentence for what of it could not be read."""
    said, found = {}, []
    for name in Classroom.model_fields.keys() & query.keys():
        try:
            said[name] = getattr(Classroom.model_validate({name: query[name]}), name)
        except ValueError:
            found.append(f"{name} must be true or false, not {query[name]!r}")
    return Classroom(**said), found


def classroom_query(room: Classroom) -> dict[str, str]:
    """The query parameters of a classroom: what differs from an ordinary session."""
    return {name: "true" for name, value in room.model_dump().items() if value}


class Parsed(NamedTuple):
    """State read from a link. Where a parameter could not be used, `state` has the page's default
    and `problems` a sentence that says so."""

    state: State
    problems: list[str]


def defaults(config: Mapping[str, Any], view: Mapping[str, Any]) -> State:
    """The state of a page whose controls start at these settings; of `View` it has those named.

    Raises:
        pydantic.ValidationError: a setting that no run or view has, or a value that it cannot have.
    """
    start = RunConfig().model_dump() | dict(config)
    RunConfig.model_validate(start)
    return start | {name: getattr(View.model_validate(view), name) for name in view}


def read(name: str, text: str, choices: Choices | None = None) -> Any:
    """One parameter as a validated value.

    Raises:
        ValueError: it is not allowed (pydantic's ValidationError is one).
    """
    if name not in View.model_fields:
        return from_text(name, text)
    given: Any = text
    if name in SEVERAL:
        given = tuple(text.split(",")) if text != "none" else ()
    elif View.model_fields[name].default is None and text == "off":
        given = None
    value = getattr(View.model_validate({name: given}), name)
    offered = (choices or {}).get(name)
    if offered is not None and not set(value if name in SEVERAL else [value]) <= set(offered):
        raise ValueError("unknown choice")
    return value


def parse(query: Mapping[str, str], start: State, choices: Choices | None = None) -> Parsed:
    """Read a page's state from query parameters.

    Args:
        start: the page's defaults, for whatever the query leaves out.
        choices: what the lesson allows in "section" and "racers".
    """
    state, found = dict(start), []
    choices = {"lock": lockable(start)} | dict(choices or {})
    for name, text in query.items():
        if name in FOREIGN or name in Classroom.model_fields:
            continue
        if name not in start:
            known = ", ".join([*start, *Classroom.model_fields])
            found.append(f"{name} is no parameter of this page; there are {known}")
            continue
        try:
            state[name] = read(name, text, choices)
        except ValueError:
            viewed = name in View.model_fields
            expected = view_allowed(name, choices) if viewed else allowed(name)
            found.append(f"{name} must be {expected}, not {text!r}")
    try:
        config_of(state)
    except ValidationError as error:
        found += problems(error)
        state |= {name: start[name] for name in ("dataset", "train_size")}
    if "knob" in start:
        for name, sentence in knobs.problems(state):
            found.append(sentence)
            # The values of another knob than the page's own would not do.
            state[name] = knobs.NONE if name == "knob2" else ""
    return Parsed(state, found)


def lockable(start: State) -> tuple[str, ...]:
    """What a link can lock on a page of these fields."""
    return (ALL, *(field for field in start if field not in OF_TEACHER))


def config_of(state: State) -> RunConfig:
    """The run that a state asks for; the default where a page has no settings of a run.

    Raises:
        pydantic.ValidationError: the settings do not go together.
    """
    return RunConfig.model_validate({f: state[f] for f in RunConfig.model_fields if f in state})


def view_of(state: State) -> View:
    """How a state looks at runs."""
    return View.model_validate({f: state[f] for f in View.model_fields if f in state})


def write(name: str, value: Any) -> str:
    """One value as it stands in a link."""
    if isinstance(value, tuple):
        return ("-" if name == "hidden" else ",").join(map(str, value)) or "none"
    if value is None:
        return "off"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def query(state: State, start: State) -> dict[str, str]:
    """The query parameters of a state: what differs from the page's defaults."""
    return {
        name: write(name, state[name])
        for name in start
        if write(name, state[name]) != write(name, start[name])
    }
