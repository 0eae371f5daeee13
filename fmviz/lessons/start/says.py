"""What is said of one image and the network that learns it, or has learnt it."""

from __future__ import annotations

from fmviz.analysis.garment import Garment
from fmviz.lessons.start.growth import Growth
from fmviz.run.config import RunConfig
from fmviz.run.data import CLASS_NAMES
from fmviz.run.measure import accuracy
from fmviz.run.naming import plural
from fmviz.run.record import layer_sizes, n_weights
from fmviz.words.numbers import listed, percent, points
from fmviz.words.prose import Caption


def grown(seen: Garment, growth: Growth, epoch: int) -> Caption:
    """What the network makes of the image after so many epochs, and how often it is right."""
    shares = growth.shares[epoch]
    answer = int(shares.argmax())
    figures = {
        "answer": CLASS_NAMES[answer],
        "share": percent(float(shares[answer]), 0),
        "epochs": plural(epoch, "epoch"),
        "images": f"{growth.images:,}",
        "accuracy": points(accuracy(float(growth.accuracy[epoch]), growth.images)),
    }
    if not epoch:
        return Caption("untrained", figures)
    return Caption("grown right" if answer == seen.truth else "grown wrong", figures)


def network(config: RunConfig) -> Caption:
    """The network in words, with its numbers of weights and biases."""
    plain = len(config.hidden) == 1 and config.activation == "relu"
    several = [plural(units, "unit") for units in config.hidden]
    figures = {
        "units": str(config.hidden[0]) if plain else listed(several),
        "weights": f"{n_weights(config):,}",
        "biases": f"{sum(layer_sizes(config)[1:]):,}",
    }
    if not config.hidden:
        return Caption("one network, no hidden layer", figures)
    return Caption("one network" if plain else "one network, other", figures)
