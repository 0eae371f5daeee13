"""What the templates of both notebooks are filled with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fmviz.analysis.stopping import Rule, Shown, look
from fmviz.page.view import Judging
from fmviz.run import data, naming
from fmviz.run.choices import ACTIVATIONS, DATASETS, INITIALIZERS, OPTIMIZERS, SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.groups import begins_anew
from fmviz.run.measure import FLAT
from fmviz.run.record import RunRecord, layer_sizes
from fmviz.theory import initializers, tickets
from fmviz.theory.schedules import sets_rate
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
    config = record.config.trunk
    sizes = DATASETS[config.dataset]
    history = _history(record, run)
    rule = None if view.patience is None else Rule(**view.early_stopping)
    return {
        "sentence": taking_home.sentence(record.config),
        "diverged": record.diverged,
        "record_config": record.config,
        "epochs": _epochs(record, len(history["val_accuracy"])),
        "branch": "",
        # Where early stopping ends the run before its branch: after which epoch.
        "unreached": _unreached(record, run),
        "later": False,
        # Whether there are dropout masks, which no two libraries draw alike.
        "masks": config.dropout or record.config.after.dropout,
        "tickets": tickets,
        # The training of a ticket's whole network, and how it stands beside the ticket's own.
        "parent": "",
        "again": False,
        "heading": "##",
        "test": view.test,
        "data": data,
        "initializers": initializers,
        "sizes": sizes,
        "sample": min(config.train_size, sizes.train_sample),
        "class_names": [f'"{name}"' for name in data.CLASS_NAMES],
        "layer_sizes": list(layer_sizes(config)),
        "initializer": INITIALIZERS[config.initializer],
        "activation": ACTIVATIONS[config.activation],
        "rule": rule,
        "examples": record.examples,
        "history": history,
        "kept": run.kept,
        "tolerance": view.tolerance,
        "figures": _figures(record, run.kept, view),
        "flat": _flat(config),
    } | _stretch(config, f"{config.epochs} * -(-N // BATCH)")


def with_parent(
    record: RunRecord, shared: dict[str, Any], course: Callable[[RunRecord], str]
) -> dict[str, Any]:
    """The context of a run, with the training of the whole network first where its ticket is drawn
    by that.

    Args:
        shared: the run's own.
        course: the training of a run, as Markdown.
    """
    if record.config.ticket != "magnitude":
        return shared
    whole = replace(record, config=record.config.parent, diverged=None)
    return shared | {"parent": course(whole), "again": True}


def _stretch(config: RunConfig, total: str) -> dict[str, Any]:
    """What stretches of a run have of their own.

    Args:
        config: the settings in force.
        total: code for all steps of its schedule.
    """
    return {
        "config": config,
        "optimizer": OPTIMIZERS[config.optimizer],
        "schedule": SCHEDULES[config.schedule],
        # Whether the rate follows from the step alone.
        "scheduled": config.schedule not in ("constant", "plateau"),
        "total": total,
        "rate": config.learning_rate,
        "goes_on": False,
    }


def branch(record: RunRecord, shared: dict[str, Any], rate_now: str) -> dict[str, Any] | None:
    """The context of what comes after the branch of a run; None where nothing is shown of it.

    Args:
        shared: as `of` has it.
        rate_now: code for the present rate.
    """
    config = record.config
    trunk, after = config.trunk, config.after
    if not config.branch or len(shared["history"]["val_accuracy"]) <= config.branch_epoch:
        return None
    goes_on = not begins_anew(config)
    steps = f"-(-N // {'BATCH' if not goes_on else trunk.batch_size})"
    total = f"{trunk.epochs if goes_on else '(EPOCHS - BRANCH)'} * {steps}"
    found = shared | _stretch(after, total)
    if after.schedule == "plateau" and not sets_rate(config):
        found["rate"] = rate_now
    return found | {
        "later": True,
        "first": config.branch_epoch,
        "changes": naming.changes_name(config),
        "goes_on": goes_on,
        "new_batch": after.batch_size != trunk.batch_size,
        "new_dropout": after.dropout != trunk.dropout,
    }


def _epochs(record: RunRecord, shown: int) -> int:
    """Those that a notebook trains: all, those that a diverged run ended finite, or those before a
    branch of which nothing is shown."""
    config = record.config
    epochs = record.epochs if record.diverged else config.epochs
    return min(epochs, config.branch_epoch) if 0 < shown <= config.branch_epoch else epochs


def _unreached(record: RunRecord, run: Shown) -> int | None:
    stopped = run.stop.stopped if run.stop else None
    before = stopped is not None and stopped <= record.config.branch_epoch
    return stopped if record.config.branch and before else None


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
