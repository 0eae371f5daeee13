"""What the closer looks at formulas say: one weight, two weights, other spellings of λ."""

from __future__ import annotations

import math

import numpy as np

from fmviz.lessons.regularisation import geometry
from fmviz.run.choices import OPTIMIZERS
from fmviz.run.config import RunConfig
from fmviz.run.naming import plural
from fmviz.run.settings import number
from fmviz.theory import penalties
from fmviz.words.prose import Caption

# A pull ηλ/n below this moves no weight that shows in any run, and steps are not counted for it.
LEAST_PULL = 1e-9


def law(weight: float, config: RunConfig, steps: int) -> list[Caption]:
    """What plain steps on the penalty alone make of one weight, under L2 and under L1.

    Args:
        config: with a λ; its kind of penalty does not matter.
        steps: gradient steps of the run.
    """
    pull, size = penalties.pull(config), abs(weight)
    figures = {
        "weight": number(size),
        "pull": number(pull),
        "factor": _factor(pull),
        "half": plural(_steps_to_half(pull), "step"),
    }
    if size == 0:
        return [Caption("law zero", figures)]
    if pull < LEAST_PULL:
        return [Caption("law too weak", figures)]
    if pull >= 1:
        return [Caption("law overshoots", figures)]
    if pull > size:
        return [Caption("law across", figures)]
    l2, l1 = (
        abs(float(penalties.shrink_path(size, config.replace(penalty=kind), np.array([steps]))[0]))
        for kind in ("l2", "l1")
    )
    figures |= {
        "steps": plural(steps, "step"),
        "l2": number(_three(l2)),
        "l1": number(_three(l1)),
        "arrival": plural(_steps_to_zero(size, pull), "step"),
    }
    # L2 takes off a share of the weight, L1 the same from all: at |w| = 1 they are equal.
    first = "both alike" if size == 1 else "L2 first" if size > 1 else "L1 first"
    return [Caption("law", figures), Caption(f"law, {first}", figures)]


def _factor(pull: float) -> str:
    return f"1 − {number(pull)}" if pull < 0.01 else number(1 - pull)


def law_notes(config: RunConfig) -> list[Caption]:
    """How the law goes on, and where the run's own optimizer does not follow it."""
    pull = penalties.pull(config)
    figures = {
        "pull": number(pull),
        "factor": _factor(pull),
        "optimizer": OPTIMIZERS[config.optimizer].label,
    }
    notes = [Caption("about law", figures)]
    return notes if config.optimizer == "sgd" else [Caption("law elsewhere", figures), *notes]


def _steps_to_zero(size: float, pull: float) -> int:
    """Steps until L1 has taken off all of a weight, or more; to rounding, for 1.1 is 11 · 0.1."""
    return math.ceil(round(size / pull, 9))


def _steps_to_half(pull: float) -> int:
    """Steps until L2 has left a half of a weight, or less."""
    if pull >= 1:
        return 1
    return math.ceil(round(math.log(0.5) / math.log1p(-max(pull, LEAST_PULL)), 9))


def _three(value: float) -> float:
    return float(f"{value:.3g}")


def two_weights(bowl: geometry.Bowl, strength: float) -> Caption:
    """Where the two penalties bring two weights."""
    ridge, lasso = (geometry.optimum(bowl, penalty, strength) for penalty in ("l2", "l1"))
    figures = {
        "strength": number(strength),
        "l2": f"({ridge[0]:.2f}, {ridge[1]:.2f})",
        "l1": f"({lasso[0]:.2f}, {lasso[1]:.2f})",
        "data": f"({bowl.lowest[0]:.2f}, {bowl.lowest[1]:.2f})",
        "edge": number(_three(geometry.all_zero_from(bowl))),
    }
    if strength == 0:
        return Caption("geometry free", figures)
    zeros = int((lasso == 0).sum())
    return Caption(("geometry inside", "geometry corner", "geometry all zero")[zeros], figures)


def translated(lam: float, n: int, learning_rate: float, largest: int) -> dict[str, str]:
    """A strength in every spelling, as figures of the section "translator"."""
    said = penalties.spellings(lam, n, learning_rate)
    figures = {name: f"{value:.6g}" for name, value in said.items()}
    return figures | {
        "factor": f"{1 - said['pull']:.10g}".replace("-", "−"),
        "pull": number(said["pull"]),
        "n": f"{n:,}",
        "eta": number(learning_rate),
        "largest": f"{largest:,}",
        "lam_largest": f"{lam * largest / n:,.6g}",
    }
