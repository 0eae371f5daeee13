"""How runs, their settings and the values of these are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fmviz.run.choices import CHOICES, PENALTIES
from fmviz.run.config import DEFAULTS, RunConfig
from fmviz.run.knobs import KNOBS, is_choice
from fmviz.run.measure import saturates
from fmviz.run.settings import named, number, parts, said


def differing(configs: Sequence[RunConfig]) -> list[str]:
    """The settings in which some runs differ, in the order of `RunConfig`."""
    return [field for field in DEFAULTS if len({config[field] for config in configs}) > 1]


def run_name(config: RunConfig) -> str:
    """How a run is called beside its baseline."""
    branch = f", {branch_name(config)}" if config.branch else ""
    if config.penalty == "none":
        return f"no penalty{branch}"
    return f"{PENALTIES[config.penalty].label}, λ = {number(config.lam)}{branch}"


def changes_name(config: RunConfig) -> str:
    """What a branch changes: "L2, λ = 10; dropout 0.5"."""
    changed = differing_settings([config.trunk, config.after])
    return "; ".join(word(field, config.after) for field in changed)


def branch_name(config: RunConfig) -> str:
    """How a run that branches is called beside its trunk: "after epoch 30: L2, λ = 10"."""
    return f"after epoch {config.branch_epoch}: {changes_name(config)}"


def plural(count: int, thing: str) -> str:
    """1 → "1 epoch", 30 → "30 epochs"."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def value_name(knob: str, value: Any) -> str:
    """A knob's value as a person writes it."""
    if is_choice(knob):
        return said(knob, value)
    return f"{value:,}" if isinstance(value, int) else number(value)


def knob_value(knob: str, value: Any) -> str:
    """A knob with its value: "λ = 10"."""
    return f"{KNOBS[knob].symbol} = {value_name(knob, value)}"


def flat_name(activation: str) -> str:
    """What a hidden layer's share of flat activations is: saturation only where a function is flat
    at both ends."""
    if saturates(activation):
        return "saturation"
    return "share of zeros" if activation == "relu" else "share far below zero"


def setting(field: str, config: RunConfig) -> str:
    """A setting of a run as a person says it, with the parts that it speaks for."""
    if field == "penalty":
        return run_name(config)
    if field == "branch":
        return branch_name(config) if config.branch else said(field, ())
    if field == "initializer" and config.initializer == "normal":
        return f"normal, σ = {number(config.init_std)}"
    return said(field, config[field])


def word(field: str, config: RunConfig) -> str:
    """A setting of a run as it stands in a name: "L2, λ = 10", "dropout 0.5", "20 epochs"."""
    if field == "epochs":
        return plural(config.epochs, "epoch")
    alone = field == "branch" or (field in CHOICES and field != "schedule")
    return f"{'' if alone else named(field)}{setting(field, config)}"


def differing_settings(configs: Sequence[RunConfig]) -> list[str]:
    """The settings in which runs differ, those left out for which another one speaks."""
    fields = differing(configs)
    spoken_for = {part for field in fields for part in parts(field)}
    if "penalty" in fields and {config.optimizer for config in configs} <= {"adam", "adamw"}:
        # AdamW is what Adam is called under weight decay.
        spoken_for |= {"optimizer"}
    if "branch" in fields:
        spoken_for |= {"branch_epoch"}
    return [field for field in fields if field not in spoken_for]
