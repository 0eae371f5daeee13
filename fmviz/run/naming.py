"""How runs, their settings and the values of these are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fmviz.run import knobs
from fmviz.run.choices import (
    CHOICES,
    PENALTIES,
    SCHEDULE_SETTINGS,
)
from fmviz.run.config import DEFAULTS, RunConfig
from fmviz.run.knobs import KNOBS


def differing(configs: Sequence[RunConfig]) -> list[str]:
    """The settings in which some runs differ, in the order of `RunConfig`."""
    return [field for field in DEFAULTS if len({config[field] for config in configs}) > 1]


def number(value: float) -> str:
    """A setting as a person writes it: 10, 0.05, 5e-05 as 5 × 10⁻⁵."""
    text = f"{value:.4g}".replace("-", "−") if abs(value) >= 1e-4 else f"{value:.4g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{raised}" if mantissa != "1" else f"10{raised}"


def run_name(config: RunConfig) -> str:
    """How a run is called beside its baseline."""
    if config.penalty == "none":
        return "no penalty"
    return f"{PENALTIES[config.penalty].label}, λ = {number(config.lam)}"


def plural(count: int, thing: str) -> str:
    """1 → "1 epoch", 30 → "30 epochs"."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def value_name(knob: str, value: Any) -> str:
    """A knob's value as a person writes it."""
    if knob in CHOICES:
        return str(CHOICES[knob][value].label)
    if knob == "hidden":
        return knobs.written(knob, value)
    return f"{value:,}" if isinstance(value, int) else number(value)


def knob_value(knob: str, value: Any) -> str:
    """A knob with its value: "λ = 10"."""
    return f"{KNOBS[knob].symbol} = {value_name(knob, value)}"


# Settings as a table's heads and short sentences have them.
NAMES = {
    "dataset": "images",
    "train_size": "n",
    "label_noise": "label noise",
    "hidden": "hidden layers",
    "activation": "activation",
    "initializer": "initialiser",
    "init_std": "σ",
    "penalty": "penalty",
    "lam": "λ",
    "l1_share": "share of λ in L1",
    "dropout": "dropout",
    "optimizer": "optimizer",
    "learning_rate": "η",
    "schedule": "schedule",
    "final_rate": "rate at the end",
    "periods": "periods",
    "power": "power",
    "warmup": "warm-up",
    "plateau_factor": "plateau factor",
    "plateau_patience": "plateau patience",
    "batch_size": "batch size",
    "epochs": "epochs",
    "seed": "seed",
}


# Settings that have no meaning without another: where that one differs, it speaks for them.
_PARTS = {
    "penalty": {"lam", "l1_share"},
    "initializer": {"init_std"},
    "schedule": {name for names in SCHEDULE_SETTINGS.values() for name in names},
}


def setting(field: str, value: Any) -> str:
    """A setting's value as a person writes it."""
    if field in CHOICES:
        label: str = CHOICES[field][value].label
        return label
    if isinstance(value, tuple):
        return knobs.written(field, value)
    if field == "label_noise":
        return f"{100 * value:g}%"
    return number(value) if isinstance(value, float) else f"{value:,}"


def _knob(field: str, config: RunConfig) -> str:
    """A knob's value, with the parts that it speaks for."""
    if field == "penalty":
        return run_name(config)
    if field == "initializer" and config.initializer == "normal":
        return f"normal, σ = {number(config.init_std)}"
    return setting(field, config[field])


def differing_settings(configs: Sequence[RunConfig]) -> list[str]:
    """The settings in which runs differ, those left out for which another one speaks."""
    fields = differing(configs)
    parts: set[str] = set().union(*(_PARTS.get(field, set()) for field in fields))
    if "penalty" in fields and {config.optimizer for config in configs} <= {"adam", "adamw"}:
        # AdamW is what Adam is called under weight decay.
        parts |= {"optimizer"}
    return [field for field in fields if field not in parts]
