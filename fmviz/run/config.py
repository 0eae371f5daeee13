"""What determines a run, and what values it may take.

A run is a value: two equal `RunConfig`s are the same run, and `RunConfig.key` names that
run in the store, in the scheduler, in a URL and in a file. Its settings, their bounds and
their defaults are the rows of `fmviz.run.settings`; here they are brought to one form, and
one of them is read from text.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import ConfigDict, TypeAdapter, ValidationError, model_validator
from pydantic.fields import FieldInfo

from fmviz.run.choices import CHOICES
from fmviz.run.quoting import quoted
from fmviz.run.settings import SETTINGS, Settings, acts, allowed_widths

# Part of every key. Raise it whenever a record measures something new or differently, so that
# runs stored by an older fmviz are trained again instead of being misread. No setting is late then.
RECORD_SCHEMA = 4


def canonical(values: Mapping[str, Any]) -> dict[str, Any]:
    """The one form of all settings that mean the same run.

    Args:
        values: every setting, as `Settings` validates it.
    """
    # -0.0 equals 0.0 but is written differently, and would name the same run twice.
    form = {f: v + 0.0 if isinstance(v, float) else v for f, v in values.items()}
    if form["penalty"] == "l1_l2" and form["l1_share"] in (0, 1):
        form["penalty"] = "l1" if form["l1_share"] else "l2"
    form |= {f: info.default for f, info in Settings.model_fields.items() if not acts(f, form)}
    # AdamW is Adam with decoupled weight decay: one run, whichever of the two words asks.
    if form["optimizer"] in ("adam", "adamw"):
        form["optimizer"] = "adamw" if form["penalty"] == "weight_decay" else "adam"
    form["batch_size"] = min(form["batch_size"], form["train_size"])
    return form


class RunConfig(Settings):
    """Everything that determines a run; frozen, validated and in canonical form.

    Configs that are written differently and mean the same run compare equal: λ = 0 and penalty
    "none" are one config, and a setting that the others leave without effect (σ under Glorot, the
    activation of a network without hidden layers, a batch larger than the training set) is brought
    to one value.

    Raises:
        pydantic.ValidationError: a value out of bounds or an unknown choice. `problems` turns
            it into sentences for a reader.
    """

    @model_validator(mode="before")
    @classmethod
    def _canonical(cls, given: Any) -> dict[str, Any]:
        return canonical(Settings.model_validate(given).model_dump())

    def __getitem__(self, field: str) -> Any:
        return getattr(self, field)

    @property
    def key(self) -> str:
        """Name of the run: 32 hexadecimal digits, the same in every process and on every machine.

        SHA-256 of the canonical JSON together with `RECORD_SCHEMA`, without a default of settings
        that are `late`. Python writes a float as the shortest decimal that reads back the same, so
        the text does not depend on the platform.
        """
        values = {
            field: value
            for field, value in self.model_dump(mode="json").items()
            if not SETTINGS[field].late or self[field] != DEFAULTS[field]
        }
        text = json.dumps(
            {"schema": RECORD_SCHEMA, **values},
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
        return allowed_widths()
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
            sentences.append(f"{quoted(field)} is no setting of a run; the settings are {known}")
            continue
        sentences.append(f"{field} must be {allowed(field)}, not {quoted(item['input'])}")
    return sentences
