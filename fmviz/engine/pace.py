"""How long runs will take, and how much of that is left.

Before anything has been trained a model of the cost answers: a run's gradient steps, the measures
after each epoch, and the compiler's time for each shape of network that is new. It was fitted on
one machine; `Speed` says how this one compares, from what its worker has trained so far. While runs
go on `Clock` sets what was measured in place of what was foreseen: the groups of a sweep are
trained one after another, each at a pace of its own.

Seconds here are *reference seconds*, those of the machine the model was fitted on (two cores),
until a rate turns them into this server's.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.groups import Features, Shape, deal, features_of, group, shape_of
from fmviz.run.record import RunRecord, layer_sizes

# The fitted model, of an idle machine of two cores; `make bench-sweeps` shows how it
# fares. Operations are counted as multiplications and additions of the matrix products; the first
# layer hands no gradient on. The update reads and writes the weights and the optimizer's arrays.
OPERATION = 6.6e-12
STEP = 1e-4
LAYER_STEP = 4e-5
UPDATED_WEIGHT = 5e-10
# After an epoch all splits are passed through the network, and figures taken of every run.
MEASURED_OPERATION = 4.5e-12
EPOCH = 7e-3
MEASURED_RUN = 3.4e-3
MEASURED_LAYER = 6e-4
# Compiling, and what comes before the first epoch.
COMPILE = 1.0
COMPILE_LAYER = 0.6
BEGIN = 0.1
# What the worker remembers: see compiled.PROGRAMS_KEPT.
PROGRAMS = 12
# A rate that was only foreseen weighs as much as so many reference seconds of measuring it.
DOUBT = 0.5
COMPILE_DOUBT = 2.0
# Of a stretch that takes longer than foreseen, so much of the time it took is still expected.
OVERDUE = 0.2
# Rates beyond this come from something else than the machine.
SLOWEST = 20.0


class Program(NamedTuple):
    """What is compiled once: a shape, what it leaves out, how many members."""

    shape: Shape
    features: Features
    members: int


class Cost(NamedTuple):
    """Of runs that are trained as one model, in reference seconds.

    Attributes:
        compile: where their program is new to the worker.
        begin: what comes before the first epoch.
        epoch: an epoch with its measures.
        steps: the gradient steps of an epoch, a part of `epoch`.
    """

    compile: float
    begin: float
    epoch: float
    steps: float


def cost(configs: Sequence[RunConfig]) -> Cost:
    """What training these runs as one model takes.

    Args:
        configs: one group, as `groups.group` makes them.
    """
    config, members = configs[0], len(configs)
    first, *rest = (a * b for a, b in pairwise(layer_sizes(config)))
    layers, weights = len(rest) + 1, members * (first + sum(rest))
    info = DATASETS[config.dataset]
    operations = members * config.train_size * (4 * first + 6 * sum(rest))
    step = STEP + LAYER_STEP * layers + UPDATED_WEIGHT * weights
    steps = OPERATION * operations + step * config.steps_per_epoch
    images = info.validation + info.train_sample + info.test
    measures = MEASURED_OPERATION * 2 * weights * images
    measures += EPOCH + members * (MEASURED_RUN + MEASURED_LAYER * layers)
    return Cost(COMPILE + COMPILE_LAYER * layers, BEGIN + measures, steps + measures, steps)


def program_of(configs: Sequence[RunConfig]) -> Program:
    """What training these runs as one model compiles."""
    return Program(shape_of(configs[0]), features_of(configs), len(configs))


def reference_seconds(configs: Sequence[RunConfig]) -> float:
    """What all of these runs take together on the machine that the model was fitted on, none of
    their shapes compiled: the same on every machine, so that a bound on it is."""
    return Clock(configs, Speed()).left(0.0)


@dataclass
class _Rate:
    """Seconds a reference second, from a first guess and what was measured."""

    guess: float
    doubt: float
    seconds: float = 0.0
    reference: float = 0.0

    def add(self, seconds: float, reference: float) -> None:
        self.seconds += seconds
        self.reference += reference

    def value(self, seconds: float = 0.0, reference: float = 0.0) -> float:
        """The rate; the arguments are what has been going on for so long and has not ended."""
        measured = self.doubt * self.guess + self.seconds + seconds
        rate = measured / (self.doubt + self.reference + reference)
        return min(max(rate, 1 / SLOWEST), SLOWEST)


class Speed(NamedTuple):
    """What is known of a server before a sweep begins.

    Attributes:
        training: seconds that a reference second of training takes.
        compiling: likewise of compiling.
        compiled: the programs that its worker has at hand, the newest last.
    """

    training: float = 1.0
    compiling: float = 1.0
    compiled: tuple[Program, ...] = ()

    @classmethod
    def of_records(cls, records: Sequence[RunRecord]) -> Speed:
        """From the time that finished runs took in their gradient steps, on this very machine."""
        rates = []
        for record in records:
            members = int(record.made.get("trained_together", 1))
            if not record.epochs:
                continue
            # A record's seconds are an equal share of those of its model.
            seconds = record.at_end("seconds") * members
            rates.append(seconds / (cost([record.config] * members).steps * record.epochs))
        rate = statistics.median(rates) if rates else 1.0
        rate = min(max(rate, 1 / SLOWEST), SLOWEST)
        return cls(rate, rate)

    def after(self, clock: Clock) -> Speed:
        """With what a sweep has taught."""
        programs = [p for p in self.compiled if p not in clock.compiled] + clock.compiled
        return Speed(clock.training, clock.compiling, tuple(programs[-PROGRAMS:]))


@dataclass
class _Part:
    """Runs that are trained as one model, and how far they are."""

    keys: list[str]
    program: Program
    cost: Cost
    begin: float
    epochs: int
    done: int = 0
    ended: bool = False

    @property
    def begun(self) -> bool:
        return self.done > 0 or self.ended

    @property
    def epochs_left(self) -> int:
        return 0 if self.ended else self.epochs - self.done


@dataclass
class _Going:
    """What is under way: since when nothing has been heard of it, and its reference seconds."""

    begin: float = 0.0
    training: float = 0.0
    parts: list[_Part] = field(default_factory=list)


class Clock:
    """How much of some runs is done, and how many seconds the rest will take.

    Args:
        configs: the runs that are not known yet.
        speed: what is known of the server.
        ready_in: seconds until the worker can begin at all.
    """

    def __init__(
        self, configs: Sequence[RunConfig], speed: Speed, *, ready_in: float = 0.0
    ) -> None:
        self._compile = _Rate(speed.compiling, COMPILE_DOUBT)
        self._train = _Rate(speed.training, DOUBT)
        self._own: dict[Program, _Rate] = {}
        self._ready_in = ready_in
        self.compiled: list[Program] = []
        at_hand = list(speed.compiled)
        self._tasks: list[list[_Part]] = []
        for runs in deal(list(dict.fromkeys(configs))):
            task = []
            for indices in group(runs):
                alike = [runs[i] for i in indices]
                program, price = program_of(alike), cost(alike)
                # As the worker keeps them: the one unused for longest is dropped.
                new = program not in at_hand
                at_hand = [p for p in at_hand if p != program] + [program]
                at_hand = at_hand[-PROGRAMS:]
                begin = price.begin + (price.compile if new else 0.0)
                keys = [config.key for config in alike]
                task.append(_Part(keys, program, price, begin, alike[0].epochs))
            self._tasks.append(task)
        self._parts = [part for task in self._tasks for part in task]
        self._heard = 0.0
        self._weights = speed.compiling, speed.training

    @property
    def training(self) -> float:
        """Seconds that a reference second of training takes here, as far as is known."""
        return self._train.value()

    @property
    def compiling(self) -> float:
        """Likewise of compiling."""
        return self._compile.value()

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1; it never falls."""
        compile_, train = self._weights
        whole = done = 0.0
        for part in self._parts:
            begin, epoch = compile_ * part.begin, train * part.cost.epoch
            whole += begin + epoch * part.epochs
            done += begin * part.begun + epoch * (part.epochs - part.epochs_left)
        return done / whole if whole else 1.0

    def wait(self, seconds: float, ready_in: float) -> None:
        """Nothing can begin yet at this moment, `seconds` after the start, nor for as long as
        `ready_in` from now."""
        self._heard = max(self._heard, seconds)
        self._ready_in = ready_in

    def hear(self, seconds: float, runs: Mapping[str, tuple[int, bool]]) -> None:
        """Take in how far the runs are.

        Args:
            seconds: since the start, never fewer than the last time.
            runs: key → epochs and whether it has ended, of the runs of which something is known.
        """
        begun = trained = 0.0
        advanced: list[tuple[_Part, float]] = []
        changed = False
        for part in self._parts:
            known = [runs[key] for key in part.keys if key in runs]
            if part.ended or not known:
                continue
            ended = len(known) == len(part.keys) and all(end for _, end in known)
            epochs = max(epochs for epochs, _ in known)
            fresh = epochs - part.done
            if fresh <= 0 and not ended:
                continue
            changed = True
            if not part.begun:
                begun += part.begin
                if part.program not in self.compiled:
                    self.compiled.append(part.program)
            if fresh > 0:
                advanced.append((part, fresh * part.cost.epoch))
                trained += fresh * part.cost.epoch
                part.done = epochs
            part.ended = ended
        if not changed:
            return
        took = max(seconds - self._heard, 0.0)
        self._heard = max(seconds, self._heard)
        if begun:
            # The compiler's time is what is left of it when the epochs have had theirs.
            wait, self._ready_in = self._ready_in, 0.0
            expected = sum(self._rate(part.program).value() * cost_ for part, cost_ in advanced)
            self._compile.add(max(took - wait - expected, 0.0), begun)
        elif trained:
            self._train.add(took, trained)
            for part, reference in advanced:
                self._rate(part.program).add(took * reference / trained, reference)

    def _rate(self, program: Program) -> _Rate:
        """A program's own rate: the model may be wrong of one shape and right of another."""
        rate = self._own.setdefault(program, _Rate(1.0, DOUBT))
        rate.guess = self._train.value()
        return rate

    def left(self, seconds: float) -> float:
        """Seconds that are still to come, this long after the start; 0 once all have ended."""
        silent = max(seconds - self._heard, 0.0)
        going = self._going()
        if not going.parts:
            return 0.0
        wait = self._ready_in if going.begin else 0.0
        foreseen = wait + self._seconds(going)
        late = silent > foreseen
        if late and going.begin:
            compile_ = self._compile.value(silent - wait, going.begin)
        else:
            compile_ = self._compile.value()
        slower = 1.0
        if late and not going.begin:
            before = self._train.value()
            slower = max(self._train.value(silent, going.training) / before, 1.0)
        here = max(foreseen - silent, OVERDUE * silent)
        rest = 0.0
        for part in self._parts:
            under_way = any(part is other for other in going.parts)
            epochs = part.epochs_left - under_way
            rest += slower * self._rate(part.program).value() * part.cost.epoch * max(epochs, 0)
            if not part.begun and not under_way:
                rest += compile_ * part.begin
        return here + rest

    def _going(self) -> _Going:
        """What comes next: the first epoch of a task, compiled, or another one."""
        for task in self._tasks:
            parts = [part for part in task if not part.ended and part.epochs_left]
            if not parts:
                parts = [part for part in task if not part.ended]
            if parts:
                begin = sum(part.begin for part in parts if not part.begun)
                training = sum(part.cost.epoch for part in parts if part.epochs_left)
                return _Going(begin, training, parts)
        return _Going()

    def _seconds(self, going: _Going) -> float:
        training = sum(
            self._rate(part.program).value() * part.cost.epoch
            for part in going.parts
            if part.epochs_left
        )
        return self._compile.value() * going.begin + training


def progress(records: Sequence[RunRecord | None]) -> dict[str, tuple[int, bool]]:
    """What `Clock.hear` wants to know, of the records so far."""
    return {
        record.config.key: (record.epochs, record.complete)
        for record in records
        if record is not None
    }
