"""Words for what is taken home: which run it is, and what a stock Keras file leaves out."""

from __future__ import annotations

from collections.abc import Mapping

from fmviz.run.choices import ACTIVATIONS, DATASETS, INITIALIZERS, OPTIMIZERS, SCHEDULES
from fmviz.run.config import DEFAULTS, RunConfig
from fmviz.run.naming import branch_name, plural, run_name
from fmviz.run.record import layer_sizes
from fmviz.run.setting import Part
from fmviz.run.settings import SETTINGS, number, said
from fmviz.words.numbers import percent
from fmviz.words.prose import Caption

# The oldest Keras that opens a `.keras` file of the one that the app runs on, found by trying: 3.14
# does not know what 3.15 says of an initializer, 3.12 not what it says of a layer.
KERAS_NEEDED = "3.15"
# Settings that `aspects` has words of its own for. A part of another is told with that one.
_IN_WORDS = {
    "dataset",
    "train_size",
    "label_noise",
    "hidden",
    "activation",
    "initializer",
    "penalty",
    "dropout",
    "optimizer",
    "learning_rate",
    "schedule",
    "batch_size",
    "epochs",
    "seed",
    "branch_epoch",
    "branch",
}


def aspects(config: RunConfig) -> dict[str, str]:
    """The settings of a run by aspect, each as a person would say it; "" where there is nothing to
    be said."""
    share = f", {percent(config.l1_share, 0)} of it L1" if config.penalty == "l1_l2" else ""
    network = "-".join(map(str, layer_sizes(config)))
    start = INITIALIZERS[config.initializer].label
    rate = f"η = {number(config.learning_rate)}"
    return {
        "penalty": run_name(config.trunk) + share,
        "images": f"{config.train_size:,} training images"
        + ("" if config.dataset == "compact" else f" of {DATASETS[config.dataset].label}"),
        "wrong labels": f"{percent(config.label_noise, 0)} wrong labels"
        if config.label_noise
        else "",
        "network": network + (f" {ACTIVATIONS[config.activation].label}" if config.hidden else ""),
        "start": f"{start} start"
        if config.initializer != "normal"
        else f"normal start, σ = {number(config.init_std)}",
        "dropout": f"dropout {number(config.dropout)}" if config.dropout else "",
        "optimizer": OPTIMIZERS[config.optimizer].label,
        "rate": rate
        if config.schedule == "constant"
        else f"{rate}, schedule: {SCHEDULES[config.schedule].label}",
        "batches": f"batches of {config.batch_size}",
        "epochs": plural(config.epochs, "epoch"),
        "seed": f"seed {config.seed}",
        "branch": branch_name(config) if config.branch else "",
    } | _plain(config)


def _plain(config: RunConfig) -> dict[str, str]:
    """Settings without words of their own, by name and value; "" at their default."""
    return {
        row.name: f"{row.name} {said(f, config[f])}" if config[f] != DEFAULTS[f] else ""
        for f, row in SETTINGS.items()
        if f not in _IN_WORDS and not isinstance(row.when, Part)
    }


def sentence(config: RunConfig) -> str:
    """The settings of one run in a line."""
    return ", ".join(filter(None, aspects(config).values()))


def lines(runs: Mapping[str, RunConfig]) -> list[str]:
    """Role → run as lines: what each is apart from the others, where its role does not say it, then
    what they share."""
    settings = {role: aspects(config) for role, config in runs.items()}
    first = next(iter(settings.values()))
    shared = [a for a in first if len({each[a] for each in settings.values()}) == 1]
    common = ", ".join(first[a] for a in shared if first[a])
    if len(shared) == len(first):
        return [common]
    differing = {
        role: ", ".join(each[a] or f"no {a}" for a in first if a not in shared)
        for role, each in settings.items()
    }
    apart = [f"{role}: {words}" for role, words in differing.items() if words != role]
    return [*apart, f"All: {common}"]


def model_file(config: RunConfig, epoch: int, kept: bool, seconds: float) -> list[Caption]:
    """What is to be known of a run's `.keras` file.

    Args:
        epoch: after how many epochs its weights are.
        kept: whether those weights are there; else the run is trained again up to there.
        seconds: that its gradient steps took; less than a tenth counts as one.
    """
    figures = {
        "epoch": str(epoch),
        "seconds": f"{max(seconds, 0.1):.1f}",
        "keras": KERAS_NEEDED,
    }
    captions, config = [Caption("model", figures)], config.in_epoch(epoch)
    if not kept:
        captions.append(Caption("model trained again", figures))
    if config.penalty == "l1_proximal":
        captions.append(Caption("model without proximal step", {}))
    if config.penalty == "weight_decay":
        captions.append(Caption("model decays biases", {}))
    if config.schedule == "plateau":
        captions.append(Caption("model without plateau", {}))
    return captions
