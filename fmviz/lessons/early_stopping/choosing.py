"""Epochs of one run compared, some of which were chosen on the images that they are judged on."""

from __future__ import annotations

from collections.abc import Sequence

from fmviz.analysis import comparing
from fmviz.analysis.significance import Comparison
from fmviz.analysis.stopping import Outcome, Shown
from fmviz.run.record import RunRecord
from fmviz.words.numbers import direction

VERDICTS = ("worse here", "could be noise", "better here")


def change(record: RunRecord, a: int, b: int, split: str = "val") -> Comparison:
    """Accuracy of epoch a of an ended run − that of epoch b, image by image."""
    return comparing.change(Shown("", record, None, a), Shown("", record, None, b), split)


def verdict(change: Comparison) -> str:
    """The end of a section's name: a lead of what was chosen on these images is told apart from
    one that could be noise."""
    if change.same:
        return "same"
    if change.source == "chosen" and not change.real:
        return "chosen"
    return direction(change, *VERDICTS)


def restored(found: Sequence[Outcome]) -> bool:
    """Whether best epochs come back, so that the validation images have chosen what is kept."""
    return any(outcome.kept != outcome.trained for outcome in found)
