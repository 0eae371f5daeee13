"""What determines a run, and what values it may take.

A run is a value: two equal `RunConfig`s are the same run, and `RunConfig.key` names that
run in the store, in the scheduler, in a URL and in a file. This module is the only place
that states a bound or a default; `settings` has what a setting is called and when it acts.
"""

from __future__ import annotations

import hashlib
import json
import math
from functools import cache
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo

from fmviz.run.choices import (
    CHOICES,
    DATASETS,
    MAX_HIDDEN_LAYERS,
    MAX_UNITS,
    Activation,
    Dataset,
    Initializer,
    Optimizer,
    Penalty,
    Schedule,
)
from fmviz.run.settings import SETTINGS

# Part of every key. Raise it whenever a record measures something new or differently, so that
# runs stored by an older fmviz are trained again instead of being misread.
RECORD_SCHEMA = 4


class RunConfig(BaseModel):
    """Everything that determines a run; frozen, validated and in canonical form.

    Configs that are written differently and mean the same run compare equal: λ = 0 and penalty
    "none" are one config, and a setting that the others leave without effect (σ under Glorot, the
    activation of a network without hidden layers, a batch larger than the training set) is brought
    to one value.

    Raises:
        pydantic.ValidationError: a value out of bounds or an unknown choice. `problems` turns
            it into sentences for a reader.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    dataset: Dataset = Field("compact", description="Which images.")
    train_size: int = Field(5_000, ge=10, le=55_000, description="Training images, n.")
    label_noise: float = Field(
        0.0, ge=0.0, le=1.0, description="Share of training images told a random wrong label."
    )
    hidden: tuple[int, ...] = Field((128,), description="Widths of the hidden layers.")
    activation: Activation = Field("tanh", description="Hidden activation.")
    initializer: Initializer = Field(
        "normal", description="kernel_initializer of every layer; biases start at zero."
    )
    init_std: float = Field(
        0.05, ge=0.0, le=10.0, description="σ of the normal initializer, every layer."
    )
    penalty: Penalty = Field("none", description="What holds the weights down; biases are free.")
    lam: float = Field(0.0, ge=0.0, le=10_000.0, description="The notes' λ.")
    l1_share: float = Field(0.5, ge=0.0, le=1.0, description="Share of λ that is L1 in L1 + L2.")
    dropout: float = Field(
        0.0, ge=0.0, le=0.95, description="Dropout rate after every hidden layer."
    )
    optimizer: Optimizer = Field("adam", description="Update rule.")
    learning_rate: float = Field(0.001, gt=0.0, le=100.0, description="Learning rate, η.")
    schedule: Schedule = Field("constant", description="Learning rate over the steps.")
    final_rate: float = Field(
        0.01, ge=1e-6, le=1.0, description="Rate at the end of a schedule, as a share of η."
    )
    periods: int = Field(
        3, ge=2, le=10, description="Stretches of a step schedule, cycles of cosine restarts."
    )
    power: float = Field(1.0, gt=0.0, le=10.0, description="Power of a polynomial schedule.")
    warmup: float = Field(
        0.1, gt=0.0, lt=1.0, description="Share of the steps in which the rate climbs."
    )
    plateau_factor: float = Field(0.1, gt=0.0, lt=1.0, description="factor of ReduceLROnPlateau.")
    plateau_patience: int = Field(
        3, ge=1, le=100, description="patience of ReduceLROnPlateau, in epochs."
    )
    batch_size: int = Field(128, ge=8, le=1_024, description="Images a step.")
    epochs: int = Field(30, ge=1, le=100, description="Passes over the training images.")
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        description="Draws the initial weights, the dropout masks and the corrupted labels.",
    )

    @field_validator("hidden")
    @classmethod
    def check_hidden(cls, widths: tuple[int, ...]) -> tuple[int, ...]:
        """The widths themselves, where they are allowed."""
        if len(widths) > MAX_HIDDEN_LAYERS or not all(1 <= w <= MAX_UNITS for w in widths):
            raise ValueError(f"must be {allowed('hidden')}")
        return widths

    @model_validator(mode="wrap")
    @classmethod
    def _canonical(cls, given: Any, validate: ModelWrapValidatorHandler[RunConfig]) -> RunConfig:
        # The fields are checked as they come; what is then kept is built from the canonical form.
        return validate(canonical(validate(given)))

    def __getitem__(self, field: str) -> Any:
        return getattr(self, field)

    @property
    def key(self) -> str:
        """Name of the run: 32 hexadecimal digits, the same in every process and on every machine.

        SHA-256 of the canonical JSON together with `RECORD_SCHEMA`. Python writes a float as the
        shortest decimal that reads back the same, so the text does not depend on the platform.
        """
        text = json.dumps(
            {"schema": RECORD_SCHEMA, **self.model_dump(mode="json")},
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        )
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def baseline(self) -> RunConfig:
        """The matched run without a penalty: everything else, seed included, is the same."""
        return self.replace(penalty="none")

    def replace(self, **changes: Any) -> RunConfig:
        """A validated copy with some fields changed."""
        return RunConfig.model_validate(self.model_dump() | changes)

    @property
    def steps_per_epoch(self) -> int:
        """Gradient steps an epoch: the last, smaller batch is used too, as `model.fit` does."""
        return math.ceil(self.train_size / self.batch_size)


def canonical(asked: RunConfig) -> dict[str, Any]:
    """The one form of all settings that mean the same run: a setting that the others leave without
    effect (`Setting.acts`) has its default.

    Raises:
        ValueError: more training images than the data set has.
    """
    values = {field: getattr(asked, field) for field in RunConfig.model_fields}
    largest = DATASETS[asked.dataset].train
    if asked.train_size > largest:
        raise ValueError(
            f"train_size must be from 10 to {largest:,} for dataset '{asked.dataset}', "
            f"not {asked.train_size:,}"
        )
    # -0.0 equals 0.0 but is written differently, and would name the same run twice.
    values |= {f: v + 0.0 for f, v in values.items() if isinstance(v, float)}
    if values["penalty"] == "l1_l2" and values["l1_share"] in (0, 1):
        values["penalty"] = "l1" if values["l1_share"] else "l2"
    values |= {
        field: RunConfig.model_fields[field].default
        for field, row in SETTINGS.items()
        if not row.acts(values)
    }
    # AdamW is Adam with decoupled weight decay: one run, whichever of the two words asks.
    if values["optimizer"] in ("adam", "adamw"):
        values["optimizer"] = "adamw" if values["penalty"] == "weight_decay" else "adam"
    values["batch_size"] = min(values["batch_size"], values["train_size"])
    return values


DEFAULTS: dict[str, Any] = RunConfig().model_dump()


@cache
def _adapter(field: str) -> TypeAdapter[Any]:
    info = RunConfig.model_fields[field]
    kind: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    return TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False))


def validated(field: str, value: Any) -> Any:
    """One field's value by itself, whatever the other fields would make of it in a run.

    Raises:
        ValueError: it is out of bounds or an unknown choice.
    """
    checked = _adapter(field).validate_python(value)
    if field == "hidden":
        return RunConfig.check_hidden(checked)
    return checked + 0.0 if isinstance(checked, float) else checked  # no -0.0


def from_text(field: str, text: str) -> Any:
    """One field's value as it stands in a link or is typed: widths as "128-64", none as "none".

    Raises:
        ValueError: it is out of bounds or an unknown choice.
    """
    if field == "hidden":
        return validated(field, [] if text == "none" else text.split("-"))
    return validated(field, text)


def _limits(info: FieldInfo) -> dict[str, float]:
    """A field's bounds by their names in pydantic: ge, gt, le, lt."""
    names = ("ge", "gt", "le", "lt")
    return {n: getattr(rule, n) for rule in info.metadata for n in names if hasattr(rule, n)}


