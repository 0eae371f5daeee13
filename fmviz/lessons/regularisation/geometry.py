"""Why L1 gives zeros and L2 does not, in two weights: the diamond and the circle. NumPy only.

A bowl C₀(w) = ½ (w − w₀)ᵀ A (w − w₀) stands for the data loss, with its lowest point at w₀. With
a penalty of strength s = λ/n the lowest point of the sum moves towards the origin: under L2,
s/2 · (w₁² + w₂²), on a smooth path that meets no axis before the origin itself; under L1,
s · (|w₁| + |w₂|), onto an axis, where one weight is exactly zero, and along it.

Each such point is also the lowest one of C₀ alone within a budget: a circle w₁² + w₂² ≤ r² or a
diamond |w₁| + |w₂| ≤ r through that point. The ellipse of equal loss touches it there, and a
diamond is touched at a corner where a circle has none (Tibshirani 1996, figure 2).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

PENALTIES = ("l1", "l2")


class Bowl(NamedTuple):
    """A data loss of two weights, C₀(w) = ½ (w − lowest)ᵀ curvature (w − lowest).

    Attributes:
        lowest: (2,) where the data alone would have the weights.
        curvature: (2, 2) the Hessian A, symmetric and positive definite.
    """

    lowest: Array
    curvature: Array


# The second weight matters less, and the two can stand in for one another a little.
BOWL = Bowl(np.array([1.6, 0.9]), np.array([[1.0, 0.35], [0.35, 0.8]]))


def loss(bowl: Bowl, weights: Array) -> Array:
    """C₀ at points (..., 2): (...)."""
    away = weights - bowl.lowest
    return 0.5 * np.einsum("...i,ij,...j->...", away, bowl.curvature, away)


def size(weights: Array, penalty: str) -> Array:
    """What the budget limits, at points (..., 2): Σ|w| for "l1", √Σw² for "l2"."""
    if penalty == "l1":
        return np.abs(weights).sum(axis=-1)
    return np.asarray(np.sqrt(np.square(weights).sum(axis=-1)))


def cost(bowl: Bowl, weights: Array, penalty: str, strength: float) -> Array:
    """C₀ + s Σ|w| for "l1", C₀ + s/2 Σw² for "l2", at points (..., 2)."""
    paid = size(weights, penalty)
    return loss(bowl, weights) + strength * (paid if penalty == "l1" else paid**2 / 2)


def optimum(bowl: Bowl, penalty: str, strength: float) -> Array:
    """Where C₀ + penalty is lowest: (2,), exact.

    L2: (A + s I) w = A w₀. L1: where both weights keep their signs σ, A (w − w₀) = −s σ; where one
    is zero, the same for the other alone; whichever is lowest. That is exact, for the true lowest
    point is among these, and a point whose signs are not those it was solved for is left out.

    Raises:
        ValueError: an unknown penalty or a negative strength.
    """
    if penalty not in PENALTIES or not strength >= 0:
        raise ValueError(
            f"penalty must be one of {', '.join(PENALTIES)} and strength at least 0, "
            f"not {penalty!r} and {strength}"
        )
    curvature, target = bowl.curvature, bowl.curvature @ bowl.lowest
    if penalty == "l2":
        return np.asarray(np.linalg.solve(curvature + strength * np.eye(2), target), np.float64)
    candidates = [np.zeros(2)]
    for first in (-1.0, 0.0, 1.0):
        for second in (-1.0, 0.0, 1.0):
            signs = np.array([first, second])
            free = signs != 0
            if not free.any():
                continue
            point = np.zeros(2)
            point[free] = np.linalg.solve(
                curvature[np.ix_(free, free)], target[free] - strength * signs[free]
            )
            if (np.sign(point) == signs).all():
                candidates.append(point)
    return min(candidates, key=lambda point: float(cost(bowl, point, "l1", strength)))


def path(bowl: Bowl, penalty: str, strengths: Array) -> Array:
    """The optimum at each strength: (len(strengths), 2)."""
    return np.array([optimum(bowl, penalty, float(s)) for s in strengths])


def all_zero_from(bowl: Bowl) -> float:
    """The L1 strength from which both weights are zero: max |A w₀|. L2 has none."""
    return float(np.abs(bowl.curvature @ bowl.lowest).max())


def contour(bowl: Bowl, level: float, points: int = 121) -> Array:
    """The ellipse C₀ = level, closed: (points, 2)."""
    angles = np.linspace(0, 2 * np.pi, points)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    # A = L Lᵀ, so w = w₀ + L⁻ᵀ u has C₀ = ½ uᵀu.
    root = np.linalg.cholesky(bowl.curvature).T
    return bowl.lowest + np.sqrt(2 * level) * np.linalg.solve(root, circle).T


def budget(penalty: str, radius: float, points: int = 121) -> Array:
    """The edge of the budget, closed: a diamond for "l1", a circle for "l2": (points, 2)."""
    if penalty == "l1":
        corners = np.array([[1, 0], [0, 1], [-1, 0], [0, -1], [1, 0]], float)
        return radius * corners
    angles = np.linspace(0, 2 * np.pi, points)
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
