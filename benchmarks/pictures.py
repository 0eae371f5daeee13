"""CPU that the app spends on one picture of a growing run: `python -m benchmarks.pictures`.

Plays a recorded run of a lesson to its page epoch by epoch, as a worker tells of it, in this
process: no server, no browser, no pauses. Cards and captions are drawn with each picture, as in a
class, whose viewers have a picture a second. What is printed is the CPU of the script's thread,
which `ui.budget` shares out, and what was sent. A speed claim is the ratio of two versions, each
in a checkout of its own, run in turn a few times.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.testing.v1 import AppTest

from fmviz.engine.watch import Source, Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.page.kept import Kept
from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.run.store import RECORDED_FOLDER, RunStore, default_folder
from fmviz.ui import board, live
from fmviz.ui.session import KEY, Session

APP = str(Path(__file__).parents[1] / "app.py")
# The first ones of a page also build its charts.
UNCOUNTED = 5


def recorded(config: RunConfig) -> RunRecord:
    """A run that ships."""
    return archive.unpack((RECORDED_FOLDER / f"{config.key}.npz").read_bytes())


def first_epochs(record: RunRecord, epochs: int) -> RunRecord:
    """A record as it was after so many epochs."""
    return replace(
        record.brief(),
        history={name: values[:epochs] for name, values in record.history.items()},
        layers={name: values[:epochs] for name, values in record.layers.items()},
        train_predictions=record.train_predictions[:0],
        val_predictions=record.val_predictions[:0],
        test_predictions=record.test_predictions[:0],
    )


class Watch:
    """Known runs, and beside them one of which it tells after every epoch."""

    def __init__(self, known: Sequence[RunRecord], told: Sequence[bytes]) -> None:
        self.known, self.told = known, told

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def give_up(self) -> None:
        """As of `engine.watch.Watch`."""

    def __iter__(self) -> Iterator[Update]:
        trained: Source = "trained"
        sources = (trained,) * (len(self.known) + 1)
        for content in self.told:
            records = (*self.known, archive.unpack(content))
            yield Update("training", records, sources, "", 0.0)


class Engine:
    """Has all runs of a page but the last, and trains that one; see `engine.engine.Engine`."""

    trains_ahead = False

    def __init__(self, configs: Sequence[RunConfig]) -> None:
        *self.known_runs, grows = map(recorded, configs)
        self.told = [
            archive.pack(first_epochs(grows, epoch), level=0) for epoch in range(1, grows.epochs)
        ]
        self.store = RunStore(default_folder())

    def known(self, configs: Sequence[RunConfig], **_: bool) -> bool:
        """As none were known, so that the page watches."""
        return False

    def watch(self, configs: Sequence[RunConfig], **_: bool) -> Watch:
        """What becomes of them."""
        return Watch(self.known_runs, self.told)


class Spent:
    """Notes what each picture took, and has nobody wait."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def spend(self, seconds: float) -> float:
        """As of `ui.budget.DrawingBudget`."""
        self.seconds.append(seconds)
        return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lesson", default="regularisation")
    parser.add_argument("--runs", type=int, default=5, help="how often the page is run")
    arguments = parser.parse_args()
    lesson = LESSONS[arguments.lesson]
    spent, sent = Spent(), []
    plain = ScriptRunContext.enqueue

    def enqueue(context: ScriptRunContext, message: Any) -> None:
        if message.WhichOneof("type") == "delta":
            sent.append(message.ByteSize())
        plain(context, message)

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fmviz-pictures-"))
        stack.enter_context(mock.patch.dict(os.environ, FMVIZ_STORE=folder))
        engine = Engine(tuple(lesson.runs_of(lesson.start).values()))
        for name, stand_in in (("engine", engine), ("drawing", spent), ("long", None)):
            stack.enter_context(mock.patch.object(live, name, return_value=stand_in))
        stack.enter_context(mock.patch.object(live, "_pause"))
        stack.enter_context(mock.patch.object(board, "SECONDS_BETWEEN_FIGURES", -1.0))
        stack.enter_context(mock.patch.object(ScriptRunContext, "enqueue", enqueue))
        page = AppTest.from_file(APP, default_timeout=120)
        page.session_state[KEY] = Session(kept=Kept(asks=False))
        page.switch_page(f"pages/{lesson.name}.py")
        took = []
        for _ in range(arguments.runs):
            spent.seconds.clear()
            sent.clear()
            page.run()
            if page.exception:
                raise SystemExit(str(page.exception))
            took.append(1000 * statistics.median(spent.seconds[UNCOUNTED:]))
    pictures = len(spent.seconds)
    print(
        f"{lesson.name}: {min(took):.1f} ms a picture (the fastest of {len(took)} runs, median "
        f"{statistics.median(took):.1f}), {len(sent) / pictures:.1f} elements of "
        f"{sum(sent) / pictures / 1000:.1f} kB in all"
    )


if __name__ == "__main__":
    main()
