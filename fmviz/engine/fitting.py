"""How many runs fit into a worker's memory as one model at a moment; see `needs` and `limits`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from fmviz.engine import leaving, limits, needs
from fmviz.engine.requests import Model
from fmviz.run.config import RunConfig
from fmviz.run.groups import MEMBERS_AT_ONCE

# A process this young has nothing to spare.
FRESH_SECONDS = 60.0
BEGUN = time.monotonic()


def most(config: RunConfig, others: Sequence[Model]) -> int:
    """How many runs like one fit into what this process may still take; see `Trainer`.

    Where not one does though nothing else is trained, the service is asked for a fresh process:
    those that have long been at work hold programs that nobody uses. One that is fresh, or nobody's
    to replace, or has the program, tries as long as there is a reserve. After one that had to be
    replaced for want of room, models that are not small are trained one at a time.

    Raises:
        TooLarge: there is not even that.
    """
    promised = sum(needs.promised(m.configs[0], m.slots, begun=bool(m.epochs)) for m in others)
    free = needs.free() - promised
    if others and leaving.is_tight():
        free //= 2
    fit = needs.most_members(config, free, _at_hand)
    if fit == MEMBERS_AT_ONCE or others:
        return fit
    if "fmviz.training.backend" in sys.modules:  # there is something to give back
        from fmviz.training import process

        process.give_back()
        fit = needs.most_members(config, needs.free(), _at_hand)
    if fit:
        return fit
    if time.monotonic() - BEGUN < FRESH_SECONDS or not leaving.may_be_replaced():
        needs.check_now(config, _at_hand)
        return 1
    slots = _at_hand(config, 1)
    if slots and needs.model(config, slots) <= needs.free() + limits.RESERVE:
        return 1
    leaving.ask_to_be_replaced("it has no room for what is asked for")
    return 0


def _at_hand(config: RunConfig, members: int) -> int:
    """Members of the compiled program that serves so many runs like one; 0 where there is none."""
    if "fmviz.training.backend" not in sys.modules:
        return 0
    from fmviz.training.backend import KerasBackend

    return KerasBackend().at_hand([config] * members, 2 * members)
