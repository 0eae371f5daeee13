"""One row a setting of a run: its names, the values it offers, how one is written, when it acts.

Controls, links, sweeps, tables, captions, file names and notebooks read these rows. What a value
may be, its default and its one-line description stand in `RunConfig`; the words of a choice in
`choices.CHOICES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fmviz.run.choices import CHOICES, SCHEDULE_SETTINGS

Settings = Mapping[str, Any]
Values = tuple[Any, ...]


def _always(settings: Settings) -> bool:
    return True


@dataclass(frozen=True)
class Setting:
    """One setting of a run.

    Attributes:
        label: of its control.
        name: in a table's head and in a sentence.
        knob: in lists of what a sweep can turn, and on its axis.
        symbol: before a value, as in "λ = 10".
        file: before a value in a file's name; None where names do not have it there.
        slider: the values that its slider offers; empty where it is typed or chosen from a list.
        swept: the values that a sweep takes unless told otherwise; empty where no sweep turns it.
        log: whether its axis is logarithmic.
        percent: whether a person writes it in percent.
        acts: whether it has an effect beside the other settings.
        needs: what it needs of them for that, in words.
    """

    label: str
    name: str
    knob: str = ""
    symbol: str = ""
    file: str | None = None
    slider: Values = ()
    swept: Values = ()
    log: bool = False
    percent: bool = False
    acts: Callable[[Settings], bool] = _always
    needs: str = ""


def _penalised(settings: Settings) -> bool:
    return bool(settings["penalty"] != "none" and settings["lam"] > 0)


def _shared(settings: Settings) -> bool:
    return bool(settings["penalty"] == "l1_l2" and settings["lam"] > 0)


def _drawn(settings: Settings) -> bool:
    return bool(settings["initializer"] == "normal")


def _has_hidden(settings: Settings) -> bool:
    return bool(settings["hidden"])


def _of_schedule(field: str) -> dict[str, Any]:
    schedules = [name for name, used in SCHEDULE_SETTINGS.items() if field in used]
    labels = " or ".join(CHOICES["schedule"][name].label for name in schedules)
    return {"acts": lambda s: s["schedule"] in schedules, "needs": f"the schedule {labels}"}


LAMBDAS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
RATES = (1e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1.0)
SIZES = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 55_000)
WITH_PENALTY = "a penalty with λ above 0"
WITH_HIDDEN = "a hidden layer"

# In the order of `RunConfig`'s fields.
SETTINGS: dict[str, Setting] = {
    "dataset": Setting(
        label="Images",
        name="images",
        file="",
    ),
    "train_size": Setting(
        label="Training images, n",
        name="n",
        knob="training images, n",
        symbol="n",
        slider=SIZES,
        swept=(100, 300, 1_000, 3_000, 10_000),
        log=True,
    ),
    "label_noise": Setting(
        label="Label noise",
        name="label noise",
        knob="label noise",
        symbol="label noise",
        file="noise",
        slider=(0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0),
        swept=(0.0, 0.1, 0.2, 0.4, 0.8),
        percent=True,
    ),
    "hidden": Setting(
        label="Hidden layers",
        name="hidden layers",
        knob="widths of the hidden layers",
        symbol="layers",
        file="hidden",
        swept=((), (32,), (128,), (128, 64)),
    ),
    "activation": Setting(
        label="Activation",
        name="activation",
        knob="activation",
        symbol="activation",
        file="",
        swept=("tanh", "sigmoid", "relu", "gelu"),
        acts=_has_hidden,
        needs=WITH_HIDDEN,
    ),
    "initializer": Setting(
        label="Initialiser",
        name="initialiser",
        knob="initialiser",
        symbol="initialiser",
        file="",
        swept=("normal", "glorot_uniform", "he_normal", "lecun_normal"),
    ),
    "init_std": Setting(
        label="Initial std, σ",
        name="σ",
        knob="initial std, σ",
        symbol="σ",
        file="std",
        slider=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0),
        swept=(0.001, 0.01, 0.03, 0.1, 0.3, 1.0),
        log=True,
        acts=_drawn,
        needs="the initialiser normal(σ)",
    ),
    "penalty": Setting(
        label="Penalty",
        name="penalty",
        knob="penalty",
        symbol="penalty",
        swept=("none", "l2", "l1", "l1_l2"),
        acts=_penalised,
        needs=WITH_PENALTY,
    ),
    "lam": Setting(
        label="Strength, λ",
        name="λ",
        knob="strength, λ",
        symbol="λ",
        slider=LAMBDAS,
        swept=(0.0, 1.0, 10.0, 30.0, 100.0),
        log=True,
        acts=_penalised,
        needs=WITH_PENALTY,
    ),
    "l1_share": Setting(
        label="Share of λ in L1",
        name="share of λ in L1",
        knob="share of λ in L1",
        symbol="L1 share",
        slider=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        swept=(0.0, 0.25, 0.5, 0.75, 1.0),
        percent=True,
        acts=_shared,
        needs="the penalty L1 + L2 with λ above 0",
    ),
    "dropout": Setting(
        label="Dropout rate",
        name="dropout",
        knob="dropout rate",
        symbol="dropout",
        file="dropout",
        slider=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        swept=(0.0, 0.2, 0.4, 0.6, 0.8),
        acts=_has_hidden,
        needs=WITH_HIDDEN,
    ),
    "optimizer": Setting(
        label="Optimizer",
        name="optimizer",
        knob="optimizer",
        symbol="optimizer",
        file="",
        swept=("sgd", "momentum", "rmsprop", "adam"),
    ),
    "learning_rate": Setting(
        label="Learning rate, η",
        name="η",
        knob="learning rate, η",
        symbol="η",
        file="lr",
        slider=RATES,
        swept=(1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03),
        log=True,
    ),
    "schedule": Setting(
        label="Schedule",
        name="schedule",
        knob="schedule",
        symbol="schedule",
        file="",
        swept=("constant", "step", "exponential", "cosine"),
    ),
    "final_rate": Setting(
        label="Rate at the end, share of η",
        name="rate at the end",
        knob="rate at the end, share of η",
        symbol="end rate",
        file="final",
        slider=(1e-4, 1e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
        swept=(1e-3, 0.01, 0.1, 1.0),
        log=True,
        **_of_schedule("final_rate"),
    ),
    "periods": Setting(
        label="Stretches or cycles",
        name="periods",
        knob="stretches or cycles",
        symbol="stretches",
        file="periods",
        slider=(2, 3, 4, 5, 6, 8, 10),
        swept=(2, 3, 5, 10),
        **_of_schedule("periods"),
    ),
    "power": Setting(
        label="Power",
        name="power",
        knob="power of the polynomial",
        symbol="power",
        file="power",
        slider=(0.5, 1.0, 2.0, 3.0, 4.0),
        swept=(0.5, 1.0, 2.0, 4.0),
        **_of_schedule("power"),
    ),
    "warmup": Setting(
        label="Warm-up, share of all steps",
        name="warm-up",
        knob="warm-up, share of all steps",
        symbol="warm-up",
        file="warmup",
        slider=(0.02, 0.05, 0.1, 0.2, 0.3, 0.5),
        swept=(0.05, 0.1, 0.2, 0.5),
        **_of_schedule("warmup"),
    ),
    "plateau_factor": Setting(
        label="Factor on η",
        name="plateau factor",
        knob="factor of ReduceLROnPlateau",
        symbol="factor",
        file="factor",
        slider=(0.1, 0.2, 0.3, 0.5, 0.7, 0.9),
        swept=(0.1, 0.3, 0.5, 0.9),
        **_of_schedule("plateau_factor"),
    ),
    "plateau_patience": Setting(
        label="Patience of ReduceLROnPlateau",
        name="plateau patience",
        knob="patience of ReduceLROnPlateau",
        symbol="patience",
        file="patience",
        slider=(1, 2, 3, 4, 5, 8, 10),
        swept=(1, 3, 5, 10),
        **_of_schedule("plateau_patience"),
    ),
    "batch_size": Setting(
        label="Batch size",
        name="batch size",
        knob="batch size",
        symbol="batch",
        file="batch",
        swept=(16, 64, 256, 1_024),
        log=True,
    ),
    "epochs": Setting(
        label="Epochs",
        name="epochs",
        knob="epochs",
        symbol="epochs",
        file="epochs",
        swept=(5, 10, 20, 40),
    ),
    "seed": Setting(
        label="Seed",
        name="seed",
    ),
}


def written(field: str, value: Any) -> str:
    """A value as it stands in a link, a file and a notebook, and as it is typed: "128-64"."""
    if field == "hidden":
        return "-".join(map(str, value)) or "none"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def number(value: float) -> str:
    """A figure as a person writes it: 10, 0.05, 5e-05 as 5 × 10⁻⁵."""
    text = f"{value:.4g}".replace("-", "−") if abs(value) >= 1e-4 else f"{value:.4g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{raised}" if mantissa != "1" else f"10{raised}"


def said(field: str, value: Any) -> str:
    """A value as a person says it: a choice by its label, a share in percent."""
    if field in CHOICES:
        return str(CHOICES[field][value].label)
    if field == "hidden":
        return written(field, value)
    if SETTINGS[field].percent:
        return f"{100 * value:g}%"
    return number(value) if isinstance(value, float) else f"{value:,}"
