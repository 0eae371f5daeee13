"""The compiled programs of a process, and which of them serves some runs."""

from __future__ import annotations

import threading
from collections import OrderedDict

from fmviz.run.groups import PROGRAMS_KEPT, Features, Kind, Shape
from fmviz.training.compiled import Program


class Programs:
    """Programs by kind. Safe to use from several threads.

    Args:
        most: so many are kept.
    """

    def __init__(self, most: int = PROGRAMS_KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._programs: OrderedDict[Kind, Program] = OrderedDict()

    def get(self, kind: Kind) -> Program:
        """The program of a kind, which compiles at its first calls."""
        with self._lock:
            program = self._programs.get(kind)
            if program is None:
                program = self._programs[kind] = Program(*kind)
            self._programs.move_to_end(kind)
            while len(self._programs) > self._most:
                self._programs.popitem(last=False)
            return program

    def at_hand(self, shape: Shape, features: Features, members: int) -> Kind | None:
        """The kind of a program that is compiled and serves such runs, for so many members; of two
        that which does least beyond what is needed."""
        with self._lock:
            fit = [
                kind
                for kind, program in self._programs.items()
                if program.compiled and kind.members == members and kind.serves(shape, features)
            ]
        return min(fit, key=lambda kind: sum(kind.features), default=None)

    def __len__(self) -> int:
        return len(self._programs)


programs = Programs()
