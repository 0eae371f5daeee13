"""What the lesson on optimizers says of its rules: with their numbers, and how large a step is."""

from __future__ import annotations

from collections.abc import Collection

from fmviz.lessons.optimizers.lesson import LABELS, Racer
from fmviz.run.choices import SCHEDULES, Optimizer
from fmviz.run.config import RunConfig
from fmviz.run.settings import number
from fmviz.theory import schedules
from fmviz.words import keras_lines
from fmviz.words.numbers import rounded
from fmviz.words.prose import Caption

# How large a racer's step is, beside its η; of whoever races it is said.
SIZES: dict[Racer, str] = {
    "sgd": "η times the slope",
    "adam": "first η whatever the slope, later ones less where gradients disagree",
    "momentum": "up to 10 η times the slope",
    "rmsprop": "about η whatever the slope",
    "nesterov": "up to 10 η times the slope",
    "adagrad": "less than η whatever the slope",
    "nadam": "first about η whatever the slope, later ones less where gradients disagree",
    "lion": "η for every weight",
}


def steps(racing: Collection[str]) -> str:
    """How large the steps of those who race are, beside η.

    Args:
        racing: their names, as a legend has them.
    """
    return "; ".join(f"{LABELS[n]}'s {size}" for n, size in SIZES.items() if LABELS[n] in racing)


def rules(config: RunConfig) -> list[Caption]:
    """A racer's update rule, with its η, and the Keras lines that step so."""
    name: Optimizer = "adam" if config.optimizer == "adamw" else config.optimizer
    scheduled = config.schedule != "constant"
    eta = config.learning_rate
    # Under a schedule η has many values.
    figures = {
        "eta": "η" if scheduled else f"η = {number(eta)}",
        "of_ten": "η/(1 − β)" if scheduled else f"η/(1 − β) = {number(10 * eta)}",
        "keras": keras_lines.stepping(config),
    }
    captions = [Caption(f"rule {name}", figures)]
    if scheduled:
        captions.append(Caption("rule, scheduled", schedule(config)))
    return captions


def schedule(config: RunConfig) -> dict[str, str]:
    """What a schedule is called, and the highest rate it comes to."""
    return {
        "schedule": SCHEDULES[config.schedule].label,
        "top": rounded(float(schedules.learning_rates(config).max()), 3),
    }
