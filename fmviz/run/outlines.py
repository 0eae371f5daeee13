"""Finished runs in outline, for pictures of many: their curves, some kilobytes a run, where a whole
record takes a megabyte."""

from __future__ import annotations

import threading
from collections import OrderedDict

from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.run.store import RunStore

# Outlines that are kept: of 100 epochs a run takes 12 kB.
MOST = 500


class Outlines:
    """Outlines of the runs in a store, those used last kept at hand. Safe to use from many threads.

    Args:
        most: how many are kept.
    """

    def __init__(self, store: RunStore, most: int = MOST) -> None:
        self._store, self._most = store, most
        self._kept: OrderedDict[RunConfig, RunRecord] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, config: RunConfig) -> RunRecord | None:
        """The outline of a run; None where the store does not know it, or no longer does and it has
        not been looked at of late."""
        with self._lock:
            kept = self._kept.get(config)
            if kept is not None:
                self._kept.move_to_end(config)
                return kept
        record = self._store.peek(config)
        return None if record is None else self.put(record)

    def put(self, record: RunRecord) -> RunRecord:
        """Keep the outline of a finished run, and return it."""
        made = record.outline()
        with self._lock:
            self._kept[record.config] = made
            self._kept.move_to_end(record.config)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made
