"""What the lesson on early stopping says of rules side by side: every patience, three monitors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from fmviz.analysis import significance
from fmviz.analysis.stopping import Outcome
from fmviz.lessons.early_stopping import choosing
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.words.numbers import points, significant, small_percent
from fmviz.words.prose import Caption

# Up to so many stretches of patience are told one by one.
STRETCHES = 4


def patiences(found: Sequence[Outcome], record: RunRecord) -> list[Caption]:
    """What patience changes in this run.

    Args:
        found: what every patience makes of the finished run.
    """
    stretches = [
        (same[0].patience, same[-1].patience, epoch)
        for epoch, group in groupby(found, key=lambda outcome: outcome.kept)
        if (same := list(group))
    ]
    fired = [outcome for outcome in found if outcome.stopped is not None]
    trained = [outcome.trained for outcome in found]
    figures = {
        "least": str(min(trained)),
        "most": str(max(trained)),
        "stretches": "; ".join(
            f"epoch {epoch} under {_patience_range(first, last)}"
            for first, last, epoch in stretches
        ),
        "count": str(len({outcome.kept for outcome in found})),
        "epoch": str(found[0].kept),
        "first": str(found[1].kept),
        "trained": plural(found[1].trained, "epoch"),
        "last": str(found[-1].kept),
        "never": str(len(fired)),
    }
    if len(stretches) == 1:
        # Where stopping never fires, nor does the number of epochs differ.
        always = min(trained) == max(trained)
        section = "patience changes nothing" if always else "patience makes no difference"
        captions = [Caption(section, figures)]
    elif len(stretches) <= STRETCHES:
        captions = [Caption("patience, few epochs", figures)]
    else:
        captions = [Caption("patience, many epochs", figures)]
    if not fired:
        captions.append(Caption("patience never fires", figures))
    elif len(fired) < len(found):
        captions.append(Caption("patience from which it never fires", figures))
    hasty, patient = found[1].kept, found[-1].kept
    if hasty != patient and record.diverged is None:
        change = choosing.change(record, hasty, patient)
        # The longest patience looks at all that any does.
        tried = found[-1].looked_at
        if choosing.restored(found):
            change = significance.chosen(change, tried, both=True)
        figures = figures | {"change": points(change.size), "tried": str(tried)}
        captions.append(Caption(f"impatience, {choosing.verdict(change)}", figures))
    return captions


def _patience_range(first: int, last: int) -> str:
    if first == last:
        return f"patience {first}"
    return f"patience {first} {'or' if last == first + 1 else 'to'} {last}"


def monitors(found: Sequence[Outcome], record: RunRecord) -> list[Caption]:
    """Which epochs the three monitors choose, and whether that matters.

    Args:
        found: of `stopping.by_monitor`, on the finished run.
    """
    epochs = {outcome.monitor: outcome.kept for outcome in found}
    penalty = record.history["penalty"]
    losses = record.history["val_loss"]
    figures = {name: str(epoch) for name, epoch in epochs.items()}
    shares = [float(part / whole) if whole else 0.0 for part, whole in zip(penalty, losses)]
    figures |= {
        "first_share": small_percent(shares[0]),
        "last_share": small_percent(shares[-1]),
        "first_penalty": significant(float(penalty[0]), 3),
        "last_penalty": significant(float(penalty[-1]), 3),
    }
    captions = [Caption(f"monitors, {len(set(epochs.values()))} epochs", figures)]
    captions.append(Caption("penalty in val_loss" if penalty.any() else "no penalty", figures))
    if len(set(epochs.values())) > 1 and record.diverged is None:
        # Two epochs, also where they are right equally often.
        worst, *_, best = sorted(
            set(epochs.values()), key=lambda epoch: record.at("val_accuracy", epoch)
        )
        change = choosing.change(record, best, worst)
        tried = max(outcome.looked_at for outcome in found)
        if choosing.restored(found):
            change = significance.chosen(change, tried)
        apart = "apart" if change.real else choosing.verdict(change)
        figures = figures | {
            "change": points(change),
            "tried": str(tried),
            "best": str(best),
            "worst": str(worst),
        }
        captions.append(Caption(f"monitors, {apart}", figures))
    return captions
