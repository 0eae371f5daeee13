"""How much memory training takes, before it does: a model of it, and what fits into what there is.

Counted in bytes beyond what a worker has taken already. A program stays for as long as the worker
lives; what a model of K runs needs goes with it. Fitted on what worker processes were seen to take
at their height on Linux: see `tests/engine/test_needs.py`, which holds the model against one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from fmviz.engine import limits
from fmviz.run.choices import DATASETS, N_PIXELS
from fmviz.run.config import RunConfig
from fmviz.run.groups import MEMBERS_AT_ONCE, slots_for, way_of
from fmviz.run.record import layer_sizes
from fmviz.run.snapshots import SNAPSHOT_UNITS

# A worker that has imported TensorFlow, read the images, and trained small networks.
BASE = 290 * 10**6
# A compiler at work, and what of that stays as the program.
COMPILING = 55 * 10**6
COMPILING_LAYER = 10 * 10**6
# Of a model: copies of all its weights beside the optimizer's arrays (before and after a step,
# gradients, those that records keep), copies of each of the optimizer's arrays, and images' worth
# of activations, those of a step of the evaluation.
WEIGHT_COPIES = 10
SLOT_COPIES = 2
EVALUATION_IMAGES = 1_250
MODEL = 5 * 10**6
FLOAT = 4
# What a record has of a layer after an epoch, its histograms above all.
LAYER_MEASURES = 1_000
# The optimizer's arrays for each weight: `theory/rules.py`.
SLOTS = {"sgd": 0, "adam": 2, "adamw": 2, "nadam": 2}
# So much is tried on every server: it is what the pages open with.
LEAST = 130 * 10**6

AtHand = Callable[[RunConfig, int], int]


class TooLarge(Exception):
    """A run needs more memory than there is for it.

    Attributes:
        needed, there: megabytes.
    """

    def __init__(self, needed: float, there: float) -> None:
        super().__init__(needed, there)
        self.needed, self.there = needed, there


def compiling(config: RunConfig) -> int:
    """Bytes that compiling the programs of a run takes at its height."""
    return len(way_of(config)) * (COMPILING + COMPILING_LAYER * len(config.hidden))


def model(config: RunConfig, members: int) -> int:
    """Bytes that so many runs like this one take while they are trained as one model, at most."""
    return max(_model(side, members) for side in (config.trunk, config.after))


def _model(config: RunConfig, members: int) -> int:
    sizes = layer_sizes(config)
    weights = sum((inputs + 1) * units for inputs, units in pairwise(sizes))
    whole = config.ticket == "none"  # else there is a mask for each weight
    copies = WEIGHT_COPIES + (not whole) + SLOT_COPIES * SLOTS.get(config.optimizer, 1)
    activations = max(EVALUATION_IMAGES, config.batch_size) * sum(config.hidden)
    return MODEL + FLOAT * members * (copies * weights + activations)


def record(config: RunConfig, brief: bool) -> int:
    """Bytes of what comes of a run: after each epoch the class of every image, how sure
    validation's are, and the measures of each layer; unless it is to be brief, pictures of first
    weights too, and the last and the best weights."""
    sizes = layer_sizes(config)
    info = DATASETS[config.dataset]
    row = 2 * info.validation + info.train_sample + info.test + LAYER_MEASURES * (len(sizes) - 1)
    if brief:
        return (config.epochs + 1) * row
    weights = sum((inputs + 1) * units for inputs, units in pairwise(sizes))
    row += N_PIXELS * min(SNAPSHOT_UNITS, sizes[1])
    return (config.epochs + 1) * row + 2 * FLOAT * weights


def height(config: RunConfig, members: int) -> int:
    """Bytes that they take at most where their program has to be compiled as well."""
    return compiling(config) + model(config, members)


def promised(config: RunConfig, members: int, *, begun: bool) -> int:
    """Bytes that a model may take beside what it has at a moment.

    Args:
        begun: whether it has trained an epoch: about half of what it takes comes and goes.
    """
    return model(config, members) // 2 if begun else height(config, members)


def _none_at_hand(config: RunConfig, members: int) -> int:
    return 0


def beginning(config: RunConfig, members: int, at_hand: AtHand = _none_at_hand) -> int:
    """Bytes that so many runs like this one take at most from their beginning on.

    Args:
        at_hand: members of the compiled program that serves so many such runs; 0 where there is
            none, and one is compiled.
    """
    slots = at_hand(config, members)
    return model(config, slots) if slots else height(config, slots_for(members))


def most_members(config: RunConfig, free: int, at_hand: AtHand = _none_at_hand) -> int:
    """How many runs like this one can be trained as one model, at most `MEMBERS_AT_ONCE`; 0 where
    not even one can.

    Args:
        free: bytes that may still be taken.
        at_hand: as `beginning` has it.
    """
    counts = range(MEMBERS_AT_ONCE, 0, -1)
    return next((k for k in counts if beginning(config, k, at_hand) <= free), 0)


def check(configs: Sequence[RunConfig], room: int) -> None:
    """Hold runs against what there is, each by itself.

    Args:
        room: bytes that a worker may take; see `limits.worker_room`.

    Raises:
        TooLarge: one of them needs more than a fresh worker has.
    """
    there = max(room - BASE, LEAST)
    for config in configs:
        needed = height(config, 1)
        if needed > there:
            raise TooLarge(needed / 1e6, there / 1e6)


def check_now(config: RunConfig, at_hand: AtHand = _none_at_hand) -> None:
    """Hold a run that there is too little room for against the reserve as well: it may be tried
    while there is that. Past it the system would end a process, and that may be the page's.

    Args:
        at_hand: as `beginning` has it.

    Raises:
        TooLarge: it needs more than is free at this moment.
    """
    there = max(limits.worker_room() + limits.RESERVE - _taken(), LEAST)
    needed = beginning(config, 1, at_hand)
    if needed > there:
        raise TooLarge(needed / 1e6, there / 1e6)


def free() -> int:
    """Bytes that this worker may still take, beside a program that is compiled ahead of need;
    less than none where it has taken some of the reserve."""
    return limits.worker_room() - _taken() - COMPILING - COMPILING_LAYER


def _taken() -> int:
    """Bytes that this worker has taken; what TensorFlow takes counts before it is imported, too:
    what is asked for as a worker starts is trained afterwards."""
    return max(limits.taken(), BASE)
