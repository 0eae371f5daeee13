"""Which runs are trained as one model. Free of TensorFlow, for the engine wants to know as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fmviz.run.config import RunConfig

# More members than this are trained as several models: beyond it the weights and the optimizer's
# arrays leave the caches, and a member costs more (see benchmarks/).
MEMBERS_AT_ONCE = 8
# Members that programs are compiled for. Of the places at most a third is left over, and a shape
# takes six programs at most.
SLOTS = (1, 2, 3, 4, 6, 8)
# Programs that a worker keeps; the one unused for longest is dropped. That frees what Python has of
# it: of what TensorFlow has, some 17 MB a program, its cache lets go with the process alone
# (tensorflow/compiler/jit/device_compilation_cache.h), which is replaced where memory is short.
PROGRAMS_KEPT = 16


class Shape(NamedTuple):
    """What all members of a model share, and a compiled program depends on."""

    dataset: str
    hidden: tuple[int, ...]
    activation: str
    optimizer: str
    batch_size: int


class Features(NamedTuple):
    """What a program leaves out unless a member needs it."""

    dropout: bool
    weight_decay: bool
    proximal: bool
    masked: bool


class Kind(NamedTuple):
    """What is compiled once: a shape, what it leaves out, how many members."""

    shape: Shape
    features: Features
    members: int

    def serves(self, shape: Shape, features: Features) -> bool:
        """Whether it leaves out nothing that such runs need."""
        enough = all(has >= needed for has, needed in zip(self.features, features, strict=True))
        return self.shape == shape and enough


def slots_for(members: int) -> int:
    """Members of the program that is compiled for so many. Places left over take memory and time
    like the others."""
    return next((slots for slots in SLOTS if slots >= members), members)


def features_of(configs: Sequence[RunConfig]) -> Features:
    """What runs that are trained together need between them, before and after their branches."""
    sides = [side for config in configs for side in (config.trunk, config.after)]
    return Features(
        any(side.dropout > 0 for side in sides),
        any(side.penalty == "weight_decay" for side in sides),
        any(side.penalty == "l1_proximal" for side in sides),
        any(config.ticket != "none" for config in configs),
    )


class Stretch(NamedTuple):
    """Epochs of a run that one program trains; so many others come first."""

    shape: Shape
    first: int = 0


def way_of(config: RunConfig) -> tuple[Stretch, ...]:
    """The stretches of a run: one, or two where what its program depends on changes at the branch.
    Runs with the same way can be trained as one model, whatever numbers they change at which
    epochs."""
    before, after = _shape_of(config.trunk), _shape_of(config.after)
    if before == after:
        return (Stretch(before),)
    return Stretch(before), Stretch(after, config.branch_epoch)


def begins_anew(config: RunConfig) -> bool:
    """Whether a run goes on with another optimizer after its branch: its slots and its step count
    begin as they do in a new run."""
    return _shape_of(config.trunk).optimizer != _shape_of(config.after).optimizer


def _shape_of(config: RunConfig) -> Shape:
    return Shape(
        config.dataset,
        config.hidden,
        config.activation,
        # Weight decay is a feature, and without it AdamW is Adam.
        "adam" if config.optimizer == "adamw" else config.optimizer,
        config.batch_size,
    )


def kinds_of(configs: Sequence[RunConfig], members: int | None = None) -> tuple[Kind, ...]:
    """The programs that just these runs need, one for each stretch of their way, by default
    without a place left over.

    Args:
        configs: runs that can be trained as one model.
    """
    features, count = features_of(configs), members or len(configs)
    return tuple(Kind(stretch.shape, features, count) for stretch in way_of(configs[0]))


def group(configs: Sequence[RunConfig]) -> list[list[int]]:
    """Indices of the configs that are trained as one model, in order of first appearance.

    Those share their way, the training images and the number of epochs. Where there are more than
    `MEMBERS_AT_ONCE`, they are spread evenly.
    """
    alike: dict[Any, list[int]] = {}
    for index, config in enumerate(configs):
        key = way_of(config), config.train_size, config.epochs
        alike.setdefault(key, []).append(index)
    groups = []
    for indices in alike.values():
        parts = -(-len(indices) // MEMBERS_AT_ONCE)
        groups += [part.tolist() for part in np.array_split(indices, parts)]
    return groups
