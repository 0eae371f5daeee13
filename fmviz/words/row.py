"""What is said of the row of points below a slider: what they are, and how many there are yet."""

from __future__ import annotations

from collections.abc import Sequence

from fmviz.analysis.stopping import Shown
from fmviz.words import prose

WORDS = "row"


def described(runs: Sequence[Shown], trained: int, positions: int, *, gap: bool) -> str:
    """What the points are of.

    Args:
        runs: those that are drawn, at least one.
        trained: so many positions have been trained, of `positions`.
        gap: whether training accuracy is drawn too.
    """
    record = runs[0].record
    stopped = any(run.stop is not None for run in runs)
    one = {
        "seed": str(record.config.seed),
        "stopped": ", as early stopping leaves it" if stopped else "",
        "trained": str(trained),
        "all": str(positions),
    }
    section = "one each, all" if trained == positions else "one each"
    samples = sorted({run.record.examples["train"] for run in runs})
    noisy = any(run.record.config.label_noise for run in runs)
    figures = {
        "one": prose.text(WORDS, section, one),
        "train": " to ".join(f"{count:,}" for count in dict.fromkeys((samples[0], samples[-1]))),
        "told": " as it was told" if noisy else "",
        "validation": f"{record.examples['validation']:,}",
    }
    return prose.text(WORDS, "gap" if gap else "accuracy", figures)


def short(trained: int, positions: int, *, gap: bool) -> str:
    """`described` in one line, with which it is not told how sure the points are."""
    so_far = "" if trained == positions else " so far"
    figures = {"trained": str(trained), "all": str(positions), "so_far": so_far}
    return prose.text(WORDS, "short, gap" if gap else "short, accuracy", figures)


def alt(label: str, runs: Sequence[str], trained: int, positions: int, present: str) -> str:
    """The picture in words, for those who do not see it.

    Args:
        label: of the slider.
        runs: the names of those that are drawn.
        present: the outcome at the present position.
    """
    of = f" of {', '.join(runs)}" if len(runs) > 1 else ""
    return (
        f"Accuracy{of} along the slider {label}, at {trained} of its {positions} positions. "
        f"{present}."
    )
