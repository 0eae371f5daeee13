"""Predicted saturation: the share of flat activations before any training."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.run.measure import FLAT


class Prediction(NamedTuple):
    """A predicted share of saturated activations, and the σ it was predicted for."""

    share: float
    sigma: float


def predicted_saturation(activation: str, scale: float | npt.NDArray[np.floating]) -> float:
    """P(flat) for pre-activations z ~ N(0, s²), averaged over `scale`.

    With the edges of `measure.FLAT`, P(z ≤ low) + P(z ≥ high); for tanh that is P(|z| > 2.647),
    for sigmoid P(|z| > 4.595). Over random weights of standard deviation σ, an image x gives
    s = σ√Σx².

    Args:
        scale: s, one value or one an image, (images,).

    Raises:
        ValueError: no activation of `measure.FLAT`.
    """
    if activation not in FLAT:
        raise ValueError(f"activation must be one of {', '.join(FLAT)}, not {activation!r}")
    low, high = FLAT[activation]

    def below(edge: float, s: float) -> float:
        """P(z ≤ edge)."""
        if s == 0:
            return float(edge >= 0)
        return math.erfc(-edge / (s * math.sqrt(2))) / 2

    shares = [below(low, s) + below(-high, s) for s in np.atleast_1d(scale).astype(float)]
    return float(np.mean(shares))
