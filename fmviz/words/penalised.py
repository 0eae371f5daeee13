"""What is said of a run with a penalty beside the matched one without."""

from __future__ import annotations

from collections.abc import Sequence

from fmviz.analysis.stopping import Shown
from fmviz.words import shared
from fmviz.words.numbers import compared
from fmviz.words.prose import Caption, Claim

# Two standard errors: of the runs that open the lesson on L2 the difference has one of 2.8%, image
# by image over 2,500.
ALIKE = 0.06


def of_runs(
    runs: Sequence[Shown], done: bool, *, patience: int | None, monitor: str, test: bool
) -> list[Caption]:
    """What can be said of the run, and of the run beside its baseline, as they stand.

    Args:
        runs: the baseline, where there is a penalty, and the run.
        done: whether both have ended.
        patience, monitor: of early stopping.
        test: whether test accuracy is shown.
    """
    run = runs[-1]
    captions = [shared.gap(run)]
    noise = shared.label_noise(run)
    if noise is not None:
        captions.append(noise)
    late = shared.learns_late(run)
    if late is not None:
        captions.append(late)
    if run.record.config.penalty == "none":
        captions.append(Caption("no penalty", {}))
    whole = all(each.record.diverged is None for each in runs)
    if whole and len(runs) == 2:
        captions.append(shared.against_baseline(run, runs[0]))
        if done:
            captions.append(crossentropy(run, runs[0]))
    if whole and done:
        captions.append(shared.early_stopping(run, patience, monitor))
    if test:
        captions.append(shared.on_test(run, runs[0] if len(runs) == 2 else None))
    return captions


def crossentropy(run: Shown, baseline: Shown) -> Caption:
    """Validation cross-entropy of both: it counts how sure the network is, accuracy does not.

    A record has its mean alone, without the spread that an error would need: one within
    `ALIKE` is called alike.
    """
    now, before = (each.at("val_crossentropy") for each in (run, baseline))
    figures = {"now": f"{now:.3f}", "before": f"{before:.3f}"}
    how = compared(now, before, "falls", "rises", ALIKE)
    direction = {"falls": -1, "alike": 0, "rises": 1}[how]
    claim = Claim("val_crossentropy", run.name, direction, baseline.name)
    return Caption(f"cross-entropy {how}", figures, (claim,))
