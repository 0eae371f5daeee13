"""The line above a page's panels: where the figures come from, or how far they are."""

from __future__ import annotations

from fmviz.engine.watch import Update
from fmviz.run.naming import plural


def status(update: Update, horizon: int) -> str:
    """One line: where the figures come from, or how far they are."""
    if update.state == "waiting":
        seconds = f"{update.seconds:.0f} s"
        return f":material/hourglass_top: waiting for the worker: {update.message} ({seconds})"
    if update.state == "training":
        return f":material/play_arrow: epoch {update.epoch} of {horizon}"
    if update.state == "failed":
        return ":material/error: failed"
    last = update.records[-1]
    source = update.sources[-1]
    if source == "recorded" and last is not None:
        made = last.made
        return (
            f":material/inventory_2: recorded run, {made['date']}, Keras {made['keras']}, "
            f"TensorFlow {made['tensorflow']}, {made['machine']}"
        )
    if source == "store":
        return ":material/inventory_2: trained earlier, from the store"
    if last is not None and last.diverged is not None:
        return f":material/check: trained just now, diverged in epoch {last.diverged.epoch}"
    if last is None:
        return ""
    trained = [
        record.at_end("seconds")
        for record, source in zip(update.records, update.sources)
        if record is not None and source == "trained" and record.epochs
    ]
    took = f"{sum(trained):.1f} s of gradient steps"
    return f":material/check: trained just now, {plural(horizon, 'epoch')}, {took}"
