"""What is said of a reader's picture before networks answer, and of those networks."""

from __future__ import annotations

from collections.abc import Sequence

from fmviz.analysis.stopping import Shown
from fmviz.pictures.own import Given
from fmviz.words.escaping import escaped
from fmviz.words.numbers import listed, points
from fmviz.words.prose import Caption


def prepared(given: Given) -> Caption:
    """What was done to a picture."""
    left, upper, right, lower = given.prepared.box
    height, width, _ = given.colours.shape
    figures = {
        "kept": f"{right - left} × {lower - upper}",
        "whole": f"{width} × {height}",
    }
    return Caption("prepared" if given.prepared.negated else "prepared, dark paper", figures)


def networks(runs: Sequence[Shown]) -> Caption:
    """How right the networks are on images of the data set."""
    each = [
        f"*{escaped(run.name)}* {points(run.record.estimate('val_accuracy', run.kept))}%"
        for run in runs
    ]
    images = f"{runs[-1].record.examples['validation']:,}"
    return Caption("networks", {"each": listed(each), "images": images})
