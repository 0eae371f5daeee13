"""How urgent a run is."""

from __future__ import annotations

from enum import IntEnum


class Urgency(IntEnum):
    """Who waits for a run: the lowest comes first."""

    LIVE = 0  # a viewer, who sees it grow
    SWEEP = 1  # a viewer, who has asked for many
    AHEAD = 2  # nobody yet
