"""The state of a page as a query string and back: what a link shows is what the sender saw.

A page's state is a flat dict: the fields of `RunConfig`, as its controls hold them, and those of
`View`, which say how a run is looked at. Defaults are left out of the link.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from fmviz.config import RunConfig, allowed, problems, validated
from fmviz.measure import TOLERANCES

MAX_PATIENCE = 100
MONITORS = {
    "val_loss": "val_loss (penalty included)",
    "val_crossentropy": "validation cross-entropy",
    "val_accuracy": "validation accuracy",
}
# Parameters that Streamlit itself reads.
FOREIGN = ("embed", "embed_options")


class View(BaseModel):
    """How runs are looked at. Nothing in it trains anything.

    `patience` None means that early stopping is off.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    patience: int | None = Field(None, ge=0, le=MAX_PATIENCE)
    monitor: str = "val_loss"
    restore: bool = True
    tolerance: float = 1e-3
    test: bool = False

    @field_validator("monitor")
    @classmethod
    def _known_monitor(cls, value: str) -> str:
        if value not in MONITORS:
            raise ValueError("unknown monitor")
        return value

    @field_validator("tolerance")
    @classmethod
    def _known_tolerance(cls, value: float) -> float:
        if value not in TOLERANCES:
            raise ValueError("unknown tolerance")
        return value


VIEW_ALLOWED = {
    "patience": f"off or a whole number from 0 to {MAX_PATIENCE}",
    "monitor": "one of " + ", ".join(MONITORS),
    "restore": "true or false",
    "tolerance": "one of " + ", ".join(f"{t:g}" for t in TOLERANCES),
    "test": "true or false",
}

State = dict[str, Any]


class Parsed(NamedTuple):
    """State read from a link. Where a parameter could not be used, `state` has the page's default
    and `problems` a sentence that says so."""

    state: State
    problems: list[str]


def defaults(config: Mapping[str, Any]) -> State:
    """The state of a page whose controls start at these settings."""
    return {**RunConfig().model_dump(), **config, **View().model_dump()}


def read(name: str, text: str) -> Any:
    """One parameter as a validated value.

    Raises:
        ValueError: it is not allowed (pydantic's ValidationError is one).
    """
    if name == "hidden":
        widths = [] if text == "none" else text.split("-")
        return validated("hidden", widths)
    if name == "patience":
        return View.model_validate({"patience": None if text == "off" else text}).patience
    if name in View.model_fields:
        return getattr(View.model_validate({name: text}), name)
    return validated(name, text)


def parse(query: Mapping[str, str], start: State) -> Parsed:
    """Read a page's state from query parameters.

    Args:
        start: the page's defaults, for whatever the query leaves out.
    """
    state, found = dict(start), []
    for name, text in query.items():
        if name in FOREIGN:
            continue
        if name not in start:
            known = ", ".join(start)
            found.append(f"{name} is no parameter of this page; there are {known}")
            continue
        try:
            state[name] = read(name, text)
        except ValueError:
            expected = VIEW_ALLOWED.get(name) or allowed(name)
            found.append(f"{name} must be {expected}, not {text!r}")
    try:
        config_of(state)
    except ValidationError as error:
        found += problems(error)
        state |= {name: start[name] for name in ("dataset", "train_size")}
    return Parsed(state, found)


def config_of(state: State) -> RunConfig:
    """The run that a state asks for.

    Raises:
        pydantic.ValidationError: the settings do not go together.
    """
    return RunConfig.model_validate({f: state[f] for f in RunConfig.model_fields})


def view_of(state: State) -> View:
    """How a state looks at runs."""
    return View.model_validate({f: state[f] for f in View.model_fields})


def write(name: str, value: Any) -> str:
    """One value as it stands in a link."""
    if name == "hidden":
        return "-".join(map(str, value)) or "none"
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
