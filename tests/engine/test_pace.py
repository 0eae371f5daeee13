"""The time a sweep takes: the model of its cost, and the clock that corrects it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.engine.cost import cost
from fmviz.engine.pace import (
    COMPILE_DOUBT,
    DOUBT,
    OVERDUE,
    SLOWEST,
    Clock,
    Speed,
    progress,
)
from fmviz.engine.reports import Phase, Timing
from fmviz.run.config import RunConfig
from fmviz.run.groups import MEMBERS_AT_ONCE, PROGRAMS_KEPT, group, kinds_of
from fmviz.run.phases import PhaseName
from tests.support.records import synthetic, tiny


class Event(NamedTuple):
    """What `Clock.hear` takes."""

    seconds: float
    runs: dict[str, tuple[int, bool]]
    timings: tuple[Timing, ...]
    phase: Phase


class Stopwatch:
    """Adds up the seconds that the phases of a task take.

    Args:
        groups: the keys of the runs that are trained as one model, model by model.
        now: a clock, in seconds.
    """

    def __init__(self, groups: Sequence[tuple[str, ...]], now: Callable[[], float]) -> None:
        self._timings = {keys: Timing(keys) for keys in groups}
        self._now = now
        self._since: float | None = None
        self.phase = Phase("preparing")

    @property
    def timings(self) -> tuple[Timing, ...]:
        """What has been done and has ended."""
        return tuple(self._timings.values())

    def enter(self, keys: tuple[str, ...], name: PhaseName) -> None:
        """A phase begins for these runs, and the one before is over."""
        self.leave()
        epoch = self._timings[keys].epochs + 1 if name == "training" else 0
        self.phase, self._since = Phase(name, keys, epoch), self._now()

    def leave(self) -> None:
        """The phase is over, and what comes next has not begun."""
        if self._since is None:
            return
        name, keys, _ = self.phase
        timing = self._timings[keys]
        spent = getattr(timing, name) + self._now() - self._since
        self._since = None
        epochs = timing.epochs + (name == "training")
        self._timings[keys] = timing._replace(**{name: spent}, epochs=epochs)


def tasks(configs: Sequence[RunConfig]) -> list[list[RunConfig]]:
    """What is trained in turn, epoch by epoch; more than one model holds, a model at a time."""
    if len(configs) <= MEMBERS_AT_ONCE:
        return [list(configs)] if configs else []
    return [[configs[i] for i in part] for part in group(configs)]


def played(
    configs: Sequence[RunConfig], compiling: float, training: float, wrong: Sequence[float]
) -> Iterator[Event]:
    """What is reported of a sweep on a machine that is so many times as slow as the one of the
    model, which is moreover wrong by a factor of each group's own: when each phase begins and when
    each epoch is over, and how far all runs are then."""
    now, far = 0.0, {}

    def clock() -> float:
        return now

    compiled = set()
    factors = iter([*wrong] * 99)
    ended: tuple[Timing, ...] = ()
    for task in tasks(configs):
        parts = [([task[i] for i in indices], next(factors)) for indices in group(task)]
        watch = Stopwatch([keys_of(runs) for runs, _ in parts], clock)
        for epoch in range(max(config.epochs for config in task)):
            for runs, factor in parts:
                if epoch >= runs[0].epochs:
                    continue
                price, (program,) = cost(runs), kinds_of(runs)
                steps: list[tuple[PhaseName, float]] = []
                if epoch == 0:
                    steps = [("preparing", compiling * price.begin)]
                    if program not in compiled:
                        steps.append(("compiling", compiling * price.compile))
                    compiled.add(program)
                for name, seconds in [*steps, ("training", training * factor * price.epoch)]:
                    watch.enter(keys_of(runs), name)
                    yield Event(now, dict(far), ended + watch.timings, watch.phase)
                    now += seconds
                far |= {c.key: (epoch + 1, epoch + 1 == c.epochs) for c in runs}
            watch.leave()
            yield Event(now, dict(far), ended + watch.timings, watch.phase)
        ended += watch.timings


def keys_of(configs: Sequence[RunConfig]) -> tuple[str, ...]:
    return tuple(config.key for config in configs)


SWEEPS = [
    [tiny(lam=float(lam), penalty="l2", seed=seed) for lam in (1, 2, 3) for seed in (0, 1, 2)],
    [RunConfig(hidden=(width,), epochs=10, train_size=1_000) for width in (8, 32, 128, 512)],
    [RunConfig(train_size=n, epochs=8, seed=s) for n in (100, 1_000, 5_000) for s in range(4)],
    [
        RunConfig(hidden=(32,) * depth, optimizer=optimizer, epochs=6, train_size=500)
        for depth in (1, 2, 3, 4)
        for optimizer in ("sgd", "adam", "rmsprop")
    ],
]
SLOW = st.floats(0.3, 8)


def test_what_is_compiled_is_not_compiled_again() -> None:
    configs = SWEEPS[1]
    known = tuple(kinds_of([config])[0] for config in configs)
    new, old = Clock(configs, Speed()), Clock(configs, Speed(compiled=known))
    compiling = sum(cost([config]).compile for config in configs)
    assert new.left(0.0) - old.left(0.0) == pytest.approx(compiling)


def test_a_slower_machine_takes_longer_and_a_worker_that_starts_comes_on_top() -> None:
    for configs in SWEEPS:
        plain = Clock(configs, Speed()).left(0.0)
        assert Clock(configs, Speed(3.0, 3.0)).left(0.0) == pytest.approx(3 * plain)
        assert Clock(configs, Speed(), ready_in=7.0).left(0.0) == pytest.approx(7 + plain)
        # The same run twice is trained once.
        assert Clock([*configs, *configs], Speed()).left(0.0) == pytest.approx(plain)
    assert Clock([], Speed()).left(0.0) == 0
    assert Clock([], Speed()).share == 1


@given(st.sampled_from(SWEEPS), SLOW, SLOW, st.lists(st.floats(0.7, 1.5), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_the_clock_ends_at_nought_and_never_runs_backwards(
    configs: list[RunConfig], compiling: float, training: float, wrong: list[float]
) -> None:
    clock = Clock(configs, Speed())
    assert clock.share == 0
    share = 0.0
    for event in played(configs, compiling, training, wrong):
        assert clock.left(event.seconds) > 0
        clock.hear(*event)
        assert share <= clock.share <= 1
        share = clock.share
    assert clock.left(event.seconds) == 0
    assert share == pytest.approx(1)


@given(st.sampled_from(SWEEPS), SLOW, st.lists(st.floats(0.8, 1.25), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_half_way_the_total_is_right_within_a_factor_of_two(
    configs: list[RunConfig], slow: float, wrong: list[float]
) -> None:
    events = list(played(configs, slow, slow, wrong))
    total = events[-1].seconds
    clock = Clock(configs, Speed())
    for event in events:
        clock.hear(*event)
        if event.seconds > total / 2:
            assert 0.5 < (event.seconds + clock.left(event.seconds)) / total < 2


@given(st.sampled_from(SWEEPS), SLOW)
@settings(max_examples=30, deadline=None)
def test_the_second_sweep_is_foreseen_better_than_the_first(
    configs: list[RunConfig], slow: float
) -> None:
    first = Clock(configs, Speed())
    for event in played(configs, slow, slow, [1.0]):
        first.hear(*event)
    speed = Speed().after(first)
    # Other numbers, the same shapes: nothing is compiled.
    again = [config.replace(seed=config.seed + 50) for config in configs]
    took = sum(
        slow * (cost(runs).begin + cost(runs).epoch * runs[0].epochs)
        for runs in ([again[i] for i in part] for part in group(again))
    )
    compiled = tuple(first.compiled)
    learned, naive = (Clock(again, s).left(0.0) for s in (speed, Speed(compiled=compiled)))
    assert abs(math.log(learned / took)) <= abs(math.log(naive / took)) + 1e-9
    assert len(speed.compiled) <= PROGRAMS_KEPT


@pytest.mark.parametrize("slow", [5.0, 15.0])
def test_silence_makes_the_estimate_grow(slow: float) -> None:
    """A first epoch that does not come is not for ever a second away."""
    configs = SWEEPS[1]
    clock = Clock(configs, Speed())
    foreseen = clock.left(0.0)
    total = [now + clock.left(now) for now in (foreseen, slow * foreseen)]
    assert foreseen < total[0] < total[1]
    assert total[1] > slow * foreseen


def test_a_wait_for_the_worker_is_no_slow_training() -> None:
    configs = SWEEPS[0]
    clock = Clock(configs, Speed(), ready_in=10.0)
    before = clock.left(0.0)
    clock.wait(8.0, 2.0)
    assert clock.left(8.0) == pytest.approx(before - 8.0)
    clock.wait(8.0, 30.0)
    assert clock.left(8.0) == pytest.approx(before + 20.0)


ONE = tiny(epochs=10)
PRICE = cost([ONE])


def timing(**changes: Any) -> Timing:
    return Timing((ONE.key,), **changes)


def test_how_fast_it_compiles_and_trains_is_what_the_worker_reports() -> None:
    """However long ago its reports came, and however long nothing was heard before."""
    clock = Clock([ONE], Speed())
    before = 2.0, 3 * PRICE.compile
    clock.hear(77.0, {}, [timing(preparing=before[0])], Phase("compiling", (ONE.key,)))
    clock.hear(99.0, {}, [timing(preparing=before[0], compiling=before[1])], training(1))
    reference = PRICE.begin + PRICE.compile
    assert clock.compiling == pytest.approx(
        (COMPILE_DOUBT + sum(before)) / (COMPILE_DOUBT + reference)
    )
    assert clock.training == 1
    spent = 4 * 5 * PRICE.epoch
    clock.hear(99.5, {}, [timing(epochs=4, training=spent)], training(5))
    trained = (DOUBT + spent) / (DOUBT + 4 * PRICE.epoch)
    assert clock.training == pytest.approx(trained)


def training(epoch: int) -> Phase:
    return Phase("training", (ONE.key,), epoch)


def test_what_is_compiled_already_is_not_waited_for_and_teaches_nothing_of_the_compiler() -> None:
    foreseen = Clock([ONE], Speed()).left(0.0)
    clock = Clock([ONE], Speed())
    clock.hear(0.0, {}, [timing()], Phase("preparing", (ONE.key,)))
    assert clock.left(0.0) == pytest.approx(foreseen)
    # It has been compiled ahead, for another page.
    clock.hear(PRICE.begin, {}, [timing(preparing=PRICE.begin)], training(1))
    assert clock.left(PRICE.begin) == pytest.approx(10 * PRICE.epoch)
    assert clock.compiling == pytest.approx(1)
    assert clock.compiled == [*kinds_of([ONE])]


def test_runs_that_are_trained_with_others_than_foreseen_are_heard_all_the_same() -> None:
    keys = (tiny(seed=9).key, ONE.key)
    clock = Clock([ONE], Speed(), ready_in=10.0)
    clock.hear(0.0, {}, [Timing(keys, 2, 0.5, 0.0, 4.0)], Phase("training", keys, 3))
    assert clock.training > 1
    # Eight epochs at that rate or a slower one, and no wait any more.
    assert 8 * PRICE.epoch * clock.training <= clock.left(0.0) < 10.0


def test_what_must_be_compiled_after_all_is_waited_for() -> None:
    """A worker that has been replaced has nothing at hand."""
    clock = Clock([ONE], Speed(compiled=kinds_of([ONE])))
    before = clock.left(0.0)
    clock.hear(0.0, {}, [timing()], Phase("compiling", (ONE.key,)))
    assert clock.left(0.0) == pytest.approx(before + PRICE.compile)


def test_a_phase_runs_down_while_it_lasts_and_is_late_afterwards() -> None:
    clock = Clock([ONE], Speed())
    clock.hear(0.0, {}, [timing()], Phase("compiling", (ONE.key,)))
    whole, begin = clock.left(0.0), PRICE.begin + PRICE.compile
    assert clock.left(0.5 * begin) == pytest.approx(whole - 0.5 * begin)
    # That it takes so long says nothing of the epochs.
    late = clock.left(3 * begin)
    assert late == pytest.approx(OVERDUE * 3 * begin + 10 * PRICE.epoch)
    clock.hear(3 * begin, {}, [timing(compiling=3 * begin)], training(1))
    assert clock.left(3 * begin) == pytest.approx(10 * PRICE.epoch)


def test_reports_before_the_worker_is_at_it_do_not_end_the_wait() -> None:
    clock = Clock([ONE], Speed(), ready_in=10.0)
    before = clock.left(0.0)
    clock.hear(1.0, {})
    assert clock.left(1.0) == pytest.approx(before)
    clock.hear(2.0, {}, [timing()], Phase("preparing", (ONE.key,)))
    assert clock.left(2.0) == pytest.approx(before - 10.0)


def test_the_speed_of_a_machine_is_read_off_its_runs() -> None:
    config = RunConfig(epochs=5)
    steps = cost([config]).steps
    record = synthetic(config, seconds=[3 * steps * (epoch + 1) for epoch in range(5)])
    assert Speed.of_records([record]).training == pytest.approx(3)
    together = replace(record, made={**record.made, "trained_together": 2})
    rate = 2 * 3 * steps / cost([config] * 2).steps
    assert Speed.of_records([together]).training == pytest.approx(rate)
    assert Speed.of_records([]) == Speed()
    # A clock that stood still says nothing.
    assert Speed.of_records([synthetic(config, seconds=1e6)]).training == SLOWEST


def test_progress_of_records() -> None:
    half, whole = synthetic(tiny(), epochs=2), synthetic(tiny(seed=1))
    assert progress([half, None, whole]) == {
        half.config.key: (2, False),
        whole.config.key: (whole.epochs, True),
    }
