"""Training ahead: while nobody waits, the runs that viewers are likely to ask for next.

Each viewer's page says which those are, most likely first. They are trained some at a time, as
members of one model, and go to the store: a control that is moved finds them done. Whoever asks for
a run meanwhile comes first, within a part of an epoch.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from fmviz.engine import limits
from fmviz.engine.jobs import Jobs
from fmviz.engine.switches import switch
from fmviz.engine.urgency import Urgency
from fmviz.run.config import RunConfig
from fmviz.run.groups import MEMBERS_AT_ONCE, way_of
from fmviz.run.store import RunStore

logger = logging.getLogger(__name__)

# Whoever has moved nothing for so long is not about to.
IDLE_SECONDS = 120.0
# How often it is looked whether there is something to do, while there is something wished for.
LOOK_SECONDS = 0.3
# Viewers whose wishes are kept, and wishes of one that are looked at.
VIEWERS = 100
WISHES = 200
# Keys known to be in the store, so that wishes are not looked up again and again.
KNOWN = 5_000
# Below so many processors there is nothing to spare.
ENOUGH_PROCESSORS = 1.0


def wanted() -> bool:
    """Whether to train ahead: FMVIZ_AHEAD, by default where there are processors to spare.

    Raises:
        SettingError: it is neither 0 nor 1.
    """
    said = switch("FMVIZ_AHEAD")
    return limits.processors() >= ENOUGH_PROCESSORS if said is None else said


@dataclass
class _Wishes:
    """What a viewer may ask for next."""

    runs: Sequence[RunConfig]
    brief: bool
    since: float = field(default_factory=time.monotonic)


class Ahead:
    """What is trained while nobody waits. Safe to use from many threads.

    Args:
        jobs: where it is asked for.
        store: where it is looked up.
    """

    def __init__(self, jobs: Jobs, store: RunStore) -> None:
        self._jobs, self._store = jobs, store
        self._changed = threading.Condition()
        self._viewers: OrderedDict[str, _Wishes] = OrderedDict()
        self._opening: list[tuple[RunConfig, bool]] = []
        self._known: OrderedDict[str, None] = OrderedDict()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="fmviz-ahead", daemon=True)

    def wish(self, viewer: str, rows: Iterable[Sequence[RunConfig]], *, brief: bool) -> None:
        """Take note of what a viewer is likely to ask for next, in place of what was noted before.

        Args:
            rows: what would stand side by side, most likely first.
            brief: whether records without weights will do.
        """
        runs = list(dict.fromkeys(islice(chain.from_iterable(rows), WISHES)))
        with self._changed:
            self._viewers[viewer] = _Wishes(runs, brief)
            self._viewers.move_to_end(viewer)
            while len(self._viewers) > VIEWERS:
                self._viewers.popitem(last=False)
            self._begin()

    def open_with(self, runs: Iterable[tuple[RunConfig, bool]]) -> None:
        """Take note of what is trained once no viewer wishes for anything: runs, and whether
        records without weights will do."""
        with self._changed:
            self._opening = list(dict.fromkeys(runs))
            self._begin()

    def close(self) -> None:
        """Train nothing ahead any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _begin(self) -> None:
        if self._thread.ident is None and not self._closed:
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                self._forget()
                if not self._viewers and not self._opening:
                    self._changed.wait()
                    continue
            try:
                if self._jobs.idle() and not self._jobs.ahead():
                    self._train_some()
            except Exception:  # this thread must outlive whatever goes wrong
                logger.exception("nothing is trained ahead for now")
            with self._changed:
                self._changed.wait(LOOK_SECONDS)

    def _forget(self) -> None:
        """Who has moved nothing for long wishes for nothing; called with the lock held."""
        now = time.monotonic()
        for viewer, wishes in list(self._viewers.items()):
            if now - wishes.since > IDLE_SECONDS:
                del self._viewers[viewer]

    def _wishes(self) -> Iterator[tuple[RunConfig, bool]]:
        """What is wished for: the first wish of each viewer, those who moved last first, then the
        second of each, and so on; at last what pages open with."""
        with self._changed:
            viewers = [(list(w.runs), w.brief) for w in reversed(self._viewers.values())]
            opening = list(self._opening)
        for place in range(max((len(runs) for runs, _ in viewers), default=0)):
            for runs, brief in viewers:
                if place < len(runs):
                    yield runs[place], brief
        yield from opening

    def _train_some(self) -> None:
        """Ask for what is wished for most and not known, with others that can share its model."""
        first: RunConfig | None = None
        chosen: list[RunConfig] = []
        all_brief = True
        for config, brief in self._wishes():
            if self._is_known(config, brief):
                continue
            if first is None:
                first = config
            alike = way_of(config) == way_of(first) and config.train_size == first.train_size
            if alike and config.epochs == first.epochs and config not in chosen:
                chosen.append(config)
                all_brief = all_brief and brief
            if len(chosen) == MEMBERS_AT_ONCE:
                break
        if chosen:
            self._jobs.ask(chosen, brief=all_brief, urgency=Urgency.AHEAD)
            for config in chosen:  # once: what fails would fail again
                self._know(config, True)
                self._know(config, False)
        else:
            with self._changed:
                # All that there is to do is done.
                self._viewers.clear()
                self._opening = []

    def _is_known(self, config: RunConfig, brief: bool) -> bool:
        key = f"{config.key}{brief}"
        if key in self._known:
            self._known.move_to_end(key)
            return True
        record = self._store.peek(config)
        # What ships with its pictures has all but the weights, which few closer looks show.
        if record is None or (record.is_brief and not record.has_snapshots and not brief):
            return False
        self._know(config, brief)
        return True

    def _know(self, config: RunConfig, brief: bool) -> None:
        self._known[f"{config.key}{brief}"] = None
        while len(self._known) > KNOWN:
            self._known.popitem(last=False)
