"""What the templates of both notebooks are filled with."""

from __future__ import annotations

from typing import Any

from fmviz.analysis.stopping import Rule, Shown, look
from fmviz.page.view import Judging
from fmviz.run import data
from fmviz.run.choices import ACTIVATIONS, DATASETS, INITIALIZERS, OPTIMIZERS, SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.measure import FLAT
from fmviz.run.record import RunRecord, layer_sizes
from fmviz.theory import initializers
from fmviz.words import taking_home

# Where a unit is flat, given z before its activation function; leaky ReLU is flat nowhere.
FLAT_CODE = {
    "tanh": "np.abs(z) >= np.arctanh(0.99)",
    "sigmoid": "np.abs(z) >= np.log(99)",
    "relu": "z <= 0",
    **{name: f"z <= {FLAT[name][0]:.6f}" for name in ("elu", "selu", "gelu", "silu")},
}


def of(record: RunRecord, view: Judging) -> dict[str, Any]:
    """The context of a run's notebook, as its page looks at the run.

    Raises:
        ValueError: it has no finished epoch, so there are no figures to agree with.
    """
    run = look(record, "run", **view.early_stopping)
    if not run.kept:
        raise ValueError("a run without a finished epoch has no figures for a notebook")
    config = record.config
    sizes = DATASETS[config.dataset]
    rule = None if view.patience is None else Rule(**view.early_stopping)
    return {
        "config": config,
        "sentence": taking_home.sentence(config),
        "diverged": record.diverged,
        # All, or those that a diverged run ended finite.
        "epochs": record.epochs if record.diverged else config.epochs,
        "test": view.test,
        "data": data,
        "initializers": initializers,
        "sizes": sizes,
        "sample": min(config.train_size, sizes.train_sample),
        "class_names": [f'"{name}"' for name in data.CLASS_NAMES],
        "layer_sizes": list(layer_sizes(config)),
        "initializer": INITIALIZERS[config.initializer],
        "activation": ACTIVATIONS[config.activation],
        "optimizer": OPTIMIZERS[config.optimizer],
        "schedule": SCHEDULES[config.schedule],
        # Whether the rate follows from the step alone.
        "scheduled": config.schedule not in ("constant", "plateau"),
        "rule": rule,
        "examples": record.examples,
        "history": _history(record, run),
        "kept": run.kept,
        "tolerance": view.tolerance,
        "figures": _figures(record, run.kept, view),
        "flat": _flat(config),
    }


def _history(record: RunRecord, run: Shown) -> dict[str, Any]:
    """The curves of the run up to where early stopping ends it: later epochs have nothing beside
    them in the notebook."""
    stopped = run.stop.stopped if run.stop else None
    count = record.epochs if stopped is None else stopped
    return {name: values[:count] for name, values in record.history.items()}


def _figures(record: RunRecord, epoch: int, view: Judging) -> dict[str, float]:
    """The figures of an epoch's weights, by their names in the notebook's table."""
    splits = {"train": "train", "val": "validation"} | ({"test": "test"} if view.test else {})
    found = {
        f"{images} accuracy": record.at(f"{split}_accuracy", epoch)
        for split, images in splits.items()
    }
    found["accuracy gap"] = record.gap(epoch).value
    found[f"|w| <= {view.tolerance:g}"] = record.sparsity(view.tolerance, epoch)
    if _flat(record.config):
        shares = record.layers_at("saturation", epoch)
        found |= {f"flat in layer {layer}": share for layer, share in enumerate(shares, start=1)}
    return found


def _flat(config: RunConfig) -> str:
    """Code that says where a unit is flat; "" where none ever is."""
    return FLAT_CODE.get(config.activation, "") if config.hidden else ""
