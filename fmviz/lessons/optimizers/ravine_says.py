"""What the lesson on optimizers says of the ravine."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fmviz.lessons.optimizers import ravine
from fmviz.lessons.optimizers.lesson import (
    LABELS,
    RACERS,
    OptimizersView,
)
from fmviz.lessons.optimizers.ravine import Ravine
from fmviz.run.settings import number
from fmviz.words.numbers import listed, rounded
from fmviz.words.prose import Caption

# Closer to the minimum than this is there; f starts at a few units.
ARRIVED = 0.01


def ravine_rule(view: OptimizersView) -> Caption:
    """The height of the ravine, with its numbers."""
    figures = {
        "kappa": number(view.curvature),
        "eta": number(view.ravine_rate),
        "steps": str(ravine.STEPS),
    }
    return Caption("ravine", figures)


def on_ravine(racers: Sequence[str], view: OptimizersView) -> list[Caption]:
    """Where each walker is after its steps, and the closed forms for those that have one."""
    here, rate = Ravine(view.curvature, view.tilted), view.ravine_rate
    left, arrived, under_way = [], [], []
    ends: dict[str, float] = {}
    for name in RACERS:
        if name not in racers:
            continue
        path = here.path(name, rate)
        value = float(here.value(path[-1]))
        label = LABELS[name]
        ends[label] = value if math.isfinite(value) else math.inf
        if len(path) <= ravine.STEPS or value > float(here.value(here.start)):
            left.append(f"{label}")
        elif value < ARRIVED:
            arrived.append(label)
        else:
            under_way.append(f"{label} {value:.2g}")
    lowest = min(ends, key=ends.__getitem__)
    best_rate, factor = ravine.best_sgd(view.curvature)
    figures = {
        "steps": str(ravine.STEPS),
        "arrived": listed(arrived),
        "under_way": listed(under_way),
        "left": listed(left),
        "near": number(ARRIVED),
        "lowest": f"{lowest}, f = {rounded(ends[lowest])}",
        "best_rate": f"{best_rate:.3g}",
        "factor": f"{factor:.3g}",
    }
    racing = [name for name in RACERS if name in racers]
    if len(arrived) == len(racing) > 1:
        figures["arrived"] = f"all {len(racing)}"
    captions = [Caption("ravine reached" if arrived else "ravine reached by none", figures)]
    for section, names in (("under way", under_way), ("left", left)):
        if names:
            captions.append(Caption(f"ravine {section}", figures))
    limits = {
        LABELS[name]: limit
        for name in ("sgd", "momentum", "nesterov")
        if name in racers and (limit := ravine.largest_rate(name, view.curvature)) is not None
    }
    if limits:
        figures["limits"] = listed([f"{n} {limit:.3g}" for n, limit in limits.items()])
        captions.append(Caption("ravine limits", figures))
    if others := [LABELS[name] for name in racing if LABELS[name] not in limits]:
        captions.append(Caption("ravine others", figures | {"others": listed(others)}))
    if "sgd" in racers:
        captions.append(Caption("ravine sgd" if view.curvature > 1 else "ravine round", figures))
    if view.tilted and view.curvature > 1:
        captions.append(Caption("ravine tilted", figures))
    return captions
