"""The settings that a sweep can turn: their names, the values it offers, how values are written.

Every knob but two is a field of `RunConfig`, and is bounded as that one is. "depth" and "width" are
two ways of turning `hidden`: so many layers, all as wide as the first; all layers so wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

from pydantic import ValidationError

from fmviz.run import config
from fmviz.run.choices import CHOICES, MAX_HIDDEN_LAYERS, MAX_UNITS, SCHEDULE_SETTINGS
from fmviz.run.config import RunConfig

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


KNOBS: dict[str, Knob] = {
    "lam": Knob("strength, λ", "λ", (0.0, 1.0, 10.0, 30.0, 100.0), True),
    "l1_share": Knob("share of λ in L1", "L1 share", (0.0, 0.25, 0.5, 0.75, 1.0)),
    "penalty": Knob("penalty", "penalty", ("none", "l2", "l1", "l1_l2")),
    "dropout": Knob("dropout rate", "dropout", (0.0, 0.2, 0.4, 0.6, 0.8)),
    "init_std": Knob("initial std, σ", "σ", (0.001, 0.01, 0.03, 0.1, 0.3, 1.0), True),
    "initializer": Knob(
        "initialiser", "initialiser", ("normal", "glorot_uniform", "he_normal", "lecun_normal")
    ),
    "activation": Knob("activation", "activation", ("tanh", "sigmoid", "relu", "gelu")),
    "depth": Knob("hidden layers", "layers", (1, 2, 3, 4, 5)),
    "width": Knob("units a hidden layer", "units", (8, 32, 128, 512), True),
    "hidden": Knob("widths of the hidden layers", "layers", ((), (32,), (128,), (128, 64))),
    "train_size": Knob("training images, n", "n", (100, 300, 1_000, 3_000, 10_000), True),
    "label_noise": Knob("label noise", "label noise", (0.0, 0.1, 0.2, 0.4, 0.8)),
    "optimizer": Knob("optimizer", "optimizer", ("sgd", "momentum", "rmsprop", "adam")),
    "learning_rate": Knob("learning rate, η", "η", (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03), True),
    "schedule": Knob("schedule", "schedule", ("constant", "step", "exponential", "cosine")),
    "final_rate": Knob("rate at the end, share of η", "end rate", (1e-3, 0.01, 0.1, 1.0), True),
    "periods": Knob("stretches or cycles", "stretches", (2, 3, 5, 10)),
    "power": Knob("power of the polynomial", "power", (0.5, 1.0, 2.0, 4.0)),
    "warmup": Knob("warm-up, share of all steps", "warm-up", (0.05, 0.1, 0.2, 0.5)),
    "plateau_factor": Knob("factor of ReduceLROnPlateau", "factor", (0.1, 0.3, 0.5, 0.9)),
    "plateau_patience": Knob("patience of ReduceLROnPlateau", "patience", (1, 3, 5, 10)),
    "batch_size": Knob("batch size", "batch", (16, 64, 256, 1_024), True),
    "epochs": Knob("epochs", "epochs", (5, 10, 20, 40)),
}
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


def read(knob: str, text: str) -> tuple[Any, ...]:
    """Values as they are typed or stand in a link, with commas between them: in the order of their
    size or of their table, each once. An empty text is the knob's own values.

    Raises:
        KnobError: a value is not allowed, or they are too many.
    """
    if not text.strip():
        return KNOBS[knob].values
    values = []
    for part in text.split(","):
        try:
            value = _one(knob, part.strip())
        except ValueError as error:
            raise KnobError(
                f"each value of {knob} must be {allowed(knob)}, not {part.strip()!r}"
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


def written(knob: str, value: Any) -> str:
    """One value as `read` reads it."""
    if knob == "hidden":
        return "-".join(map(str, value)) or "none"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def clash(knob: str, other: str) -> bool:
    """Whether two knobs turn the same thing, so that a sweep cannot turn both."""
    return knob == other or ({knob, other} <= _LAYERS and "hidden" in (knob, other))


def turned(settings: Mapping[str, Any], turns: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run with some knobs turned.

    Args:
        settings: of `RunConfig`, as a page holds them: λ = 0 still knows its penalty there.
        turns: knob → value.
    """
    changed = dict(settings) | {k: v for k, v in turns.items() if k not in ("depth", "width")}
    if "depth" in turns:
        changed["hidden"] = (*changed["hidden"], DEFAULT_WIDTH)[:1] * turns["depth"]
    if "width" in turns:
        changed["hidden"] = (turns["width"],) * max(len(changed["hidden"]), 1)
    return changed


def needs(knob: str) -> str:
    """What a knob needs of the other settings to have an effect, in words; may be empty."""
    if knob in ("lam", "penalty"):
        return "a penalty with λ above 0"
    if knob == "l1_share":
        return "the penalty L1 + L2 with λ above 0"
    if knob == "init_std":
        return "the initialiser normal(σ)"
    if knob in ("activation", "dropout"):
        return "a hidden layer"
    schedules = [name for name, used in SCHEDULE_SETTINGS.items() if knob in used]
    if schedules:
        return "the schedule " + " or ".join(CHOICES["schedule"][name].label for name in schedules)
    return ""


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
                f"not {state['knob2']!r}"
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
    settings = {name: state[name] for name in RunConfig.model_fields}
    seeds = int(config.bounds("seed")[1]) + 1
    found = []
    for at in product(*wanted.turns.values()):
        changed = turned(settings, dict(zip(wanted.turns, at, strict=True)))
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
            settings = {name: state[name] for name in RunConfig.model_fields}
            for value in values:
                RunConfig.model_validate(turned(settings, {knob: value}))
        except ValidationError as error:
            found.append((field, f"{field}: {config.problems(error)[0]}"))
        except KnobError as error:
            found.append((field, f"{field}: {error}"))
    if clash(state["knob"], state["knob2"]):
        sentence = f"knob2 must turn another thing than {state['knob']}, not {state['knob2']!r}"
        found.append(("knob2", sentence))
    return found


def at_bound(knob: str, value: Any) -> bool:
    """Whether a number is the first or the last that its knob can have."""
    if knob == "depth":
        return bool(value in (1, MAX_HIDDEN_LAYERS))
    if knob == "width":
        return bool(value in (1, MAX_UNITS))
    return bool(value in config.bounds(knob))
