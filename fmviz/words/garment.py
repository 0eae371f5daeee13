"""What is said of the one image that is followed through the course."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fmviz.analysis.garment import Answer, Garment
from fmviz.analysis.stopping import Shown
from fmviz.run.data import CLASS_NAMES
from fmviz.words import prose
from fmviz.words.escaping import escaped
from fmviz.words.numbers import listed, percent
from fmviz.words.prose import Caption

PROSE = "garment"
# A share that moves by less is as large as before.
MOVED = 0.01


def text(*captions: Caption) -> str:
    """Captions as one paragraph."""
    return " ".join(prose.text(PROSE, c.section, c.figures) for c in captions)


def named(run: str) -> str:
    """A run's name within a sentence."""
    return f"*{escaped(run)}*"


def verdict(seen: Garment, answers: Sequence[Answer]) -> Caption:
    """What the networks make of it: the last beside the first where there are two."""
    names = [CLASS_NAMES[each.answer] for each in answers]
    last = answers[-1]
    right = [each for each in answers if each.answer == seen.truth]
    figures = {
        "run": named(last.run),
        "before": named(answers[0].run),
        "answer": names[-1],
        "answer_before": names[0],
        "garment": CLASS_NAMES[seen.truth].lower(),
        "truth": CLASS_NAMES[seen.truth],
        "count": str(len(answers)),
        "right": str(len(right)),
        "names": listed([named(each.run) for each in right]),
    }
    if len(answers) == 1:
        return Caption("right" if right else "wrong", figures)
    if len(answers) > 2:
        few = {len(answers): "many right", 1: "many, one right", 0: "many wrong"}
        return Caption(few.get(len(right), "many"), figures)
    if len(right) == 1:
        return Caption("turned right" if right[0] is last else "turned wrong", figures)
    return _both(seen, answers[0], last, figures)


def _both(seen: Garment, before: Answer, now: Answer, figures: dict[str, str]) -> Caption:
    """Two networks that are both right or both wrong."""
    right = now.answer == seen.truth
    section = "both right" if right else "both wrong"
    if before.shares is not None and now.shares is not None:
        was, share = float(before.shares[seen.truth]), float(now.shares[seen.truth])
        figures |= {"share_before": percent(was, 0), "share": percent(share, 0)}
        change = share - was
        if abs(change) >= MOVED:
            more, less = ("surer", "less sure") if right else ("nearer", "farther")
            return Caption(f"{section}, {more if change > 0 else less}", figures)
    alike = not right and before.answer == now.answer
    return Caption("both wrong alike" if alike else section, figures)


def share(seen: Garment, of: Answer, shares: npt.NDArray[np.float64]) -> Caption:
    """How much one network gives the true class, and what it says where that is another."""
    figures = {
        "run": escaped(of.run),
        "truth": CLASS_NAMES[seen.truth],
        "share": percent(float(shares[seen.truth]), 0),
        "answer": CLASS_NAMES[of.answer],
        "sure": percent(float(shares[of.answer]), 0),
    }
    return Caption("share right" if of.answer == seen.truth else "share wrong", figures)


def notes(seen: Garment, runs: Sequence[Shown], answers: Sequence[Answer]) -> list[Caption]:
    """What the image is, and what cannot be known of some networks."""
    captions = [Caption("note", {"place": f"{seen.place:,}"})]
    captions += [
        Caption("other epoch", {"run": named(each.run), "epoch": str(each.epoch)})
        for run, each in zip(runs, answers, strict=True)
        if each.epoch != run.kept
    ]
    if without := [named(each.run) for each in answers if each.shares is None]:
        captions.append(Caption("no shares", {"names": listed(without)}))
    return captions
