"""Optimizers on a ravine of two parameters, where the eye can follow them: NumPy only.

f(x, y) = ½ (u² + κ v²), with u along the floor and v across it; without a tilt u = x and v = y.
The minimum is 0, at the origin. κ, the curvature across over the curvature along, is the condition
number of f. The steps are those of `fmviz.theory.rules`, which train the networks, and gradients
are exact: unlike a network's they hold no noise from batches.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.theory.numpy_rules import RULES
from fmviz.theory.rules import MOMENTUM

Array = npt.NDArray[np.float64]

# Where all walkers set out, along and across; and how many steps they take.
START = (-2.0, 0.6)
STEPS = 60
# Beyond this a walker has left for good, and its path ends.
FAR = 1e6


class Ravine(NamedTuple):
    """f(x, y) = ½ (u² + κ v²) with (u, v) = (x, y) turned back by the tilt.

    Attributes:
        curvature: κ ≥ 1, that across; along the floor it is 1.
        tilted: whether the floor runs at 45° to the two parameters. An optimizer that scales each
            parameter by itself sees the ravine's axes only where they are the parameters' own.
    """

    curvature: float
    tilted: bool = False

    @property
    def axes(self) -> Array:
        """Unit vectors along and across the floor, as rows: (2, 2)."""
        return np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2) if self.tilted else np.eye(2)

    @property
    def start(self) -> Array:
        """(2,): the same place along and across, whatever the tilt."""
        return np.asarray(np.array(START) @ self.axes)

    def value(self, places: Array) -> Array:
        """f at places: (..., 2) → (...)."""
        along, across = np.moveaxis(places @ self.axes.T, -1, 0)
        return np.asarray((along**2 + self.curvature * across**2) / 2)

    def gradient(self, place: Array) -> Array:
        """∂f at a place: (2,) → (2,)."""
        along, across = self.axes @ place
        return np.asarray(np.array([along, self.curvature * across]) @ self.axes)

    def path(self, optimizer: str, rate: float, steps: int = STEPS) -> Array:
        """The places that an optimizer comes through, the start first: (at most steps + 1, 2).

        A path that leaves `FAR` behind ends there.

        Args:
            optimizer: a name in `choices.OPTIMIZERS`.
            rate: η, the same at every step.
        """
        rule, place = RULES[optimizer], self.start
        slots, places = rule.start(place), [place]
        for iteration in range(1, steps + 1):
            change, slots = rule.step(self.gradient(place), slots, rate, iteration)
            place = place + change
            places.append(place)
            if np.abs(place).max() > FAR:
                break
        return np.array(places)


def largest_rate(optimizer: str, curvature: float) -> float | None:
    """The η at and beyond which an optimizer no longer reaches the minimum of a ravine; None for
    those whose steps do not grow with the slope, which never leave but circle the minimum.

    Across the floor, with g = κ v, the rules are linear, and stay bounded up to

        SGD        η κ < 2                         v ← (1 − η κ) v
        momentum   η κ < 2 (1 + β)                 Polyak 1964, with β = 0.9: 3.8
        Nesterov   η κ < 2 (1 + β) / (1 + 2 β)     with β = 0.9: 1.36, less than plain SGD bears

    the last two from the roots of z² − (1 + β − η κ) z + β and, for Nesterov in Keras's form,
    z² − (1 + β)(1 − η κ) z + β (1 − η κ): one of them reaches −1 there.
    """
    bounds = {
        "sgd": 2.0,
        "momentum": 2 * (1 + MOMENTUM),
        "nesterov": 2 * (1 + MOMENTUM) / (1 + 2 * MOMENTUM),
    }
    return bounds[optimizer] / curvature if optimizer in bounds else None


def best_sgd(curvature: float) -> tuple[float, float]:
    """Plain SGD's best η on a ravine, 2/(1 + κ), and the factor (κ − 1)/(κ + 1) by which each step
    then multiplies the distance to the minimum, along the floor as across it."""
    return 2 / (1 + curvature), (curvature - 1) / (curvature + 1)
