"""The image of the course on its way through the page's network, before and after every epoch.

A record keeps the weights of two epochs. So `make record` trains this one run once more and keeps,
of every epoch, what the one image needs from the last hidden layer on. The file ships beside this
module; it has 55 kB, and the weights of all epochs would have 2 MB. NumPy only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fmviz.analysis import network
from fmviz.analysis.garment import garment
from fmviz.run.record import RunRecord

Array = npt.NDArray[np.float32]

FILE = Path(__file__).with_name("growth.npz")


class Growth(NamedTuple):
    """A network's answers to one image. Row e is after e epochs, row 0 before the first step.

    Attributes:
        key: of the run.
        activations: (epochs + 1, units) of the last hidden layer.
        kernels, biases: of the output layer, (epochs + 1, units, 10) and (epochs + 1, 10).
        accuracy: (epochs + 1,) on the validation images, as recorded.
        images: how many those are.
    """

    key: str
    activations: Array
    kernels: Array
    biases: Array
    accuracy: npt.NDArray[np.float64]
    images: int

    @property
    def epochs(self) -> int:
        """Epochs of the run."""
        return len(self.accuracy) - 1

    @property
    def pushes(self) -> Array:
        """What each unit adds to each output, a_j·w_jk: (epochs + 1, units, 10). With the bias they
        add up to the logit."""
        return self.activations[:, :, None] * self.kernels

    @property
    def shares(self) -> Array:
        """The probability given to each class, softmax(Σ_j a_j·w_jk + b_k): (epochs + 1, 10)."""
        shares: Array = network.softmax(self.pushes.sum(axis=1) + self.biases)
        return shares


def grown(record: RunRecord, weights: Iterable[list[npt.NDArray[Any]]]) -> Growth:
    """The growth of a run that has ended.

    Args:
        weights: before training and after each epoch, in `keras.Sequential.get_weights()` order.

    Raises:
        ValueError: with these weights the network does not answer as was recorded.
    """
    config = record.config
    seen = garment(config.dataset)
    rows: dict[str, list[npt.NDArray[Any]]] = {"activations": [], "kernels": [], "biases": []}
    for after in weights:
        passed = network.forward(after, config.activation, seen.pixels[None])
        rows["activations"].append(passed.activations[-1][0])
        rows["kernels"].append(after[-2])
        rows["biases"].append(after[-1])
    found = Growth(
        config.key,
        **{name: np.array(values, np.float32) for name, values in rows.items()},
        accuracy=np.array([record.at("val_accuracy", e) for e in range(record.epochs + 1)]),
        images=record.examples["validation"],
    )
    told = [int(record.answers("val", e)[seen.place]) for e in range(record.epochs + 1)]
    if found.shares.argmax(axis=1).tolist() != told:
        raise ValueError("trained once more, the network answers otherwise than its record has it")
    return found


def write(growth: Growth, path: Path = FILE) -> None:
    """Keep it; the same growth is the same bytes."""
    arrays = {name: np.asarray(value) for name, value in growth._asdict().items()}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


@cache
def shipped() -> Growth:
    """The one that ships."""
    with np.load(FILE, allow_pickle=False) as file:
        found = {name: file[name] for name in Growth._fields}
    return Growth(**{**found, "key": str(found["key"]), "images": int(found["images"])})
