"""What a worker's `engine.trainer` trains with: groups, and programs at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fmviz.run.config import RunConfig
from fmviz.run.groups import Kind, features_of, kinds_of, slots_for, way_of
from fmviz.run.phases import PhaseName
from fmviz.training.group import Group, Kept
from fmviz.training.programs import programs


class KerasBackend:
    """Groups of real networks; see `engine.trainer.Backend`."""

    def at_hand(self, configs: Sequence[RunConfig], most: int) -> int:
        """Members of the smallest compiled programs that serve these runs; 0 where none do."""
        return next((kind.members for kind in _at_hand(configs, len(configs), most)), 0)

    def slots(self, members: int) -> int:
        """Members of the program that is to be compiled for so many."""
        return slots_for(members)

    def group(
        self,
        configs: Sequence[RunConfig],
        *,
        slots: int,
        test: bool,
        begun: str,
        on_phase: Callable[[PhaseName], None],
    ) -> Group:
        """A group of these runs, on programs at hand if there are some with so many places."""
        kinds = _at_hand(configs, slots, slots) or kinds_of(configs, slots)
        return Group(configs, kinds=kinds, test=test, begun=begun, on_phase=on_phase)

    def resumed(self, kept: Kept, on_phase: Callable[[PhaseName], None]) -> Group:
        """The group that goes on where another stood."""
        return Group.resumed(kept, on_phase)


def _at_hand(configs: Sequence[RunConfig], least: int, most: int) -> tuple[Kind, ...]:
    """The compiled programs for all stretches of the runs, of as many places each, as few as
    possible; nothing where one of them is missing."""
    features = features_of(configs)
    for members in range(least, most + 1):
        found = [
            programs.at_hand(stretch.shape, features, members) for stretch in way_of(configs[0])
        ]
        if all(found):
            return tuple(kind for kind in found if kind is not None)
    return ()
