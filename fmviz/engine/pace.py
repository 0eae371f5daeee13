"""How long runs will take, and how much of that is left.

Before anything has been trained a model of the cost answers (`fmviz.engine.cost`). It was fitted on
one machine, in whose *reference seconds* it counts; `Speed` says how this one compares, from what
its worker has trained so far. While runs go on `Clock` sets what the worker reports in place of
what was foreseen: the groups of a sweep are trained one after another, each at a pace of its own.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fmviz.engine.cost import Cost, cost
from fmviz.engine.reports import Phase, Timing
from fmviz.run.config import RunConfig
from fmviz.run.groups import PROGRAMS_KEPT, Kind, group, kinds_of
from fmviz.run.record import RunRecord

# A rate that was only foreseen weighs as much as so many reference seconds of measuring it.
DOUBT = 0.5
COMPILE_DOUBT = 2.0
# Of a stretch that takes longer than foreseen, so much of the time it took is still expected.
OVERDUE = 0.2
# Rates beyond this come from something else than the machine.
SLOWEST = 20.0


def reference_seconds(configs: Sequence[RunConfig]) -> float:
    """What all of these runs take together on the machine that the model was fitted on, none of
    their shapes compiled: the same on every machine, so that a bound on it is."""
    return Clock(configs, Speed()).left(0.0)


class _Rate(NamedTuple):
    """Seconds a reference second, from a first guess and what was measured."""

    guess: float
    doubt: float
    seconds: float = 0.0
    reference: float = 0.0

    def value(self, seconds: float = 0.0, reference: float = 0.0) -> float:
        """The rate; the arguments are what has been going on for so long and has not ended."""
        measured = self.doubt * self.guess + self.seconds + seconds
        rate = measured / (self.doubt + self.reference + reference)
        return min(max(rate, 1 / SLOWEST), SLOWEST)


class _Rates:
    """What the parts of a sweep have taught so far."""

    def __init__(self, speed: Speed, parts: Sequence[_Part]) -> None:
        compiled = [part for part in parts if part.begun and part.spent]
        self.compiling = _Rate(
            speed.compiling,
            COMPILE_DOUBT,
            sum(part.spent for part in compiled),
            sum(part.begin for part in compiled),
        )
        trained: dict[tuple[Kind, ...], tuple[float, float]] = {}
        for part in parts:
            seconds, reference = trained.get(part.programs, (0.0, 0.0))
            timing = part.timing
            trained[part.programs] = (
                seconds + timing.training,
                reference + timing.epochs * part.cost.epoch,
            )
        self.training = _Rate(
            speed.training,
            DOUBT,
            sum(seconds for seconds, _ in trained.values()),
            sum(reference for _, reference in trained.values()),
        )
        # The model may be wrong of one shape and right of another.
        common = self.training.value()
        self._own = {
            programs: _Rate(common, DOUBT, seconds, reference).value()
            for programs, (seconds, reference) in trained.items()
        }

    def epoch(self, part: _Part) -> float:
        """Seconds that an epoch of a part takes."""
        return self._own[part.programs] * part.cost.epoch


class Speed(NamedTuple):
    """What is known of a server before a sweep begins.

    Attributes:
        training: seconds that a reference second of training takes.
        compiling: likewise of compiling.
        compiled: the programs that its worker has at hand, the newest last.
    """

    training: float = 1.0
    compiling: float = 1.0
    compiled: tuple[Kind, ...] = ()

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
        programs = _used(self.compiled, *clock.compiled)
        return Speed(clock.training, clock.compiling, tuple(programs))


@dataclass
class _Part:
    """Runs that are trained as one model, and how far they are.

    Attributes:
        foreseen: reference seconds before the first epoch, as they were foreseen.
        begin: likewise, as far as is known by now.
        timing: what the worker has reported last.
        begun: whether the first epoch has begun.
        done: epochs.
    """

    keys: tuple[str, ...]
    programs: tuple[Kind, ...]
    cost: Cost
    epochs: int
    foreseen: float
    begin: float
    timing: Timing
    begun: bool = False
    done: int = 0
    ended: bool = False

    @property
    def spent(self) -> float:
        """Seconds that went by before the first epoch."""
        return self.timing.preparing + self.timing.compiling

    @property
    def epochs_left(self) -> int:
        return 0 if self.ended else self.epochs - self.done

    def hear(
        self, runs: Mapping[str, tuple[int, bool]], timing: Timing, phase: Phase | None
    ) -> None:
        """Take in what is known of the runs, and the phase where it is one of theirs."""
        name = "" if phase is None else phase.name
        known = [runs[key] for key in self.keys if key in runs]
        self.timing = timing
        self.done = max([self.done, timing.epochs, *(epochs for epochs, _ in known)])
        self.ended = self.ended or (
            len(known) == len(self.keys) and all(ended for _, ended in known)
        )
        self.begun = self.begun or bool(self.done) or self.ended or name == "training"
        # Whether it is compiled may not be as foreseen: another page may have had it compiled.
        if timing.compiling or name == "compiling":
            self.begin = self.cost.begin + self.cost.compile
        elif self.begun:
            self.begin = self.cost.begin


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
        self._speed = speed
        self._ready_in = ready_in
        self._heard = 0.0
        self._news: object = None
        self._phase: Phase | None = None
        self._parts: list[_Part] = []
        at_hand = list(speed.compiled)
        runs = list(dict.fromkeys(configs))
        for indices in group(runs):
            alike = [runs[i] for i in indices]
            programs, price = kinds_of(alike), cost(alike)
            new = sum(program not in at_hand for program in programs) / len(programs)
            begin = price.begin + new * price.compile
            at_hand = _used(at_hand, *programs)
            keys = tuple(config.key for config in alike)
            self._parts.append(
                _Part(keys, programs, price, alike[0].epochs, begin, begin, Timing(keys))
            )
        self._rates = _Rates(speed, self._parts)

    @property
    def compiled(self) -> list[Kind]:
        """The programs that these runs have left with the worker, the newest last."""
        programs: list[Kind] = []
        for part in self._parts:
            if part.begun:
                programs = _used(programs, *part.programs)
        return programs

    @property
    def training(self) -> float:
        """Seconds that a reference second of training takes here, as far as is known."""
        return self._rates.training.value()

    @property
    def compiling(self) -> float:
        """Likewise of compiling, and of what else comes before the first epoch."""
        return self._rates.compiling.value()

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1; it never falls."""
        whole = done = 0.0
        for part in self._parts:
            begin = self._speed.compiling * part.foreseen
            epoch = self._speed.training * part.cost.epoch
            whole += begin + epoch * part.epochs
            done += begin * part.begun + epoch * (part.epochs - part.epochs_left)
        return done / whole if whole else 1.0

    def wait(self, seconds: float, ready_in: float) -> None:
        """The worker does nothing for these runs at this moment, `seconds` after the start, nor
        for as long as `ready_in` from now."""
        self._heard = max(self._heard, seconds)
        self._ready_in = ready_in

    def hear(
        self,
        seconds: float,
        runs: Mapping[str, tuple[int, bool]],
        timings: Sequence[Timing] = (),
        phase: Phase | None = None,
    ) -> None:
        """Take in how far the runs are.

        Args:
            seconds: since the start, never fewer than the last time.
            runs: key → epochs and whether it has ended, of the runs of which something is known.
            timings: what the worker has reported of what it did.
            phase: what it is doing.
        """
        news = (dict(runs), tuple(timings), phase)
        if news == self._news:
            return
        self._news, self._phase = news, phase
        self._heard = max(seconds, self._heard)
        if phase is not None:
            self._ready_in = 0.0
        # Runs that others have asked for as well may be trained with others than was foreseen.
        reported = {key: timing for timing in timings for key in timing.keys}
        for part in self._parts:
            at_it = phase is not None and part.keys[0] in phase.keys
            part.hear(runs, reported.get(part.keys[0], part.timing), phase if at_it else None)
        self._rates = _Rates(self._speed, self._parts)

    def left(self, seconds: float) -> float:
        """Seconds that are still to come, this long after the start; 0 once all have ended."""
        parts = [part for part in self._parts if not part.ended]
        if not parts:
            return 0.0
        at_it = (part for part in parts if self._phase and part.keys[0] in self._phase.keys)
        now = next(at_it, parts[0])
        silent = max(seconds - self._heard - self._ready_in, 0.0)
        waiting = max(self._ready_in - max(seconds - self._heard, 0.0), 0.0)
        rates = self._rates
        compiling, slower = self.compiling, 1.0
        # What goes on has a step that ends next: all up to the first epoch, or an epoch.
        if now.begun:
            step = rates.epoch(now) * min(now.epochs_left, 1)
            spent = silent
            if spent > step:
                late = rates.training.value(spent, now.cost.epoch)
                slower = max(late / self.training, 1.0)
        else:
            step = compiling * now.begin
            spent = now.spent + silent
            if spent > step:
                compiling = rates.compiling.value(spent, now.begin)
        left = waiting + max(step - spent, OVERDUE * spent)
        for part in parts:
            epochs = part.epochs_left - (part is now and now.begun)
            left += slower * rates.epoch(part) * max(epochs, 0)
            if not part.begun and part is not now:
                left += compiling * part.begin
        return left


def _used(programs: Sequence[Kind], *newest: Kind) -> list[Kind]:
    """What a worker has at hand after it has used some more: it drops those unused for longest."""
    return [*(other for other in programs if other not in newest), *newest][-PROGRAMS_KEPT:]


def progress(records: Sequence[RunRecord | None]) -> dict[str, tuple[int, bool]]:
    """What `Clock.hear` wants to know, of the records so far."""
    return {
        record.config.key: (record.epochs, record.complete)
        for record in records
        if record is not None
    }
