"""What a worker's `engine.trainer` trains with: groups, and programs at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fmviz.run.config import RunConfig
from fmviz.run.groups import Kind, features_of, kind_of, shape_of
from fmviz.run.phases import PhaseName
from fmviz.training.group import Group, Kept
from fmviz.training.programs import programs

# Members that programs are compiled for. Of the places at most a third is left over, and a shape
# takes six programs at most.
SLOTS = (1, 2, 3, 4, 6, 8)


class KerasBackend:
    """Groups of real networks; see `engine.trainer.Backend`."""

    def at_hand(self, configs: Sequence[RunConfig], most: int) -> int:
        """Members of the smallest compiled program that serves these runs; 0 where none does."""
        kind = _at_hand(configs, len(configs), most)
        return 0 if kind is None else kind.members

    def slots(self, members: int) -> int:
        """Members of the program that is to be compiled for so many."""
        return next((slots for slots in SLOTS if slots >= members), members)

    def group(
        self,
        configs: Sequence[RunConfig],
        *,
        slots: int,
        test: bool,
        begun: str,
        on_phase: Callable[[PhaseName], None],
    ) -> Group:
        """A group of these runs, on a program at hand if there is one with so many places."""
        kind = _at_hand(configs, slots, slots) or kind_of(configs, slots)
        return Group(configs, kind=kind, test=test, begun=begun, on_phase=on_phase)

    def resumed(self, kept: Kept, on_phase: Callable[[PhaseName], None]) -> Group:
        """The group that goes on where another stood."""
        return Group.resumed(kept, on_phase)


def _at_hand(configs: Sequence[RunConfig], least: int, most: int) -> Kind | None:
    return programs.at_hand(shape_of(configs[0]), features_of(configs), least, most)
