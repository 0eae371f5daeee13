"""Why small weights help, on ten points: a polynomial that can meet them all. NumPy only.

Ten points on a curve, with noise, and a line of degree 9: f(x) = b + Σ w_k x^k, k from 1 to 9. Its
cost is that of the lesson, with half the mean squared error for the data:

    C = (1/2n) Σ (y_i − f(x_i))² + (λ/2n) Σ w_k²,

the bias b free. So (XᵀX + λI) w = Xᵀy with the columns of X, the powers of x, and y centred: ridge
regression (Hoerl & Kennard 1970). At λ = 0 the line meets all ten points. After Bishop, *Pattern
Recognition and Machine Learning*, section 1.1, and Nielsen, *Neural Networks and Deep Learning*,
chapter 3.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

N_POINTS, DEGREE = 10, 9
SIGMA = 0.25
# Of the sets that this seed draws, the first is a usual one: at λ = 0 its line errs by 0.58 on new
# points, and half of `OTHER_SETS` by more than 0.54.
SEED = 17
# How many sets of ten points a reader can choose from, and how many more speak for the rest.
SETS, OTHER_SETS = 20, 1_000
# λ to choose from.
LAMBDAS = (0.0, *(float(f"{m}e{e}") for e in range(-6, 3) for m in (1, 3)))
STRONGEST = LAMBDAS[-1]
X = np.linspace(-1.0, 1.0, N_POINTS)
# A line errs on the whole span, not on its points alone: Gauss and Legendre's nodes and weights
# give the mean over [−1, 1] of any polynomial of degree 127 or less.
_NODES, _QUADRATURE = np.polynomial.legendre.leggauss(64)


def truth(x: Array) -> Array:
    """The curve behind the points, sin πx."""
    return np.sin(np.pi * x)


@lru_cache(maxsize=1)
def _draws() -> Array:
    """The values y of every set of points: (SETS + OTHER_SETS, N_POINTS)."""
    draws = np.random.default_rng(SEED).normal(0, SIGMA, (SETS + OTHER_SETS, N_POINTS))
    draws += truth(X)
    draws.setflags(write=False)
    return draws


def points(number: int) -> Array:
    """The values y at `X` of a set of points, counted from 1: (N_POINTS,).

    Raises:
        ValueError: there is no such set.
    """
    if not 1 <= number <= SETS:
        raise ValueError(f"number must be from 1 to {SETS}, not {number}")
    return _draws()[number - 1]


class Line(NamedTuple):
    """A fitted line.

    Attributes:
        bias: b.
        weights: (DEGREE,) of x, x², … x⁹.
    """

    bias: float
    weights: Array

    def at(self, x: Array) -> Array:
        """f(x)."""
        values: Array = self.bias + _powers(x) @ self.weights
        return values


def _powers(x: Array) -> Array:
    """x, x², … x⁹: (len(x), DEGREE)."""
    return x[:, None] ** np.arange(1, DEGREE + 1)


@lru_cache(maxsize=1)
def _decomposed() -> tuple[Array, Array, Array]:
    centred = _powers(X) - _powers(X).mean(axis=0)
    left, singular, right = np.linalg.svd(centred, full_matrices=False)
    return left, singular, right


def fits(lam: float, values: Array) -> tuple[Array, Array]:
    """Biases (sets,) and weights (DEGREE, sets) that cost least.

    By the singular values s of the centred powers, w = V diag(s/(s² + λ)) Uᵀ(y − ȳ): nothing is
    squared before it is divided, so λ = 0 meets the points to rounding.

    Args:
        values: (sets, N_POINTS) y at `X`.

    Raises:
        ValueError: a negative λ.
    """
    if not lam >= 0:
        raise ValueError(f"lam must be at least 0, not {lam}")
    left, singular, right = _decomposed()
    means = values.mean(axis=1)
    projected = left.T @ (values - means[:, None]).T
    weights = right.T @ ((singular / (singular**2 + lam))[:, None] * projected)
    return means - _powers(X).mean(axis=0) @ weights, weights


def fit(lam: float, values: Array) -> Line:
    """The line that costs least, to one set of points."""
    biases, weights = fits(lam, values[None])
    return Line(float(biases[0]), weights[:, 0])


class Errors(NamedTuple):
    """Root mean square errors of a line.

    Attributes:
        training: on its ten points.
        held_out: expected on new points with the same noise, anywhere from −1 to 1: exactly
            √(mean (f − sin πx)² + σ²).
    """

    training: float
    held_out: float


def errors(lam: float, values: Array) -> Errors:
    """How far the line is off on its own points and on new ones."""
    line = fit(lam, values)
    training = np.sqrt(np.mean((line.at(X) - values) ** 2))
    return Errors(float(training), float(_held_out(*fits(lam, values[None]))[0]))


def _held_out(biases: Array, weights: Array) -> Array:
    """Expected errors on new points, of several lines: (sets,)."""
    off = biases + _powers(_NODES) @ weights - truth(_NODES)[:, None]
    held_out: Array = np.sqrt(_QUADRATURE @ off**2 / 2 + SIGMA**2)
    return held_out


@lru_cache(maxsize=64)
def better_than_free(lam: float) -> float:
    """The share of `OTHER_SETS` other sets of points on which this λ errs less on new points than
    λ = 0."""
    others = _draws()[SETS:]
    now, free = (_held_out(*fits(strength, others)) for strength in (lam, 0.0))
    return float((now < free).mean())
