"""What the lesson on early stopping says of how sure its network is, and how often right."""

from __future__ import annotations

from fmviz.analysis import calibration, significance
from fmviz.lessons.early_stopping import choosing
from fmviz.page.guessing import became
from fmviz.run.record import RunRecord
from fmviz.words.numbers import decimals, direction, percent, points, short_points
from fmviz.words.prose import Caption

# Of the question, whose section is "guess sure".
GUESS = "sure"


def question(record: RunRecord) -> Caption:
    """How sure an ended run is in the end, without how often it is right."""
    found = calibration.by_epoch(record)[record.epochs]
    return Caption("sure", {"confidence": percent(found.confidence), "epoch": str(record.epochs)})


def answer(record: RunRecord) -> int:
    """Which of the options is right: as many of its answers are right as it is sure, fewer or
    more."""
    return (0, 1, 2)[calibration.by_epoch(record)[record.epochs].too_sure.sign]


def solved(record: RunRecord, guessed: int | None) -> list[Caption]:
    """What became of a guess."""
    return became("early_stopping", f"guess {GUESS}", guessed, answer(record))


def at_epoch(record: RunRecord, epoch: int) -> Caption:
    """Whether a network is as often right as it is sure, after an epoch: on the whole, or in the
    bins, which are two chances to be wrong about it."""
    found = calibration.by_epoch(record)[epoch]
    whole, bins = (significance.among(each, 2) for each in (found.too_sure, found.beyond_luck))
    section = direction(whole, "not sure enough", "could be luck", "too sure")
    if not whole.sign and bins.sign > 0:
        section = "both"
    return Caption(
        f"calibration, {section}",
        {
            "epoch": str(epoch),
            "excess": points(whole.size),
            "confidence": percent(found.confidence),
            "accuracy": percent(record.at("val_accuracy", epoch)),
            "ece": points(found.ece),
            "luck": f"{100 * found.luck.mean:.1f}",
            "images": f"{record.examples['validation']:,}",
        },
        leads=True,
    )


def over_epochs(record: RunRecord) -> list[Caption]:
    """What becomes of ECE, and of accuracy, between the epoch of the lowest cross-entropy and the
    last."""
    best, last, lowest = record.best_epoch, record.epochs, calibration.lowest(record)
    every = calibration.by_epoch(record)
    figures = {
        "best": str(best),
        "last": str(last),
        "ece": points(every[best].ece),
        "last_ece": points(every[last].ece),
        "lowest": str(lowest),
        "lowest_ece": points(every[lowest].ece),
        "tried": str(record.epochs),
    }
    if best == last:
        return [Caption("ece, best is last", figures, leads=True), Caption("ece lowest", figures)]
    # The best epoch was chosen on these images: where it is ahead, luck had many tries.
    change = significance.chosen(calibration.change(record, last, best), record.epochs)
    accuracy = significance.chosen(choosing.change(record, best, last), record.epochs)
    digits = decimals(every[best].ece, every[last].ece, change)
    figures |= {
        "ece": points(every[best].ece, digits=digits),
        "last_ece": points(every[last].ece, digits=digits),
        "change": points(change.size, digits=digits),
        "accuracy": points(accuracy.size),
    }
    ece = direction(change, "falls", "could be noise", "rises")
    meanwhile = direction(accuracy, "rises", "could be noise", "falls")
    return [
        Caption(f"ece {ece}", figures, leads=True),
        Caption(f"accuracy meanwhile, {meanwhile}", figures),
        Caption("ece lowest", figures),
    ]


def parts(record: RunRecord) -> list[Caption]:
    """What the wrong answers make up of the cross-entropy, where it is lowest and in the end. It is
    told of these images: what each wrong answer costs is not recorded, so that it has no error."""
    best, last = record.best_epoch, record.epochs
    before, after = (calibration.parts_by_epoch(record)[epoch] for epoch in (best, last))
    figures = {
        "best": str(best),
        "last": str(last),
        "images": f"{record.examples['validation']:,}",
    }
    for name, found in (("best_", before), ("", after)):
        figures |= {
            f"{name}share": percent(found.share, 0),
            f"{name}wrong": f"{found.wrong:.3f}",
            f"{name}right": f"{found.right.value:.3f}",
            f"{name}mistakes": f"{found.mistakes:,}",
        }
        if found.mistakes:
            figures[f"{name}sure"] = points(found.sure)
    if not after.mistakes:
        return [Caption("nothing is wrong", figures)]
    captions = [Caption("wrong answers cost", figures)]
    if best != last and before.mistakes:
        captions.append(Caption("wrong answers, then and now", figures))
    return captions


def seeds(records: list[RunRecord]) -> list[Caption]:
    """Whether ECE rises from the epoch of the lowest cross-entropy to the last, over the seeds.

    Args:
        records: ended and finite runs, one a seed.
    """
    if len(records) < 2:
        return [Caption("ece of seeds, too few", {})]
    rises = [
        calibration.by_epoch(each)[each.epochs].ece.value
        - calibration.by_epoch(each)[each.best_epoch].ece.value
        for each in records
    ]
    found = significance.of_seeds(rises, records[0].examples["validation"])
    figures = {
        "seeds": str(len(records)),
        "mean": short_points(found.size),
        "low": f"{100 * (found.value - found.margin):.1f}".replace("-", "−"),
        "high": f"{100 * (found.value + found.margin):.1f}".replace("-", "−"),
    }
    return [
        Caption(f"ece of seeds, {direction(found, 'falls', 'could be noise', 'rises')}", figures)
    ]
