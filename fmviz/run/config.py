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
from functools import cache, lru_cache
from typing import Annotated, Any

from pydantic import ConfigDict, TypeAdapter, ValidationError, model_validator
from pydantic.fields import FieldInfo

from fmviz.run.choices import CHOICES
from fmviz.run.quoting import quoted
from fmviz.run.settings import (
    BRANCHING,
    SETTINGS,
    Settings,
    acts,
    allowed_changes,
    allowed_widths,
    parts,
)

# Part of every key. Raise it whenever a record measures something new or differently, so that
# runs stored by an older fmviz are trained again instead of being misread. No setting is late then.
RECORD_SCHEMA = 6


def canonical(values: Mapping[str, Any]) -> dict[str, Any]:
    """The one form of all settings that mean the same run.

    Args:
        values: every setting, as `Settings` validates it.
    """
    form = _simplest(values)
    if not values["branch"]:
        return form
    # Of the settings as they were given: λ = 0 still knows its penalty there.
    after = _simplest({**values, **dict(values["branch"])})
    if not values["branch_epoch"]:
        return after
    changes = tuple((f, after[f]) for f in BRANCHING if after[f] != form[f])
    if not changes:
        return form
    if values["branch_epoch"] >= values["epochs"]:
        raise ValueError(
            f"branch_epoch must be below epochs, which is {values['epochs']:,}, "
            f"not {values['branch_epoch']:,}"
        )
    return form | {"branch_epoch": values["branch_epoch"], "branch": changes}


def _simplest(values: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of settings without their branch."""
    # -0.0 equals 0.0 but is written differently, and would name the same run twice.
    form = {f: v + 0.0 if isinstance(v, float) else v for f, v in values.items()}
    form["branch"] = ()
    if form["penalty"] == "l1_l2" and form["l1_share"] in (0, 1):
        form["penalty"] = "l1" if form["l1_share"] else "l2"
    if form["kept"] == 1:
        form["ticket"] = "none"
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

    A run may *branch*: after `branch_epoch` epochs it goes on with the settings of `branch` in
    place of its own, from the same weights, optimizer slots and batches. A branch that changes
    nothing is none, and one after 0 epochs is another run from its start. What a branch means
    for the optimizer and its schedule is said in `theory/schedules.py`.

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
    def parent(self) -> RunConfig:
        """The whole network of a ticket: everything else, seed included, is the same."""
        return self.replace(ticket="none")

    @property
    def baseline(self) -> RunConfig:
        """The matched run that never has a penalty: everything else, seed included, is the same."""
        branch = {f: v for f, v in self.branch if f not in ("penalty", *parts("penalty"))}
        return self.replace(penalty="none", branch=branch)

    @property
    def trunk(self) -> RunConfig:
        """The run as it is without its branch; up to there the two are one."""
        return _sides(self)[0] if self.branch else self

    @property
    def after(self) -> RunConfig:
        """The settings after the branch, as those of a run without one."""
        return _sides(self)[1] if self.branch else self

    def in_epoch(self, epoch: int) -> RunConfig:
        """The settings in force in an epoch, counted from 1, as those of a run without a branch."""
        return self.trunk if epoch <= self.branch_epoch else self.after

    def replace(self, **changes: Any) -> RunConfig:
        """A validated copy with some fields changed."""
        return RunConfig.model_validate(self.model_dump() | changes)

    @property
    def steps_per_epoch(self) -> int:
        """Gradient steps an epoch: the last, smaller batch is used too, as `model.fit` does. Those
        before the branch."""
        return math.ceil(self.train_size / self.batch_size)

    def steps_in(self, epochs: int) -> int:
        """Gradient steps in the first so many epochs."""
        before = min(epochs, self.branch_epoch)
        after = (epochs - before) * self.after.steps_per_epoch
        return before * self.steps_per_epoch + after

    @property
    def steps(self) -> int:
        """Gradient steps in all."""
        return self.steps_in(self.epochs)


# Asked for in every epoch of every picture, and made by validation.
@lru_cache(maxsize=1024)
def _sides(config: RunConfig) -> tuple[RunConfig, RunConfig]:
    """The trunk of a run, and what comes after its branch."""
    trunk = config.replace(branch=())
    return trunk, trunk.replace(**dict(config.branch))


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
    """One field's value as it stands in a link or is typed: widths as "128-64", none as "none",
    a branch as "penalty-l2~lam-10".

    Raises:
        ValueError: it is out of bounds or an unknown choice.
    """
    if field == "hidden":
        return validated(field, [] if text == "none" else text.split("-"))
    if field == "branch":
        pairs = [] if text == "none" else [item.partition("-")[::2] for item in text.split("~")]
        return validated(field, pairs)
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
    if field == "branch":
        return allowed_changes()
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
        whose = ""
        if item["loc"][-1] in BRANCHING and field == "branch":
            field, whose = str(item["loc"][-1]), " of branch"
        sentences.append(f"{field}{whose} must be {allowed(field)}, not {quoted(item['input'])}")
    return sentences
