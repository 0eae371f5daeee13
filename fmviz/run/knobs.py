"""The settings that a sweep can turn: their names, the values it offers, how values are written.

Every knob but two is a field of `RunConfig`, and is bounded as that one is. "depth" and "width" are
two ways of turning `hidden`: so many layers, all as wide as the first; all layers so wide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise, product
from typing import Any, NamedTuple

from pydantic import ValidationError

from fmviz.run import config, settings
from fmviz.run.choices import CHOICES, MAX_HIDDEN_LAYERS, MAX_UNITS
from fmviz.run.config import RunConfig
from fmviz.run.quoting import quoted
from fmviz.run.settings import SETTINGS, written

# A second knob that is not turned.
NONE = "none"
# Values of one knob: more would not be told apart in a picture.
MAX_VALUES = 16
DEFAULT_WIDTH = 128


class Knob(NamedTuple):
    """A setting that a sweep can turn.

    Attributes:
        label: in lists and on axes.
        symbol: before a value, as in "λ = 10".
        values: what a sweep takes unless told otherwise.
        log: whether its axis is logarithmic.
    """

    label: str
    symbol: str
    values: tuple[Any, ...]
    log: bool = False


def _knob(field: str) -> Knob:
    row = SETTINGS[field]
    label = row.knob or row.label[:1].lower() + row.label[1:]
    return Knob(label, row.symbol or row.name, row.swept, row.log)


# In lists, those that are turned most come first: the penalty's and the network's.
_FIRST = ("lam", "l1_share", "penalty", "dropout", "init_std", "initializer", "activation")
_OF_LAYERS = {
    "depth": Knob("hidden layers", "layers", (1, 2, 3, 4, 5)),
    "width": Knob("units a hidden layer", "units", (8, 32, 128, 512), log=True),
    "hidden": _knob("hidden"),
}
KNOBS: dict[str, Knob] = {field: _knob(field) for field in _FIRST} | _OF_LAYERS
KNOBS |= {f: _knob(f) for f, row in SETTINGS.items() if row.swept and f not in KNOBS}
# All of these turn the layers; of those that say the same thing, a sweep takes one.
_LAYERS = {"depth", "width", "hidden"}


class KnobError(ValueError):
    """A value that a knob cannot have; the message names both, and what is allowed."""


def allowed(knob: str) -> str:
    """What a knob accepts, as words for an error message."""
    if knob == "depth":
        return f"a whole number from 1 to {MAX_HIDDEN_LAYERS}"
    if knob == "width":
        return f"a whole number from 1 to {MAX_UNITS}"
    return config.allowed(knob)


def is_choice(knob: str) -> bool:
    """Whether its values are words of a table, or widths, and have no place on a number line."""
    return knob in CHOICES or knob == "hidden"


def typed(knob: str, text: str) -> tuple[Any, ...]:
    """Values as a person types them: as `read` has them, but a comma that could be a decimal's or
    stand for thousands is asked about. Half of Europe writes 0,01, and others 1,000.

    Raises:
        KnobError: such a comma, or as `read`.
    """
    doubtful = [] if is_choice(knob) else [t for t in re.split(r"[;\s]+", text) if _doubtful(t)]
    if doubtful:
        raise KnobError(_ASKED.format(quoted(doubtful[0])))
    return read(knob, text)


_ASKED = (
    "in {} a comma could be part of a number: write decimals with a point, thousands without a "
    "comma, and a space after each comma between values, as in 0.01, 0.1, 1000"
)


def _doubtful(token: str) -> bool:
    """Whether digits with commas right between them could be fewer numbers than parts: there are
    two, one begins with a zero as in 0,01 and 1,000, or they are not in rising order."""
    if not re.fullmatch(r"\d+(,\d+)+", token):
        return False
    parts = token.split(",")
    rising = all(int(a) < int(b) for a, b in pairwise(parts))
    return len(parts) == 2 or not rising or any(map(_PADDED.fullmatch, parts))


# What is left of 0,01 or 1,000 where a comma parts it.
_PADDED = re.compile(r"0\d+")


def read(knob: str, text: str) -> tuple[Any, ...]:
    """Values as they stand in a link, with commas or semicolons between them: in the order of their
    size or of their table, each once. An empty text is the knob's own values.

    Raises:
        KnobError: a value is not allowed, or they are too many.
    """
    if not text.strip():
        return KNOBS[knob].values
    values = []
    for part in re.split("[,;]", text):
        if not is_choice(knob) and _PADDED.fullmatch(part.strip()):
            raise KnobError(_ASKED.format(quoted(text)))
        try:
            value = _one(knob, part.strip())
        except ValueError as error:
            raise KnobError(
                f"each value of {knob} must be {allowed(knob)}, not {quoted(part.strip())}"
            ) from error
        if value not in values:
            values.append(value)
    if len(values) > MAX_VALUES:
        raise KnobError(f"{knob} can have at most {MAX_VALUES} values, not {len(values)}")
    if knob in CHOICES:
        return tuple(name for name in CHOICES[knob] if name in values)
    return tuple(values if knob == "hidden" else sorted(values))


def _one(knob: str, text: str) -> Any:
    if knob not in ("depth", "width"):
        return config.from_text(knob, text)
    count = int(text)
    if not 1 <= count <= (MAX_HIDDEN_LAYERS if knob == "depth" else MAX_UNITS):
        raise ValueError("out of bounds")
    return count


def write(knob: str, values: tuple[Any, ...]) -> str:
    """Values as `read` reads them; empty where they are the knob's own."""
    if values == KNOBS[knob].values:
        return ""
    return ",".join(written(knob, value) for value in values)


