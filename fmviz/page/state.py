"""A page's state: the settings of its run as the controls hold them, and how the run is looked at.

Its address has what differs from the state that the page opens in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple

from pydantic import ValidationError
from typing_extensions import TypeVar

from fmviz.page import address
from fmviz.page.classroom import Classroom
from fmviz.page.pins import PARAMETER
from fmviz.page.view import View
from fmviz.run import config as run
from fmviz.run.config import RunConfig
from fmviz.run.quoting import quoted
from fmviz.run.settings import written

# Parameters that no page calls its own: Streamlit's, and those of the whole session.
FOREIGN = ("embed", "embed_options", PARAMETER)

# Where a run branches, and what changes there.
OF_BRANCH = ("branch_epoch", "branch")

V = TypeVar("V", bound=View, default=Any)


@dataclass(frozen=True, eq=False)
class State(Mapping[str, Any], Generic[V]):
    """A mapping of all fields of a page, and equal to any other that holds the same.

    Attributes:
        settings: fields of `RunConfig`, each valid by itself. They are not in its canonical form:
            λ = 0 still knows its penalty here. Empty on a page that has no run of its own.
        view: the other fields.
    """

    settings: Mapping[str, Any]
    view: V

    def __getitem__(self, field: str) -> Any:
        if field in self.settings:
            return self.settings[field]
        if field not in type(self.view).model_fields:
            raise KeyError(field)
        return getattr(self.view, field)

    def __iter__(self) -> Iterator[str]:
        return iter((*self.settings, *self.view.fields()))

    def __len__(self) -> int:
        return len(self.settings) + len(self.view.fields())

    def __or__(self, changes: Mapping[str, Any]) -> State[V]:
        """The state with some fields changed.

        Raises:
            pydantic.ValidationError: a field that the page does not have, or a value that a view
                cannot have. Settings are checked as `config` is asked for.
        """
        settings = {f: changes.get(f, value) for f, value in self.settings.items()}
        seen = {f: value for f, value in changes.items() if f not in settings}
        view = type(self.view).model_validate(dict(self.view) | seen) if seen else self.view
        return State(settings, view)

    @property
    def config(self) -> RunConfig:
        """The run that the state asks for; the default where a page has no run of its own.

        Raises:
            pydantic.ValidationError: the settings do not go together.
        """
        return RunConfig.model_validate(self.settings)


class Parsed(NamedTuple, Generic[V]):
    """State read from a link. Where a parameter could not be used, `state` has the page's default
    and `problems` a sentence that says so."""

    state: State[V]
    problems: list[str]


def opening(
    view: type[V], settings: Mapping[str, Any] | None, *, branches: bool = True
) -> State[V]:
    """The state that a page opens in.

    Args:
        view: has the defaults of its fields.
        settings: what differs from the defaults of a run; None where the page has no run.
        branches: whether its run may branch.

    Raises:
        pydantic.ValidationError: a setting that no run has, or a value that it cannot have.
    """
    if settings is None:
        return State({}, view())
    start = run.DEFAULTS | dict(settings)
    if not branches:
        start = {field: value for field, value in start.items() if field not in OF_BRANCH}
    RunConfig.model_validate(start)
    return State(start, view())


def parse(query: Mapping[str, str], start: State[V]) -> Parsed[V]:
    """Read a page's state from query parameters.

    Args:
        start: the page's defaults, for whatever the query leaves out.
    """
    changes: dict[str, Any] = {}
    found: list[str] = []
    for name, text in query.items():
        if name in FOREIGN or name in Classroom.model_fields:
            continue
        if name not in start:
            known = ", ".join([*start, *Classroom.model_fields])
            found.append(f"{quoted(name)} is no parameter of this page; there are {known}")
            continue
        try:
            changes[name] = _read(name, text, start)
        except address.ParameterError as error:
            found.append(str(error))
    state = start | changes
    try:
        _ = state.config
    except ValidationError as error:
        found += run.problems(error)
        together = ("dataset", "train_size", *OF_BRANCH)
        state |= {name: start[name] for name in together if name in start}
    return Parsed(state, found)


def _read(name: str, text: str, start: State[V]) -> Any:
    if name not in start.settings:
        return address.read(type(start.view), name, text)
    try:
        return run.from_text(name, text)
    except ValueError as error:
        sentence = f"{name} must be {run.allowed(name)}, not {quoted(text)}"
        raise address.ParameterError(sentence) from error


def usable(name: str, value: Any, start: State) -> bool:
    """Whether a page can have a value in a field, whatever its other fields hold. A widget may hand
    back one that it cannot.

    Args:
        start: any state of the page.
    """
    try:
        if name in start.settings:
            return address.same(run.validated(name, value), value)
        view: type[View] = type(start.view)
        return address.usable(view, name, value)
    except (ValueError, TypeError):  # the latter of what cannot be hashed: none of ours
        return False


def parameters(state: Mapping[str, Any]) -> dict[str, str]:
    """All fields of a state as they stand in a link."""
    return {
        name: written(name, value) if name in RunConfig.model_fields else address.write(value)
        for name, value in state.items()
    }


def query(state: Mapping[str, Any], start: State[V]) -> dict[str, str]:
    """The query parameters of a state: what differs from the page's defaults."""
    return address.differing(parameters(state), parameters(start))


def differing(state: State, other: State) -> list[str]:
    """The fields in which two states of a page differ."""
    one, two = parameters(state), parameters(other)
    return [name for name, text in one.items() if text != two[name]]


def branching(state: State[V]) -> State[V]:
    """A state whose branch is before the end of its run; where the run is shorter, it has none."""
    if state.settings.get("branch") and state["branch_epoch"] >= state["epochs"]:
        return state | {"branch": (), "branch_epoch": 0}
    return state
