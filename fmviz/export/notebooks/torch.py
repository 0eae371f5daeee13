"""A run as a PyTorch notebook: the same run with the training loop written out."""

from __future__ import annotations

from nbformat import NotebookNode

from fmviz.export.notebooks import cells, context
from fmviz.export.notebooks.cells import short
from fmviz.page.view import Judging
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.theory import rules, schedules

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
_EPS = f"eps={short(rules.EPSILON)}"
_MOMENTUM = f"momentum={rules.MOMENTUM}"
# torch.optim's class and the arguments that make it Keras's.
OPTIMIZERS = {
    "sgd": ("SGD", ""),
    "momentum": ("SGD", _MOMENTUM),
    "nesterov": ("SGD", f"{_MOMENTUM}, nesterov=True"),
    "adagrad": ("Adagrad", f"initial_accumulator_value={rules.ADAGRAD_START}, {_EPS}"),
    "rmsprop": ("RMSprop", f"alpha={rules.RHO}, {_EPS}**0.5"),
    "adam": ("Adam", _EPS),
    "adamw": ("AdamW", _EPS),
    "nadam": ("NAdam", f"{_EPS}, momentum_decay=1.0"),
}
# Those whose weight_decay goes through the gradient, as an L2 penalty does.
COUPLED = ("sgd", "momentum", "nesterov")


def torch_notebook(record: RunRecord, view: Judging) -> NotebookNode:
    """A notebook that trains the run in PyTorch and compares its figures.

    Raises:
        ValueError: the run has no finished epoch.
    """
    config = record.config
    shared = context.of(record, view)
    rule = shared["rule"]
    _, boundaries, cycle, warmup = schedules.steps(config)
    name, arguments = OPTIMIZERS.get(config.optimizer, ("", ""))
    in_cost = config.penalty in ("l1", "l2", "l1_l2")
    return cells.rendered(
        "torch",
        shared
        | {
            "library": "PyTorch",
            "rules": rules,
            "activation_module": ACTIVATIONS[config.activation],
            "in_cost": in_cost,
            "in_optimizer": _in_optimizer(config),
            "in_loss": in_cost and not _in_optimizer(config),
            "own_velocity": _own_velocity(config),
            "optimizer_class": name,
            "optimizer_arguments": f", {arguments}" if arguments else "",
            "milestones": [last + 1 for last in boundaries],
            "cycle": cycle,
            "warmup": warmup,
            "plateau_min_delta": schedules.PLATEAU_MIN_DELTA,
            "falling": rule is not None and rule.direction == "min",
        },
    )


def _own_velocity(config: RunConfig) -> bool:
    """Whether PyTorch's momentum is not Keras's: where the rate changes."""
    return config.optimizer in ("momentum", "nesterov") and config.schedule != "constant"


def _in_optimizer(config: RunConfig) -> bool:
    """Whether `weight_decay` of the optimizer is this run's penalty."""
    if config.penalty == "l2":
        return config.optimizer in COUPLED and not _own_velocity(config)
    return config.penalty == "weight_decay" and config.optimizer in ("sgd", "adamw")
