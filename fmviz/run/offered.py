"""What the control of a setting offers beside the other settings: the values of its slider, the
words of its table, some steps of its number.

Controls are drawn from it, and what a reader may ask for next is read off it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fmviz.run.choices import CHOICES, DATASETS, MAX_HIDDEN_LAYERS
from fmviz.run.config import bounds
from fmviz.run.knobs import DEFAULT_WIDTH
from fmviz.run.settings import SETTINGS, in_play

# Of units in a layer.
WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
# Kinds of penalty. Without one is λ = 0, not another kind.
PENALTY_KINDS = ("l2", "l1", "l1_l2", "l1_proximal", "weight_decay")
# What acts apart from the gradient is not scaled up by Adam, and needs more.
APART = ("l1_proximal", "weight_decay")
LARGE_LAMBDAS = (200.0, 500.0, 1e3, 2e3, 5e3, 1e4)
# Of a number without a table, so many steps either way.
STEPS = 2
# Those that no list can hold: what images there are depends on the machine, widths are typed, and a
# branch is put together.
_WITHOUT = ("dataset", "hidden", "branch")


def field_of(knob: str) -> str:
    """The setting that a knob turns: "width" and "depth" both turn `hidden`."""
    return "hidden" if knob in ("width", "depth") else knob


def present(knob: str, value_of: Callable[[str], Any]) -> Any:
    """The value that a knob stands at."""
    if knob == "depth":
        return len(value_of("hidden"))
    if knob == "width":
        return next(iter(value_of("hidden")), DEFAULT_WIDTH)
    return value_of(knob)


def offered(knob: str, value_of: Callable[[str], Any]) -> tuple[Any, ...]:
    """The values of a knob, in the order of its control, the present one among them.

    Nothing where the control is left out or cannot be moved, or has no list of values.

    Args:
        knob: a field of `RunConfig`, "width" or "depth".
        value_of: the present value of any field.
    """
    at = present(knob, value_of)
    if knob == "width":
        return including(WIDTHS, at)
    if knob == "depth":
        # None at all are offered only where a link or the playground has brought them.
        return tuple(range(min(1, at), MAX_HIDDEN_LAYERS + 1))
    if knob in _WITHOUT or not in_play(knob, value_of):
        return ()
    if knob == "penalty":
        return PENALTY_KINDS
    if knob in CHOICES:
        return tuple(CHOICES[knob])
    row = SETTINGS[knob]
    if not row.slider:
        low, high = bounds(knob)
        steps = (at + row.step * k for k in range(-STEPS, STEPS + 1))
        return tuple(value for value in steps if low <= value <= high)
    return including(stops(knob, value_of), at)


def stops(field: str, value_of: Callable[[str], Any]) -> tuple[Any, ...]:
    """The values of a setting's slider, wherever it stands; nothing where it has none.

    Args:
        field: of `RunConfig`.
        value_of: the present value of any field.
    """
    values = SETTINGS[field].slider
    if field == "lam" and value_of("penalty") in APART:
        return (*values, *LARGE_LAMBDAS)
    if field == "train_size":
        return tuple(n for n in values if n <= DATASETS[value_of("dataset")].train)
    return tuple(values)


def including(values: Iterable[Any], at: Any) -> tuple[Any, ...]:
    """A table of numbers in rising order, with one that a link brought and the table lacks."""
    return tuple(sorted({*values, at}))
