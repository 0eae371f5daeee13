"""A run as a PyTorch notebook: the same run with the training loop written out."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

from fmviz.export.notebooks import cells, context
from fmviz.export.notebooks.cells import short
from fmviz.page.view import Judging
from fmviz.run.config import RunConfig
from fmviz.run.groups import begins_anew
from fmviz.run.record import RunRecord
from fmviz.theory import rules, schedules
from fmviz.theory.schedules import Course, courses

# Modules of torch.nn that are Keras's activations.
ACTIVATIONS = {
    "tanh": "Tanh()",
    "sigmoid": "Sigmoid()",
    "relu": "ReLU()",
    "leaky_relu": "LeakyReLU(0.2)",
    "elu": "ELU()",
    "selu": "SELU()",
    "gelu": "GELU()",
    "silu": "SiLU()",
}
_EPSILON = short(rules.EPSILON)
_MOMENTUM = f"momentum={rules.MOMENTUM}"
# torch.optim's class and the arguments that make it Keras's.
OPTIMIZERS = {
    "sgd": ("SGD", ""),
    "momentum": ("SGD", _MOMENTUM),
    "nesterov": ("SGD", f"{_MOMENTUM}, nesterov=True"),
    "adagrad": (
        "Adagrad",
        f"initial_accumulator_value={rules.ADAGRAD_START} + {_EPSILON}, eps=0.0",
    ),
    "adam": ("Adam", ""),
    "adamw": ("AdamW", ""),
    "nadam": ("NAdam", f"eps={_EPSILON}, momentum_decay=1.0"),
}
# Those whose ε the notebook sets anew before each step.
CORRECTED = ("adam", "adamw")
# Those whose step it writes out, by the name of its class.
WRITTEN_OUT = {"rmsprop": "RMSprop", "lion": "Lion"}
# File → SHA-256 of what is packed in it. How it is packed differs: Debian's files name no file.
SHA256 = {
    "train-images-idx3": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
# Code for the present rate.
RATE_NOW = 'optimizer.param_groups[0]["lr"]'
# Those whose weight_decay goes through the gradient, as an L2 penalty does.
COUPLED = ("sgd", "momentum", "nesterov")


def torch_notebook(record: RunRecord, view: Judging) -> NotebookNode:
    """A notebook that trains the run in PyTorch and compares its figures.

    Raises:
        ValueError: the run has no finished epoch.
    """
    return cells.rendered("torch", context.with_parent(record, _shared(record, view), _course))


def _course(record: RunRecord) -> str:
    """The training of a run, in a section of its own."""
    return cells.text("torch_course", _shared(record, Judging()) | {"heading": "###"})


def _shared(record: RunRecord, view: Judging) -> dict[str, Any]:
    shared = context.of(record, view)
    config, rule = record.config, shared["rule"]
    begun, *rest = courses(config)
    sides = [side.optimizer for side in (config.trunk, config.after)]
    shared |= {
        "library": "PyTorch",
        "rules": rules,
        "rate_now": RATE_NOW,
        "activation_module": ACTIVATIONS[config.activation],
        "sha256": SHA256,
        "counts_steps": any(name in CORRECTED for name in sides),
        "plateau_min_delta": schedules.PLATEAU_MIN_DELTA,
        "falling": rule is not None and rule.direction == "min",
    }
    shared |= _stretch(begun, _rate_changes(config, begun))
    later = context.branch(record, shared, RATE_NOW)
    if later is not None:
        (after,) = rest
        own = _stretch(after, _rate_changes(config, after))
        shared["branch"] = cells.text("torch_branch", later | own)
    return shared


def _stretch(course: Course, rate_changes: bool) -> dict[str, Any]:
    """What is PyTorch's of some epochs of a run.

    Args:
        rate_changes: whether the rate of their optimizer does.
    """
    config, (_, boundaries, cycle, warmup) = course.config, course.steps
    name, arguments = OPTIMIZERS.get(config.optimizer, ("", ""))
    # PyTorch's momentum is Keras's only where the rate stays as it is.
    own_velocity = config.optimizer in ("momentum", "nesterov") and rate_changes
    in_cost = config.penalty in ("l1", "l2", "l1_l2")
    in_optimizer = _in_optimizer(config, own_velocity)
    return {
        "in_cost": in_cost,
        "in_optimizer": in_optimizer,
        "in_loss": in_cost and not in_optimizer,
        # The class that a notebook writes out, since PyTorch has no such step.
        "own_rule": "Momentum" if own_velocity else WRITTEN_OUT.get(config.optimizer, ""),
        "corrected_epsilon": config.optimizer in CORRECTED,
        "optimizer_class": name,
        "optimizer_arguments": f", {arguments}" if arguments else "",
        "milestones": [last + 1 for last in boundaries],
        "cycle": cycle,
        "warmup": warmup,
    }


def _rate_changes(config: RunConfig, course: Course) -> bool:
    """Whether the optimizer of some epochs of a run, which may be that of others too, changes its
    rate."""
    sides = [course.config] if begins_anew(config) else [config.trunk, config.after]
    rates = {side.learning_rate for side in sides}
    return len(rates) > 1 or any(side.schedule != "constant" for side in sides)


def _in_optimizer(config: RunConfig, own_velocity: bool) -> bool:
    """Whether `weight_decay` of the optimizer is this run's penalty."""
    if config.penalty == "l2":
        return config.optimizer in COUPLED and not own_velocity
    return config.penalty == "weight_decay" and config.optimizer in ("sgd", "adamw")