def bounds(field: str) -> tuple[float, float]:
    """Lowest and highest value of a numeric field of `RunConfig`, as validation has them."""
    limits = _limits(RunConfig.model_fields[field])
    return limits.get("ge", limits.get("gt", -math.inf)), limits.get(
        "le", limits.get("lt", math.inf)
    )


def allowed(field: str) -> str:
    """What a field accepts, as words for an error message."""
    if field in CHOICES:
        return "one of " + ", ".join(CHOICES[field])
    if field == "hidden":
        return (
            f"at most {MAX_HIDDEN_LAYERS} widths from 1 to {MAX_UNITS}, such as 128 or 128-64, "
            "or none"
        )
    return bounds_in_words(RunConfig.model_fields[field])


def bounds_in_words(info: FieldInfo) -> str:
    """What a numeric field accepts: "a whole number from 1 to 100", "a number above 0 up to 10"."""
    limits = _limits(info)
    low, high = limits.get("ge", limits.get("gt")), limits.get("le", limits.get("lt"))
    whole = info.annotation is int or info.annotation == int | None
    above, below = "gt" in limits, "lt" in limits
    kind = "a whole number" if whole else "a number"
    if above and below:
        return f"{kind} between {low:,g} and {high:,.10g}, neither of them included"
    return f"{kind} {'above' if above else 'from'} {low:,g} {'up ' if above else ''}to {high:,.10g}"


def problems(error: ValidationError) -> list[str]:
    """A validation error as sentences that name the field, what came and what is allowed."""
    sentences = []
    for item in error.errors():
        if not item["loc"]:
            sentences.append(str(item["msg"]).removeprefix("Value error, "))
            continue
        field = str(item["loc"][0])
        if field not in RunConfig.model_fields:
            known = ", ".join(RunConfig.model_fields)
            sentences.append(f"{field} is no setting of a run; the settings are {known}")
            continue
        sentences.append(f"{field} must be {allowed(field)}, not {item['input']!r}")
    return sentences
