"""An engine that plays a script: for tests of pages that must not depend on a worker's pace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from fmviz.engine.orders import FileError
from fmviz.engine.watch import Update
from fmviz.run.config import RunConfig
from fmviz.run.record import NO_SNAPSHOTS, Array, RunRecord
from fmviz.run.store import RunStore, default_folder
from tests.support.records import untested


def first_epochs(record: RunRecord, epochs: int) -> RunRecord:
    """A record as it was after so many epochs."""
    return replace(
        record,
        history={name: values[:epochs] for name, values in record.history.items()},
        layers={name: values[:epochs] for name, values in record.layers.items()},
        train_predictions=record.train_predictions[:0],
        val_predictions=record.val_predictions[:0],
        test_predictions=record.test_predictions[:0],
        val_confidences=record.val_confidences[:0],
        **NO_SNAPSHOTS,
        weights=(),
        best_weights=(),
    )


def without_test(update: Update) -> Update:
    """An update as it would be had nobody asked for the test images."""
    records = (record and untested(record) for record in update.records)
    return replace(update, records=tuple(records))


class ScriptedEngine:
    """Answers every watch with the updates that `script` makes of its configs, and notes them. Like
    the real one it has test figures only for whoever asks for them."""

    def __init__(self, script: Callable[[Sequence[RunConfig]], list[Update]]) -> None:
        self.script = script
        self.store = RunStore(default_folder())
        self.asked: list[tuple[RunConfig, ...]] = []
        self.watches: list[ScriptedWatch] = []
        self.warmed: list[tuple[RunConfig, ...]] = []
        # What viewers may ask for next, by viewer.
        self.foreseen: dict[str, tuple[tuple[RunConfig, ...], ...]] = {}
        self.trains_ahead = True
        # What is trained when no viewer wishes for anything.
        self.opening: list[tuple[RunConfig, bool]] = []
        # Orders of model files, and what comes of them: bytes, or an error's words.
        self.ordered: list[tuple[RunConfig, str, int, tuple[Array, ...]]] = []
        self.file: bytes | str = b"file"

    def known(
        self,
        configs: Sequence[RunConfig],
        *,
        brief: bool = False,
        test: bool = False,
        outline: bool = False,
    ) -> bool:
        return self.script(configs)[0].state == "done"

    def warm(self, configs: Sequence[RunConfig]) -> None:
        self.warmed.append(tuple(configs))

    def open_with(self, runs: Iterable[tuple[RunConfig, bool]]) -> None:
        self.opening = list(runs)

    def ahead(
        self, viewer: str, rows: Iterable[Sequence[RunConfig]], *, brief: bool = False
    ) -> None:
        self.foreseen[viewer] = tuple(map(tuple, rows))

    def ready_in(self) -> float:
        return 0.0

    def watch(
        self,
        configs: Sequence[RunConfig],
        *,
        brief: bool = False,
        test: bool = False,
        outline: bool = False,
        retrain: bool = False,
    ) -> ScriptedWatch:
        self.asked.append(tuple(configs))
        updates = self.script(configs)
        watch = ScriptedWatch(updates if test else [without_test(each) for each in updates])
        self.watches.append(watch)
        return watch

    def model_file(
        self,
        config: RunConfig,
        name: str,
        epoch: int,
        weights: Sequence[Array] = (),
        timeout: float = 0.0,
    ) -> ScriptedFile:
        self.ordered.append((config, name, epoch, tuple(weights)))
        return ScriptedFile(self.file)


class ScriptedFile:
    """A file that is there after two looks, or fails."""

    def __init__(self, outcome: bytes | str) -> None:
        self.outcome = outcome
        self.content = outcome if isinstance(outcome, bytes) else b""

    def __enter__(self) -> ScriptedFile:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def __iter__(self) -> Iterator[str]:
        yield "waiting"
        if isinstance(self.outcome, str):
            raise FileError(self.outcome)
        yield "making"


class ScriptedWatch:
    """Plays its updates; knows whether it was closed or given up."""

    def __init__(self, updates: list[Update]) -> None:
        self.updates = updates
        self.closed = False
        self.given_up = False
        self.turned = False

    def __enter__(self) -> ScriptedWatch:
        return self

    def __exit__(self, *exception: object) -> None:
        self.closed = True

    def __iter__(self) -> Iterator[Update]:
        yield from self.updates

    def give_up(self) -> None:
        self.closed = self.given_up = True


def shipping() -> ScriptedEngine:
    """Answers with the runs that ship, as the real engine finds them."""

    def script(configs: Sequence[RunConfig]) -> list[Update]:
        records = tuple(engine.store.get(config) for config in configs)
        return [Update("done", records, ("recorded",) * len(configs), "", 0.0)]

    engine = ScriptedEngine(script)
    return engine
