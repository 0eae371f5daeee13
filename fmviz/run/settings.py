"""The settings of a run, a row each: type, bounds and default, and how pages speak of it.

A row is a field of `Settings`, and this is the only place that has it: validation, links, controls,
sweeps, tables, file names and the canonical form of a run read their part of the row. A new setting
is a new row, and what it does in `fmviz.training`.

Long because it is a table: 25 rows of some ten lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from fmviz.run.choices import (
    CHOICES,
    DATASETS,
    MAX_HIDDEN_LAYERS,
    MAX_UNITS,
    PENALTIES,
    SCHEDULES,
    Activation,
    Dataset,
    Initializer,
    Optimizer,
    Penalty,
    Schedule,
    Ticket,
)
from fmviz.run.setting import Needs, Part, Setting, Values

A_PENALTY = "a penalty with λ above 0"
A_HIDDEN_LAYER = Needs("a hidden layer", lambda values: bool(values["hidden"]))
# Schedules that end at a rate of their own.
FALLING = tuple(name for name in SCHEDULES if name not in ("constant", "plateau"))


def allowed_widths() -> str:
    """What the widths of the hidden layers may be, as words for an error message."""
    return (
        f"at most {MAX_HIDDEN_LAYERS} widths from 1 to {MAX_UNITS}, such as 128 or 128-64, or none"
    )


def _checked(widths: tuple[int, ...]) -> tuple[int, ...]:
    if len(widths) > MAX_HIDDEN_LAYERS or not all(1 <= w <= MAX_UNITS for w in widths):
        raise ValueError(f"must be {allowed_widths()}")
    return widths


# What changes at a branch: setting and value, in the order of the table.
Changes = tuple[tuple[str, Any], ...]


def allowed_changes() -> str:
    """What may change at a branch, as words for an error message."""
    return f"changes such as penalty-l2~lam-10, of {', '.join(BRANCHING)}, or none"


def _pairs(changes: Any) -> Any:
    """Changes may be given as a mapping."""
    return tuple(changes.items()) if isinstance(changes, Mapping) else changes


def _checked_changes(changes: Changes) -> Changes:
    """Each value as its own setting has it, in the order of the table."""
    given = dict(changes)
    if len(given) != len(changes) or not given.keys() <= set(BRANCHING):
        raise ValueError(f"must be {allowed_changes()}")
    values = Settings.model_validate(given)  # raises what a ValueError is
    return tuple((field, getattr(values, field)) for field in BRANCHING if field in given)


class Settings(BaseModel):
    """All settings of a run, validated one by one and together, with or without an effect.

    Raises:
        pydantic.ValidationError: a value out of bounds or an unknown choice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    dataset: Annotated[
        Dataset, Field(description="Which images."), Setting("Images", "images", "Images")
    ] = "compact"
    train_size: Annotated[
        int,
        Field(ge=10, le=55_000, description="Training images, n."),
        Setting(
            "Training images, n",
            "n",
            "Images",
            file="n",
            slider=(20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 55_000),
            swept=(100, 300, 1_000, 3_000, 10_000),
            log=True,
        ),
    ] = 5_000
    label_noise: Annotated[
        float,
        Field(
            ge=0.0,
            le=1.0,
            description="Share of training images told a wrong label, never the true one.",
        ),
        Setting(
            "Label noise",
            "label noise",
            "Images",
            file="noise",
            slider=(0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0),
            swept=(0.0, 0.1, 0.2, 0.4, 0.8),
            percent=True,
        ),
    ] = 0.0
    hidden: Annotated[
        tuple[int, ...],
        AfterValidator(_checked),
        Field(description="Widths of the hidden layers."),
        Setting(
            "Hidden layers",
            "hidden layers",
            "Network",
            symbol="layers",
            knob="widths of the hidden layers",
            swept=((), (32,), (128,), (128, 64)),
        ),
    ] = (128,)
    activation: Annotated[
        Activation,
        Field(description="Hidden activation."),
        Setting(
            "Activation",
            "activation",
            "Network",
            swept=("tanh", "sigmoid", "relu", "gelu"),
            when=A_HIDDEN_LAYER,
        ),
    ] = "tanh"
    initializer: Annotated[
        Initializer,
        Field(
            description="How each layer's weights start (kernel_initializer); biases start at 0."
        ),
        Setting(
            "Initialiser",
            "initialiser",
            "Network",
            swept=("normal", "glorot_uniform", "he_normal", "lecun_normal"),
        ),
    ] = "normal"
    init_std: Annotated[
        float,
        Field(ge=0.0, le=10.0, description="σ of the normal initializer, every layer."),
        Setting(
            "Initial std, σ",
            "σ",
            "Network",
            file="std",
            slider=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0),
            swept=(0.001, 0.01, 0.03, 0.1, 0.3, 1.0),
            log=True,
            when=Part("initializer", ("normal",)),
        ),
    ] = 0.05
    penalty: Annotated[
        Penalty,
        Field(description="What holds the weights down. Biases are left alone."),
        Setting(
            "Penalty",
            "penalty",
            "Penalty",
            swept=("none", "l2", "l1", "l1_l2"),
            when=Needs(A_PENALTY, lambda values: bool(values["lam"])),
            branches=True,
        ),
    ] = "none"
    lam: Annotated[
        float,
        Field(
            ge=0.0,
            le=10_000.0,
            description="How strongly the penalty acts.",
        ),
        Setting(
            "Strength, λ",
            "λ",
            "Penalty",
            slider=(0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0),
            swept=(0.0, 1.0, 10.0, 30.0, 100.0),
            log=True,
            when=Part("penalty", tuple(PENALTIES)[1:], A_PENALTY),
            branches=True,
        ),
    ] = 0.0
    l1_share: Annotated[
        float,
        Field(ge=0.0, le=1.0, description="Share of λ that is L1 in L1 + L2."),
        Setting(
            "Share of λ in L1",
            "share of λ in L1",
            "Penalty",
            symbol="L1 share",
            file="share",
            slider=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
            swept=(0.0, 0.25, 0.5, 0.75, 1.0),
            percent=True,
            when=Part("penalty", ("l1_l2",), "the penalty L1 + L2 with λ above 0"),
            branches=True,
        ),
    ] = 0.5
    dropout: Annotated[
        float,
        Field(ge=0.0, le=0.95, description="Dropout rate after every hidden layer."),
        Setting(
            "Dropout rate",
            "dropout",
            "Network",
            slider=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
            swept=(0.0, 0.2, 0.4, 0.6, 0.8),
            when=A_HIDDEN_LAYER,
            branches=True,
        ),
    ] = 0.0
    optimizer: Annotated[
        Optimizer,
        Field(description="Update rule."),
        Setting(
            "Optimizer",
            "optimizer",
            "Training",
            swept=("sgd", "momentum", "rmsprop", "adam"),
            branches=True,
        ),
    ] = "adam"
    learning_rate: Annotated[
        float,
        Field(gt=0.0, le=100.0, description="Learning rate, η."),
        Setting(
            "Learning rate, η",
            "η",
            "Training",
            file="lr",
            slider=(
                1e-5,
                1e-4,
                2e-4,
                5e-4,
                1e-3,
                2e-3,
                5e-3,
                0.01,
                0.02,
                0.05,
                0.1,
                0.2,
                0.3,
                0.5,
                1.0,
            ),
            swept=(1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03),
            log=True,
            branches=True,
        ),
    ] = 0.001
    schedule: Annotated[
        Schedule,
        Field(description="Learning rate over the steps."),
        Setting(
            "Schedule",
            "schedule",
            "Training",
            swept=("constant", "step", "exponential", "cosine"),
            branches=True,
        ),
    ] = "constant"
    final_rate: Annotated[
        float,
        Field(ge=1e-6, le=1.0, description="Rate at the end of a schedule, as a share of η."),
        Setting(
            "Rate at the end, share of η",
            "rate at the end",
            "Training",
            symbol="end rate",
            file="final",
            slider=(1e-4, 1e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
            swept=(1e-3, 0.01, 0.1, 1.0),
            log=True,
            when=Part("schedule", FALLING),
            branches=True,
        ),
    ] = 0.01
    periods: Annotated[
        int,
        Field(ge=2, le=10, description="Stretches of a step schedule, cycles of cosine restarts."),
        Setting(
            "Stretches or cycles",
            "periods",
            "Training",
            symbol="stretches",
            slider=(2, 3, 4, 5, 6, 8, 10),
            swept=(2, 3, 5, 10),
            when=Part("schedule", ("step", "cosine_restarts")),
            branches=True,
        ),
    ] = 3
    power: Annotated[
        float,
        Field(gt=0.0, le=10.0, description="Power of a polynomial schedule."),
        Setting(
            "Power",
            "power",
            "Training",
            knob="power of the polynomial",
            slider=(0.5, 1.0, 2.0, 3.0, 4.0),
            swept=(0.5, 1.0, 2.0, 4.0),
            when=Part("schedule", ("polynomial",)),
            branches=True,
        ),
    ] = 1.0
    warmup: Annotated[
        float,
        Field(gt=0.0, lt=1.0, description="Share of the steps in which the rate climbs."),
        Setting(
            "Warm-up, share of all steps",
            "warm-up",
            "Training",
            slider=(0.02, 0.05, 0.1, 0.2, 0.3, 0.5),
            swept=(0.05, 0.1, 0.2, 0.5),
            when=Part("schedule", ("warmup",)),
            branches=True,
        ),
    ] = 0.1
    plateau_factor: Annotated[
        float,
        Field(gt=0.0, lt=1.0, description="factor of ReduceLROnPlateau."),
        Setting(
            "Factor on η",
            "plateau factor",
            "Training",
            symbol="factor",
            knob="factor of ReduceLROnPlateau",
            file="factor",
            slider=(0.1, 0.2, 0.3, 0.5, 0.7, 0.9),
            swept=(0.1, 0.3, 0.5, 0.9),
            when=Part("schedule", ("plateau",)),
            branches=True,
        ),
    ] = 0.1
    plateau_patience: Annotated[
        int,
        Field(ge=1, le=100, description="patience of ReduceLROnPlateau, in epochs."),
        Setting(
            "Patience of ReduceLROnPlateau",
            "plateau patience",
            "Training",
            symbol="patience",
            file="patience",
            slider=(1, 2, 3, 4, 5, 8, 10),
            swept=(1, 3, 5, 10),
            when=Part("schedule", ("plateau",)),
            branches=True,
        ),
    ] = 3
    batch_size: Annotated[
        int,
        Field(ge=8, le=1_024, description="Images a step."),
        Setting(
            "Batch size",
            "batch size",
            "Training",
            symbol="batch",
            file="batch",
            step=32,
            swept=(16, 64, 256, 1_024),
            log=True,
            branches=True,
        ),
    ] = 128
    epochs: Annotated[
        int,
        Field(ge=1, le=100, description="Passes over the training images."),
        Setting("Epochs", "epochs", "Training", step=5, swept=(5, 10, 20, 40)),
    ] = 30
    ticket: Annotated[
        Ticket,
        Field(description="Which weights are trained; the others are zero from the start on."),
        Setting(
            "Lottery ticket",
            "ticket",
            None,
            swept=("none", "magnitude", "random"),
            late=True,
        ),
    ] = "none"
    kept: Annotated[
        float,
        Field(gt=0.0, le=1.0, description="Share of each hidden layer's weights in the ticket."),
        Setting(
            "Share of weights kept",
            "kept",
            None,
            slider=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
            swept=(0.02, 0.05, 0.1, 0.2, 0.5),
            log=True,
            percent=True,
            when=Part("ticket", ("magnitude", "random")),
            late=True,
        ),
    ] = 0.1
    seed: Annotated[
        int,
        Field(
            ge=0,
            le=2**31 - 1,
            description="Draws the initial weights, the dropout masks and the wrong labels.",
        ),
        Setting("Seed", "seed", "Images"),
    ] = 0
    branch_epoch: Annotated[
        int,
        Field(ge=0, le=99, description="Epochs after which the settings of branch take over."),
        Setting(
            "Branch after epoch",
            "branch epoch",
            None,
            knob="epoch of the branch",
            file="after",
            swept=(0, 5, 10, 15),
            when=Needs("a branch", lambda values: bool(values["branch"])),
            late=True,
        ),
    ] = 0
    branch: Annotated[
        Changes,
        BeforeValidator(_pairs),
        AfterValidator(_checked_changes),
        Field(description="Settings that change in the middle of the run."),
        Setting("Branch", "branch", None, file="branch-", late=True),
    ] = ()

    @model_validator(mode="after")
    def _enough_images(self) -> Self:
        largest = DATASETS[self.dataset].train
        if self.train_size > largest:
            raise ValueError(
                f"train_size must be from 10 to {largest:,} for dataset '{self.dataset}', "
                f"not {self.train_size:,}"
            )
        return self


SETTINGS: dict[str, Setting] = {
    field: next(row for row in info.metadata if isinstance(row, Setting))
    for field, info in Settings.model_fields.items()
}
# What a branch may change.
BRANCHING = tuple(field for field, row in SETTINGS.items() if row.branches)


def in_play(field: str, value_of: Callable[[str], Any]) -> bool:
    """Whether a setting has a meaning beside the others: one that is a part of another has it under
    that one's words, even where that one is without effect: λ may be 0."""
    when = SETTINGS[field].when
    return not isinstance(when, Part) or value_of(when.of) in when.under


def acts(field: str, values: Values) -> bool:
    """Whether a setting has an effect beside the others."""
    when = SETTINGS[field].when
    if isinstance(when, Part):
        return in_play(field, values.__getitem__) and acts(when.of, values)
    return when is None or when.met(values)


def needs(field: str) -> str:
    """What a setting needs of the others to have an effect, in words; may be empty."""
    when = SETTINGS[field].when
    if isinstance(when, Part):
        labels = " or ".join(CHOICES[when.of][word].label for word in when.under)
        return when.needs or f"the {SETTINGS[when.of].name} {labels}"
    return "" if when is None else when.words


def parts(field: str) -> list[str]:
    """The settings that are parts of one."""
    return [
        name
        for name, row in SETTINGS.items()
        if isinstance(row.when, Part) and row.when.of == field
    ]


def written(field: str, value: Any) -> str:
    """A value as it stands in a link, a file and a notebook, and as it is typed: "128-64",
    "penalty-l2~lam-10"."""
    if field == "hidden":
        return "-".join(map(str, value)) or "none"
    if field == "branch":
        return "~".join(f"{name}-{written(name, new)}" for name, new in value) or "none"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def named(field: str) -> str:
    """What stands before a setting's value in a sentence: "λ = ", "dropout "."""
    name = SETTINGS[field].name
    return f"{name} = " if len(name) == 1 else f"{name} "


def number(value: float) -> str:
    """A figure as a person writes it: 10, 0.05, 2,000, 5e-05 as 5 × 10⁻⁵."""
    text = f"{value:,.4g}".replace("-", "−") if abs(value) >= 1e-4 else f"{value:.4g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{raised}" if mantissa != "1" else f"10{raised}"


def said(field: str, value: Any) -> str:
    """A value as a person says it: a choice by its label, a share in percent."""
    if field in CHOICES:
        return CHOICES[field][value].label
    if field == "hidden":
        return written(field, value)
    if field == "branch":
        return ", ".join(f"{named(name)}{said(name, new)}" for name, new in value) or "none"
    if SETTINGS[field].percent:
        return f"{100 * value:g}%"
    return number(value) if isinstance(value, float) else f"{value:,}"