def clash(knob: str, other: str) -> bool:
    """Whether two knobs turn the same thing, so that a sweep cannot turn both."""
    return knob == other or ({knob, other} <= _LAYERS and "hidden" in (knob, other))


def turned(present: Mapping[str, Any], turns: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run with some knobs turned.

    Args:
        present: all of `RunConfig`, as a page holds them: λ = 0 still knows its penalty there.
        turns: knob → value.
    """
    changed = dict(present) | {k: v for k, v in turns.items() if k not in ("depth", "width")}
    if "depth" in turns:
        changed["hidden"] = (*changed["hidden"], DEFAULT_WIDTH)[:1] * turns["depth"]
    if "width" in turns:
        changed["hidden"] = (turns["width"],) * max(len(changed["hidden"]), 1)
    return changed


def needs(knob: str) -> str:
    """What a knob needs of the other settings to have an effect, in words; may be empty."""
    return settings.needs(knob) if knob in SETTINGS else ""


class Sweeping(NamedTuple):
    """What a sweep turns: knob → values, one or two of them, the first the one along the axis."""

    turns: dict[str, tuple[Any, ...]]
    seeds: int


def sweeping(state: Mapping[str, Any]) -> Sweeping:
    """What the state of a page wants swept.

    Raises:
        KnobError: values that a knob cannot have, or knobs that do not go together.
    """
    turns = {state["knob"]: read(state["knob"], state["values"])}
    if state["knob2"] != NONE:
        if clash(state["knob"], state["knob2"]):
            raise KnobError(
                f"knob2 must be another knob than {state['knob']}, and turn another thing, "
                f"not {quoted(state['knob2'])}"
            )
        turns[state["knob2"]] = read(state["knob2"], state["values2"])
    return Sweeping(turns, state["seeds"])


class Cell(NamedTuple):
    """One combination of values: a point of a curve, a cell of a map.

    Attributes:
        at: its value of each knob.
        configs: its runs, one a seed.
    """

    at: tuple[Any, ...]
    configs: tuple[RunConfig, ...]


def cells(state: Mapping[str, Any]) -> list[Cell]:
    """All combinations that the state of a page wants, the last knob's values changing fastest.

    Raises:
        KnobError: see `sweeping`.
        pydantic.ValidationError: settings that do not go together.
    """
    wanted = sweeping(state)
    present = {name: state[name] for name in RunConfig.model_fields}
    seeds = int(config.bounds("seed")[1]) + 1
    found = []
    for at in product(*wanted.turns.values()):
        changed = turned(present, dict(zip(wanted.turns, at, strict=True)))
        runs = tuple(
            RunConfig.model_validate(changed | {"seed": (changed["seed"] + more) % seeds})
            for more in range(wanted.seeds)
        )
        found.append(Cell(at, runs))
    return found


def problems(state: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a sweep in a link: the parameter that cannot be used, and a sentence."""
    found = []
    for field, knob in (("values", state["knob"]), ("values2", state["knob2"])):
        if knob == NONE:
            continue
        try:
            values = read(knob, state[field])
            present = {name: state[name] for name in RunConfig.model_fields}
            for value in values:
                RunConfig.model_validate(turned(present, {knob: value}))
        except ValidationError as error:
            found.append((field, f"{field}: {config.problems(error)[0]}"))
        except KnobError as error:
            found.append((field, f"{field}: {error}"))
    if clash(state["knob"], state["knob2"]):
        sentence = (
            f"knob2 must turn another thing than {state['knob']}, not {quoted(state['knob2'])}"
        )
        found.append(("knob2", sentence))
    return found


def at_bound(knob: str, value: Any) -> bool:
    """Whether a number is the first or the last that its knob can have."""
    if knob == "depth":
        return bool(value in (1, MAX_HIDDEN_LAYERS))
    if knob == "width":
        return bool(value in (1, MAX_UNITS))
    return bool(value in config.bounds(knob))
