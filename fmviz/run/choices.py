"""The words that a run's settings may have, and what each stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

N_CLASSES = 10
N_PIXELS = 784
MAX_HIDDEN_LAYERS = 6
MAX_UNITS = 512


class Choice(NamedTuple):
    """One option of a table: how it is written on a page, and one line that explains it."""

    label: str
    help: str


class DatasetInfo(NamedTuple):
    """Sizes of a data set after its split, in images."""

    label: str
    train: int
    validation: int
    test: int

    @property
    def train_sample(self) -> int:
        """Training images that are measured after each epoch, where a run has as many."""
        return self.validation // 2


Dataset = Literal[
    "compact",
    "full",
]
DATASETS: dict[str, DatasetInfo] = {
    "compact": DatasetInfo("compact (ships with fmviz)", 10_000, 2_500, 5_000),
    "full": DatasetInfo("full Fashion-MNIST", 55_000, 5_000, 10_000),
}


Penalty = Literal[
    "none",
    "l1",
    "l2",
    "l1_l2",
    "l1_proximal",
    "weight_decay",
]
PENALTIES: dict[Penalty, Choice] = {
    "none": Choice("none", "The data loss alone."),
    "l1": Choice(
        "L1", "C = C₀ + (λ/n) Σ|w|: under plain SGD every weight shrinks by the same amount."
    ),
    "l2": Choice(
        "L2", "C = C₀ + (λ/2n) Σw²: under plain SGD every weight shrinks in proportion to its size."
    ),
    "l1_l2": Choice("L1 + L2", "A share of λ as L1, the rest as L2 (the elastic net)."),
    "l1_proximal": Choice(
        "proximal L1",
        "No penalty in the loss: after each step S(w, ηλ/n), soft-thresholding, gives exact zeros.",
    ),
    "weight_decay": Choice(
        "weight decay",
        "No penalty in the loss: w ← (1 − ηλ/n) w before each step, apart from the gradient.",
    ),
}


Activation = Literal[
    "tanh",
    "sigmoid",
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
]
ACTIVATIONS: dict[Activation, Choice] = {
    "tanh": Choice("tanh", "Saturated where |a| > 0.99."),
    "sigmoid": Choice("sigmoid", "Saturated where a < 0.01 or a > 0.99."),
    "relu": Choice("ReLU", "max(z, 0). A unit that is zero on every image is dead."),
    "leaky_relu": Choice("leaky ReLU", "max(z, 0.2 z), Keras's slope: never flat."),
    "elu": Choice("ELU", "z, and eᶻ − 1 below zero: flat far below."),
    "selu": Choice("SELU", "A scaled ELU that keeps mean 0 and variance 1; LeCun normal suits it."),
    "gelu": Choice("GELU", "z Φ(z): flat far below zero."),
    "silu": Choice("SiLU", "z · sigmoid(z), also called swish: flat far below zero."),
}


Initializer = Literal[
    "normal",
    "xavier",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
    "zeros",
]
INITIALIZERS: dict[Initializer, Choice] = {
    "normal": Choice("normal(σ)", "N(0, σ²), the same σ in every layer."),
    "xavier": Choice("Xavier (the notes)", "N(0, 1/fan_in): a unit normal squashed by √fan_in."),
    "glorot_normal": Choice(
        "Glorot normal", "Truncated normal, variance 2/(fan_in + fan_out); Glorot & Bengio 2010."
    ),
    "glorot_uniform": Choice(
        "Glorot uniform", "Uniform within ±√(6/(fan_in + fan_out)); Keras's default."
    ),
    "he_normal": Choice("He normal", "Truncated normal, variance 2/fan_in; He et al. 2015."),
    "he_uniform": Choice("He uniform", "Uniform within ±√(6/fan_in); He et al. 2015."),
    "lecun_normal": Choice("LeCun normal", "Truncated normal, variance 1/fan_in; LeCun 1998."),
    "lecun_uniform": Choice("LeCun uniform", "Uniform within ±√(3/fan_in)."),
    "orthogonal": Choice("orthogonal", "Orthonormal rows or columns; Saxe et al. 2014."),
    "zeros": Choice("zeros", "All weights 0: hidden units get equal gradients and stay alike."),
}


Optimizer = Literal[
    "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "nadam", "lion"
]
OPTIMIZERS: dict[Optimizer, Choice] = {
    "sgd": Choice("SGD", "w ← w − η ∂C/∂w."),
    "momentum": Choice("SGD + momentum", "Velocity with momentum 0.9."),
    "nesterov": Choice("Nesterov", "Velocity with momentum 0.9, looked ahead."),
    "adagrad": Choice(
        "Adagrad", "η over the root of the sum of all squared gradients; Duchi 2011."
    ),
    "rmsprop": Choice("RMSprop", "η over a running root mean square, ρ = 0.9; Hinton 2012."),
    "adam": Choice("Adam", "Kingma & Ba 2015, with Keras's β₁ = 0.9, β₂ = 0.999, ε = 1e-7."),
    "adamw": Choice(
        "AdamW",
        "Adam with decoupled weight decay λ/n, Loshchilov & Hutter 2019: choose the penalty "
        "'weight decay'. With λ = 0 it is Adam; Keras's own AdamW decays by 0.004 unless told.",
    ),
    "nadam": Choice("Nadam", "Adam with Nesterov's look ahead; Dozat 2016."),
    "lion": Choice("Lion", "The sign of a momentum, β₁ = 0.9, β₂ = 0.99; Chen et al. 2023."),
}


# The class of keras.optimizers that does it.
KERAS_OPTIMIZERS: dict[Optimizer, str] = {
    "sgd": "SGD",
    "momentum": "SGD",
    "nesterov": "SGD",
    "adagrad": "Adagrad",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
    "nadam": "Nadam",
    "lion": "Lion",
}


# T steps in all, t the step from 0, f the rate at the end as a share of η.
Schedule = Literal[
    "constant",
    "step",
    "exponential",
    "inverse_time",
    "polynomial",
    "cosine",
    "cosine_restarts",
    "warmup",
    "plateau",
]
SCHEDULES: dict[Schedule, Choice] = {
    "constant": Choice("constant", "η throughout."),
    "step": Choice("step", "Equal stretches of constant rate, from η down to f η."),
    "exponential": Choice("exponential", "η f^(t/T)."),
    "inverse_time": Choice("inverse time", "η / (1 + (1/f − 1) t/T)."),
    "polynomial": Choice("polynomial", "f η + (1 − f) η (1 − t/T)^p."),
    "cosine": Choice("cosine", "f η + (1 − f) η (1 + cos(πt/T))/2."),
    "cosine_restarts": Choice("cosine with restarts", "Equal cycles of the cosine; SGDR 2017."),
    "warmup": Choice("warm-up + cosine", "Linear from 0 to η, then the cosine."),
    "plateau": Choice(
        "ReduceLROnPlateau",
        "η times a factor whenever val_loss has not fallen for as many epochs as its patience.",
    ),
}


Ticket = Literal["none", "magnitude", "random"]
TICKETS: dict[Ticket, Choice] = {
    "none": Choice("whole network", "All weights are trained."),
    "magnitude": Choice(
        "largest weights",
        "Those that the whole network, trained first, has made largest, layer by layer, from their "
        "initial values again; Frankle & Carbin 2019.",
    ),
    "random": Choice("random weights", "As many in each layer, drawn at random."),
}


# The words of each setting that has some.
CHOICES: dict[str, Mapping[Any, Choice | DatasetInfo]] = {
    "dataset": DATASETS,
    "penalty": PENALTIES,
    "activation": ACTIVATIONS,
    "initializer": INITIALIZERS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "ticket": TICKETS,
}
