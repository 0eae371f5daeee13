"""How a page's runs are looked at. Nothing in a view trains anything.

Each lesson has a view of its own, `lessons/<name>/lesson.py`: a subclass of `View` with the fields
that its page has, each with its choices and its value where the page opens. What several pages
have stands here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from fmviz.page.address import OneOf
from fmviz.run.config import RunConfig
from fmviz.run.measure import TOLERANCES

MAX_PATIENCE = 100
# Of `lock`: every control of the page.
ALL = "all"
# Fields by which a teacher's link says how a page is to be used, not what it shows.
OF_TEACHER = ("lock", "hide")

# Fields that say when training stops, and with which weights.
OF_STOPPING = ("patience", "monitor", "restore", "mode", "min_delta", "baseline", "start_from")

Monitor = Literal["val_loss", "val_crossentropy", "val_accuracy"]
Mode = Literal["auto", "min", "max"]
MONITORS: dict[Monitor, str] = {
    "val_loss": "val_loss (penalty included)",
    "val_crossentropy": "validation cross-entropy",
    "val_accuracy": "validation accuracy",
}
MODES: tuple[Mode, ...] = get_args(Mode)

# Up to which |w| a weight counts as zero.
Tolerance = Annotated[float, OneOf(TOLERANCES)]
# Epochs in a row without improvement after which training stops; None is no early stopping.
Patience = Annotated[int | None, Field(ge=0, le=MAX_PATIENCE)]
# An epoch counted from 1; None is the one whose weights are kept.
Epoch = Annotated[int | None, Field(ge=1, le=100)]
# A layer counted from 1 at the input.
Layer = Annotated[int, Field(ge=1, le=7)]
Unit = Annotated[int, Field(ge=0, le=511)]
Image = Annotated[int, Field(ge=0, le=9_999)]
Seeds = Annotated[int, Field(ge=1, le=5)]


class View(BaseModel):
    """A page's fields beside the settings of its run."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def fields(cls) -> tuple[str, ...]:
        """Their names as links have them in order: the teacher's come last."""
        return (
            *(field for field in cls.model_fields if field not in OF_TEACHER),
            *(field for field in OF_TEACHER if field in cls.model_fields),
        )

    @property
    def judging(self) -> Judging:
        """How runs are judged; what the page has no field of is as where there is none."""
        present = {
            f: getattr(self, f) for f in Judging.model_fields if f in type(self).model_fields
        }
        return Judging.model_validate(present)

    @property
    def taught(self) -> Taught:
        """What a teacher's link has set; nothing where the page has no such fields."""
        return self if isinstance(self, Taught) else Taught()


class Stopping(View):
    """What keras.callbacks.EarlyStopping does to the runs, and whether test accuracy is shown."""

    patience: Patience = None
    monitor: Monitor = "val_loss"
    restore: bool = True
    test: bool = False


class EveryArgument(Stopping):
    """The arguments of EarlyStopping that are seldom touched too."""

    mode: Mode = "auto"
    min_delta: Annotated[float, Field(ge=0, le=10)] = 0.0
    baseline: Annotated[float | None, Field(ge=0, le=100)] = None
    start_from: Annotated[int, Field(ge=0, le=100)] = 0


class Judging(EveryArgument):
    """How the runs of any page are judged: by which epoch's weights, on which images, and which
    of the weights count as zero."""

    tolerance: Tolerance = 1e-3

    @property
    def early_stopping(self) -> dict[str, Any]:
        """Keyword arguments of `stopping.look`."""
        return {
            "monitor": self.monitor,
            "min_delta": self.min_delta,
            "patience": self.patience,
            "mode": self.mode,
            "baseline": self.baseline,
            "restore_best_weights": self.restore,
            "start_from_epoch": self.start_from,
        }


class Taught(View):
    """What a teacher's link can set: controls that cannot be moved, and whether results wait for a
    guess."""

    lock: tuple[str, ...] = ()
    hide: bool = False

    @classmethod
    def lockable(cls) -> tuple[str, ...]:
        """What a link can lock: any control of the page, or all of them."""
        return (ALL, *RunConfig.model_fields, *(f for f in cls.fields() if f not in OF_TEACHER))

    def locks(self, field: str) -> bool:
        """Whether the control of a field cannot be moved."""
        return locked(field, self.lock)

    @field_validator("lock")
    @classmethod
    def _known(cls, fields: tuple[str, ...]) -> tuple[str, ...]:
        if not set(fields) <= {*cls.lockable()}:
            raise ValueError(f"some of {', '.join(cls.lockable())}, with commas between them")
        return fields


def locked(field: str, lock: Iterable[str]) -> bool:
    """Whether what a link locks has a field among it."""
    return bool({field, ALL} & {*lock})
