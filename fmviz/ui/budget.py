"""How much of the server pictures of growing runs may take, so that it serves others too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# Of a core, for the pictures of all viewers together: Python runs one thread at a time, whoever
# moves a control waits for it, and on a small machine the worker trains on the same cores. A
# picture takes 8 to 10 ms (`benchmarks.pictures`), so each of twenty viewers has one a second.
SHARE = 0.2
# Time a browser gets to draw one picture before the next comes.
SHORTEST_SECONDS = 0.06
# However many look on, what grows is seen to grow; sixty viewers then take a little more.
LONGEST_SECONDS = 2.5


class DrawingBudget:
    """Spreads pictures over time: each takes up its CPU time divided by `SHARE`, one after another.
    Safe to use from many threads.

    Args:
        clock: in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free = clock()
        self._lock = threading.Lock()

    def spend(self, seconds: float) -> float:
        """Account for a picture.

        Args:
            seconds: of CPU that it took.

        Returns:
            For how long its viewer should wait before the next.
        """
        with self._lock:
            now = self._clock()
            # Not further ahead than anybody waits: what was spent long ago is forgotten.
            self._free = min(max(self._free, now) + seconds / SHARE, now + LONGEST_SECONDS)
            return max(self._free - now, SHORTEST_SECONDS)
