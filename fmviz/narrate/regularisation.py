"""What the lesson on L2 and L1 says of its twins."""

from __future__ import annotations

from fmviz import data, narrate
from fmviz.narrate import Caption
from fmviz.permalink import View
from fmviz.stopping import Shown


def twins(runs: list[Shown], view: View, done: bool) -> list[Caption]:
    """What can be said of the run, and of the run beside its baseline, as they stand."""
    run = runs[-1]
    captions = [narrate.gap(run)]
    noise = narrate.label_noise(run)
    if noise is not None:
        captions.append(noise)
    if run.record.config.penalty == "none":
        captions.append(Caption("no penalty", {}))
    whole = all(each.record.diverged is None for each in runs)
    if whole and len(runs) == 2:
        captions.append(narrate.against_baseline(run, runs[0]))
    if whole and done:
        captions.append(narrate.early_stopping(run, view.patience, view.monitor))
    if view.test:
        labels = data.load(run.record.config.dataset).test.labels
        captions.append(narrate.on_test(run, runs[0] if len(runs) == 2 else None, labels))
    return captions
