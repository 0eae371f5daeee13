"""A run in Keras's words: the one place that spells the code which pages and notebooks show.

Nothing here imports Keras: a call is text. The tests evaluate every call and compare what it makes
with the stock model of the run, `get_config()` for `get_config()`.

A page writes the run's numbers, to six digits: `numbers`. A notebook writes them out of what its
earlier cells have named, `LAM`, `N` and `STEPS`: `names`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fmviz.analysis.stopping import Rule
from fmviz.run.choices import KERAS_OPTIMIZERS, N_CLASSES, N_PIXELS, Optimizer
from fmviz.run.config import RunConfig
from fmviz.theory import penalties, rules, schedules
from fmviz.theory.schedules import Steps


class Call(NamedTuple):
    """A call of one of Keras's classes.

    Attributes:
        name: below `keras`, such as "layers.Dense".
        arguments: each as code, by Keras's name for it, in Keras's order.
        by_place: how many of them a page writes without their names, the first ones.
    """

    name: str
    arguments: dict[str, str]
    by_place: int = 0

    def __str__(self) -> str:
        """As a page has it, in one line."""
        return f"keras.{self.name}({', '.join(self.written(self.by_place))})"

    @property
    def bare(self) -> str:
        """Without its module, as after `from keras.layers import *`."""
        return f"{self.name.rpartition('.')[2]}({', '.join(self.written(self.by_place))})"

    def written(self, by_place: int) -> list[str]:
        """The arguments, all but the first so many with their names."""
        return [
            value if place < by_place else f"{name}={value}"
            for place, (name, value) in enumerate(self.arguments.items())
        ]


class Quantities(NamedTuple):
    """What Keras's arguments are made of, each as code.

    Attributes:
        rate, rates: η, and those of the stretches of a step schedule.
        total: steps in all, T.
        final: the rate at the end as a share f of η.
        lowest: f η.
        growth: 1/f − 1.
        after_warmup: steps after a warm-up, at least 1.
        power, factor, std, dropout: of the config.
        l1, l2, weight_decay: as `penalties.coefficients`.
    """

    rate: str
    rates: str
    total: str
    final: str
    lowest: str
    growth: str
    after_warmup: str
    power: str
    factor: str
    std: str
    dropout: str
    l1: str
    l2: str
    weight_decay: str


def _short(value: float) -> str:
    return f"{value:.6g}"


def numbers(config: RunConfig) -> Quantities:
    """The quantities of a run without a branch as numbers, to six digits."""
    total, _, _, warmup = schedules.steps(config)
    eta, final = config.learning_rate, config.final_rate
    strength = penalties.coefficients(config)
    return Quantities(
        rate=_short(eta),
        rates=f"[{', '.join(f'{rate:.4g}' for rate in schedules.stretch_rates(config))}]",
        total=str(total),
        final=_short(final),
        lowest=_short(final * eta),
        growth=_short(1 / final - 1),
        after_warmup=str(max(total - warmup, 1)),
        power=_short(config.power),
        factor=_short(config.plateau_factor),
        std=_short(config.init_std),
        dropout=_short(config.dropout),
        l1=_short(strength.l1),
        l2=_short(strength.l2),
        weight_decay=_short(strength.weight_decay),
    )


def names(config: RunConfig, steps: Steps | None = None) -> Quantities:
    """The quantities of a run without a branch in the names `LAM`, `N` and `STEPS`, and exact
    numbers.

    Args:
        steps: of its schedule; those of such a run by default.
    """
    eta, final, share = repr(config.learning_rate), repr(config.final_rate), repr(config.l1_share)
    warmup = (steps or schedules.steps(config)).warmup
    both = config.penalty == "l1_l2"
    return Quantities(
        rate=eta,
        rates=f"[{', '.join(map(_short, schedules.stretch_rates(config)))}]",
        total="STEPS",
        final=final,
        lowest=f"{eta} * {final}",
        growth=f"1 / {final} - 1",
        after_warmup=f"max(STEPS - {warmup}, 1)",
        power=repr(config.power),
        factor=repr(config.plateau_factor),
        std=repr(config.init_std),
        dropout=repr(config.dropout),
        l1=f"{share} * LAM / N" if both else "LAM / N",
        l2=f"(1 - {share}) * LAM / (2 * N)" if both else "LAM / (2 * N)",
        weight_decay="LAM / N",
    )


def _quoted(text: str) -> str:
    return f'"{text}"'


def regularizer(config: RunConfig, its: Quantities) -> Call | None:
    """The kernel regularizer of every layer; None where the penalty is not in the loss."""
    return {
        "l1": Call("regularizers.L1", {"l1": its.l1}, 1),
        "l2": Call("regularizers.L2", {"l2": its.l2}, 1),
        "l1_l2": Call("regularizers.L1L2", {"l1": its.l1, "l2": its.l2}),
    }.get(config.penalty)


_XAVIER = {"scale": "1.0", "mode": '"fan_in"', "distribution": '"untruncated_normal"'}
_INITIALIZERS = {
    "xavier": Call("initializers.VarianceScaling", _XAVIER, 3),
    "glorot_normal": Call("initializers.GlorotNormal", {}),
    "glorot_uniform": Call("initializers.GlorotUniform", {}),
    "he_normal": Call("initializers.HeNormal", {}),
    "he_uniform": Call("initializers.HeUniform", {}),
    "lecun_normal": Call("initializers.LecunNormal", {}),
    "lecun_uniform": Call("initializers.LecunUniform", {}),
    "orthogonal": Call("initializers.Orthogonal", {}),
    "zeros": Call("initializers.Zeros", {}),
}


def initializer(config: RunConfig, its: Quantities) -> Call:
    """The kernel initializer of every layer."""
    if config.initializer == "normal":
        return Call("initializers.RandomNormal", {"stddev": its.std})
    return _INITIALIZERS[config.initializer]


def dense(units: str, activation: str = "", **arguments: str) -> Call:
    """A layer with a kernel.

    Args:
        activation: its name; "" leaves the layer linear.
        arguments: code of others, those that are "" left out.
    """
    quoted = {"activation": _quoted(activation)} if activation else {}
    given = {name: value for name, value in arguments.items() if value}
    return Call("layers.Dense", {"units": units} | quoted | given, 1)


def layers(config: RunConfig, its: Quantities, **kernels: str) -> list[Call]:
    """The layers of a run's network, the input's among them.

    Args:
        kernels: code of what all kernels have, `kernel_initializer` and `kernel_regularizer`; ""
            for Keras's own.
    """
    found = [Call("Input", {"shape": f"({N_PIXELS},)"}, 1)]
    for units in config.hidden:
        found.append(dense(str(units), config.activation, **kernels))
        if config.dropout:
            found.append(Call("layers.Dropout", {"rate": its.dropout}, 1))
    return [*found, dense(str(N_CLASSES), **kernels)]


def network(config: RunConfig) -> str:
    """The network of a run as a page has it, with all that Keras would not do by itself, as after
    `from keras.layers import *`. A penalty that acts apart from the loss is none of it."""
    its = numbers(config)
    begins = "" if config.initializer == "glorot_uniform" else str(initializer(config, its))
    penalty = str(regularizer(config, its) or "")
    found = layers(config, its, kernel_initializer=begins, kernel_regularizer=penalty)
    images, *others = found
    calls = [str(images), *(layer.bare for layer in others)]
    return "keras.Sequential([\n" + "".join(f"    {call},\n" for call in calls) + "])"


def schedule(config: RunConfig, its: Quantities, steps: Steps | None = None) -> Call | None:
    """The learning rate over the steps; None where it is a number: constant, or on a plateau.

    Args:
        steps: as `names` has them.
    """
    _, boundaries, cycle, warmup = steps or schedules.steps(config)
    module = "optimizers.schedules."
    start = {"initial_learning_rate": its.rate}
    over = start | {"decay_steps": its.total}
    return {
        "step": Call(
            f"{module}PiecewiseConstantDecay",
            {"boundaries": str(list(boundaries)), "values": its.rates},
            2,
        ),
        "exponential": Call(f"{module}ExponentialDecay", over | {"decay_rate": its.final}, 3),
        "inverse_time": Call(f"{module}InverseTimeDecay", over | {"decay_rate": its.growth}, 3),
        "polynomial": Call(
            f"{module}PolynomialDecay",
            over | {"end_learning_rate": its.lowest, "power": its.power},
            4,
        ),
        "cosine": Call(f"{module}CosineDecay", over | {"alpha": its.final}, 3),
        "cosine_restarts": Call(
            f"{module}CosineDecayRestarts",
            start
            | {"first_decay_steps": str(cycle), "t_mul": "1.0", "m_mul": "1.0"}
            | {"alpha": its.final},
            2,
        ),
        "warmup": Call(
            f"{module}CosineDecay",
            {"initial_learning_rate": "0.0", "decay_steps": its.after_warmup, "alpha": its.final}
            | {"warmup_target": its.rate, "warmup_steps": str(warmup)},
            3,
        ),
    }.get(config.schedule)


def optimizer(name: Optimizer, rate: str, weight_decay: str = "") -> Call:
    """An optimizer by its name in `OPTIMIZERS`.

    Args:
        rate: code for the learning rate or its schedule.
        weight_decay: code for the argument of that name; "" for none.
    """
    arguments = {"learning_rate": rate}
    if name in ("momentum", "nesterov"):
        arguments["momentum"] = repr(rules.MOMENTUM)
    if name == "nesterov":
        arguments["nesterov"] = "True"
    if weight_decay:
        arguments["weight_decay"] = weight_decay
    return Call(f"optimizers.{KERAS_OPTIMIZERS[name]}", arguments, 1)


def decaying(name: Optimizer, weight_decay: str) -> Call:
    """An optimizer of which nothing is said but its weight decay."""
    arguments = {"learning_rate": "...", "weight_decay": weight_decay}
    return Call(f"optimizers.{KERAS_OPTIMIZERS[name]}", arguments, 1)


# Keras takes its weight decay off the biases too, unless told.
NO_DECAY_OF_BIASES = 'optimizer.exclude_from_weight_decay(var_names=["bias"])'
LOSS = Call("losses.SparseCategoricalCrossentropy", {"from_logits": "True"})
CROSSENTROPY = Call(
    "metrics.SparseCategoricalCrossentropy", {"name": '"crossentropy"', "from_logits": "True"}
)


def reduce_on_plateau(config: RunConfig, its: Quantities) -> Call:
    """The callback of the schedule "plateau"."""
    return Call(
        "callbacks.ReduceLROnPlateau",
        {
            "monitor": '"val_loss"',
            "factor": its.factor,
            "patience": str(config.plateau_patience),
        },
    )


def stepping(config: RunConfig) -> str:
    """All that makes the steps of a run without a branch, as a page has it: its optimizer, the
    schedule and the weight decay that this is given, and the callback that lowers its rate."""
    its, decays = numbers(config), config.penalty == "weight_decay"
    over = schedule(config, its)
    made = optimizer(
        config.optimizer,
        its.rate if over is None else "schedule",
        its.weight_decay if decays else "",
    )
    lines = [
        f"schedule = {over}" * (over is not None),
        f"optimizer = {made}",
        NO_DECAY_OF_BIASES * decays,
        f"callback = {reduce_on_plateau(config, its)}" * (config.schedule == "plateau"),
    ]
    return "\n".join(filter(None, lines))


def early_stopping(rule: Rule, quoted: Callable[[Any], str] = repr) -> Call:
    """The callback of a rule, defaults left out.

    Args:
        quoted: writes a value as code.
    """
    defaults = Rule()._asdict() | {"monitor": None, "patience": None}
    given = {name: quoted(v) for name, v in rule._asdict().items() if v != defaults[name]}
    return Call("callbacks.EarlyStopping", given)
