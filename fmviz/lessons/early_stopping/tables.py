"""Tables of the lesson on early stopping: the epochs that matter, the three monitors."""

from __future__ import annotations

from collections.abc import Sequence

from fmviz.analysis import calibration
from fmviz.analysis.stopping import Outcome, Shown
from fmviz.run.measure import Estimate
from fmviz.run.record import RunRecord
from fmviz.words.numbers import points

SHORT = {"val_loss": "val_loss", "val_crossentropy": "cross-entropy", "val_accuracy": "accuracy"}


def markdown(columns: Sequence[dict[str, str]]) -> str:
    """A table of columns, each heading → figure, as Markdown; narrow enough for a telephone."""
    lines = [" | ".join((name, *(column[name] for column in columns))) for name in columns[0]]
    lines.insert(1, " | ".join("---" for _ in range(len(columns) + 1)))
    return "\n".join(f"| {line} |" for line in lines)


def moments(run: Shown, test: bool) -> list[dict[str, str]]:
    """A table of the epochs that matter: a column each, what is measured → figure.

    Args:
        test: whether the reader has asked for test accuracy.
    """
    record, kept, stop = run.record, run.kept, run.stop
    if not kept:
        return []
    named: dict[int, list[str]] = {}
    stopped = None if stop is None else stop.stopped
    if stop is not None and (stopped is not None or record.complete):
        named.setdefault(kept, []).append("kept")
    if stopped is not None:
        named.setdefault(stopped, []).append("at the stop")
    end = "at the end" if record.complete else "now"
    if record.diverged is not None:
        end = "last finite epoch"
    named.setdefault(record.epochs, []).append(end)
    columns = []
    for epoch, names in named.items():
        column = {
            "weights": " = ".join(names),
            "epoch": str(epoch),
            "training": f"{points(record.estimate('train_accuracy', epoch))}%",
            "validation": f"{points(record.estimate('val_accuracy', epoch))}%",
            "gap, points": points(record.gap(epoch)),
            "cross-entropy": f"{record.at('val_crossentropy', epoch):.3f}",
        }
        if record.examples["corrupted"]:
            column["wrong labels, as told"] = (
                f"{points(record.estimate('corrupted_accuracy', epoch))}%"
            )
        column["test"] = _shown(record.estimate("test_accuracy", epoch) if test else None)
        columns.append(column)
    return columns


def _shown(test_accuracy: Estimate | None) -> str:
    return "hidden" if test_accuracy is None else f"{points(test_accuracy)}%"


def monitor_table(found: Sequence[Outcome], test: bool) -> list[dict[str, str]]:
    """A table of what each monitor hands back: a column each, what is told → figure."""
    return [
        {
            "monitor": SHORT[outcome.monitor],
            "stops after": ("never" if outcome.stopped is None else str(outcome.stopped)),
            "kept": str(outcome.kept),
            "validation": f"{points(outcome.val_accuracy)}%",
            "cross-entropy": f"{outcome.val_crossentropy:.3f}",
            "test": _shown(outcome.test_accuracy if test else None),
        }
        for outcome in found
    ]


def ece_of_seeds(records: Sequence[RunRecord]) -> list[dict[str, str]]:
    """A table of the expected calibration error where cross-entropy is lowest and in the end, in
    points: a column a seed."""
    columns = []
    for record in records:
        every = calibration.by_epoch(record)
        columns.append(
            {
                "seed": str(record.config.seed),
                "cross-entropy is lowest after": f"epoch {record.best_epoch}",
                "ECE there, points": points(every[record.best_epoch].ece),
                "ECE in the end, points": points(every[record.epochs].ece),
            }
        )
    return columns
