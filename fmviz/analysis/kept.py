"""Weights of a run as something that results can be remembered by."""

from __future__ import annotations

from fmviz.run.config import RunConfig
from fmviz.run.record import Array


class KeptWeights:
    """The weights that a run had at some time, equal to any other of the same run and values: a run
    that was trained again, elsewhere, may differ in its last digits.

    Args:
        config: the run.
        weights: kernels and biases in Keras's order.
    """

    def __init__(self, config: RunConfig, weights: tuple[Array, ...]) -> None:
        self.config, self.weights = config, weights

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeptWeights) and hash(self) == hash(other)

    def __hash__(self) -> int:
        return hash((self.config.key, *(weights.tobytes() for weights in self.weights[-2:])))
