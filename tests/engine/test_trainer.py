"""Whose part comes next, and who shares a model: the worker's trainer with a scripted backend, part
by part and on a clock of its own."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.engine import carried as carried_module
from fmviz.engine import trainer as trainer_module
from fmviz.engine.carried import SUFFIX, Luggage
from fmviz.engine.needs import TooLarge
from fmviz.engine.reports import Queue
from fmviz.engine.requests import Cancelled, Model, Request
from fmviz.engine.trainer import Trainer
from fmviz.engine.urgency import Urgency
from fmviz.run.config import RunConfig
from fmviz.run.groups import MEMBERS_AT_ONCE
from fmviz.run.phases import PhaseName
from fmviz.run.record import RunRecord
from tests.support.records import synthetic, tiny
from tests.support.scripted import first_epochs

WIDE = (5, 3)
# The parent of a ticket, where an epoch of it is trained.
PARENT = (-1,)


@dataclass
class Group:
    """Trains by handing out records that were made up, a second an epoch."""

    backend: Backend
    configs: Sequence[RunConfig]
    on_phase: Callable[[PhaseName], None]
    epochs: int = -1
    resumed: bool = False

    @property
    def ended(self) -> bool:
        return self.epochs == max(config.epochs for config in self.configs)

    @property
    def have_ended(self) -> list[bool]:
        return [self.epochs >= config.epochs for config in self.configs]

    def parts(self) -> Iterator[bool]:
        if self.resumed:
            yield True
            if self.ended:
                yield True
        parents = [config for config in self.configs if config.ticket == "magnitude"]
        for _ in range(self.configs[0].epochs if parents and not self.resumed else 0):
            self.backend.trained.append(PARENT)
            self.backend.now += 1.0
            yield False
        while not self.ended:
            if self.epochs >= 0:
                self.on_phase("training")
                self.backend.trained.append(tuple(c.seed for c in self.configs))
                self.backend.now += 1.0
            if self.backend.error is not None:
                raise self.backend.error
            self.epochs += 1
            yield True

    def records(self) -> list[RunRecord]:
        return [
            synthetic(config, seed=config.seed)
            if self.epochs >= config.epochs
            else first_epochs(synthetic(config, seed=config.seed), self.epochs)
            for config in self.configs
        ]

    def kept(self) -> tuple[Sequence[RunConfig], int] | None:
        return (self.configs, self.epochs) if self.backend.can_be_kept else None


@dataclass
class Backend:
    """What the trainer trains with here.

    Attributes:
        programs: members of those that are compiled; None where all are.
        trained: the seeds of the members of each epoch, in order.
        made: of each model.
    """

    now: float = 100.0
    trained: list[tuple[int, ...]] = field(default_factory=list)
    made: list[tuple[int, ...]] = field(default_factory=list)
    error: Exception | None = None
    programs: set[int] | None = None
    can_be_kept: bool = True

    def at_hand(self, configs: Sequence[RunConfig], most: int) -> int:
        if self.programs is None:
            return len(configs)
        return min((k for k in self.programs if len(configs) <= k <= most), default=0)

    def slots(self, members: int) -> int:
        return members

    def group(self, configs: Sequence[RunConfig], **options: Any) -> Group:
        if self.programs is not None:
            self.programs.add(options["slots"])
        self.made.append(tuple(c.seed for c in configs))
        return Group(self, configs, options["on_phase"])

    def resumed(
        self, kept: tuple[Sequence[RunConfig], int], on_phase: Callable[[PhaseName], None]
    ) -> Group:
        configs, epochs = kept
        return Group(self, configs, on_phase, epochs, resumed=True)


class Room:
    """A trainer that is turned by hand, and who asks it."""

    def __init__(
        self,
        most: Callable[[RunConfig, Sequence[Model]], int] = lambda config, others: MEMBERS_AT_ONCE,
        luggage: Luggage | None = None,
    ) -> None:
        self.backend = Backend()
        backend = self.backend
        self.trainer = Trainer(lambda: backend, lambda: backend.now, most, luggage=luggage)
        self.trainer._ready_backend()
        self.given_up: set[int] = set()
        self.told: dict[int, list[int]] = {}
        self.queues: dict[int, list[Queue | None]] = {}

    def ask(self, *configs: RunConfig, **options: Any) -> Request:
        def tell(request: Request, measured: bool) -> None:
            self.queues.setdefault(id(request), []).append(request.queue)
            if measured and request.records:
                epochs = min(record.epochs for record in request.records)
                self.told.setdefault(id(request), []).append(epochs)

        request = Request(configs, lambda: id(request) in self.given_up, tell, **options)
        self.trainer.ask(request)
        return request

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.trainer.turn()

    def play(self) -> None:
        """Turn until nothing is left; time goes by where there is nothing to do."""
        for _ in range(10_000):
            if not self.trainer.turn():
                if not self.trainer.busy:
                    return
                self.backend.now += 0.1
        raise AssertionError("it never ends")


@pytest.fixture
def room() -> Room:
    return Room()


def run(seed: int, epochs: int = 3, **changes: Any) -> RunConfig:
    return tiny(seed=seed, epochs=epochs, **changes)


def test_requests_that_can_share_a_model_are_its_members_whoever_asked(room: Room) -> None:
    requests = [room.ask(run(seed)) for seed in range(MEMBERS_AT_ONCE + 2)]
    room.turn()
    assert room.backend.made[0] == tuple(range(MEMBERS_AT_ONCE))
    room.play()
    # The last two have waited for company, in vain.
    assert room.backend.made[1:] == [(8, 9)]
    for request in requests:
        assert [record.config for record in request.records] == list(request.configs)


def test_a_class_is_served_group_by_group_where_models_are_trained_side_by_side(
    room: Room,
) -> None:
    room.trainer = Trainer(lambda: room.backend, lambda: room.backend.now, threads=2)
    room.trainer._ready_backend()
    few = trainer_module.GATHERED
    requests = [room.ask(run(seed, epochs=10)) for seed in range(4 * few)]
    # What one viewer has asked for is one model all the same.
    whole = room.ask(*(run(100 + k, epochs=10) for k in range(MEMBERS_AT_ONCE)))
    ended: list[int] = []
    while not all(request.ended.is_set() for request in (*requests, whole)):
        room.turn()
        ended.append(sum(request.ended.is_set() for request in requests))
    assert room.backend.made == [
        *(tuple(range(first, first + few)) for first in range(0, 4 * few, few)),
        tuple(range(100, 100 + MEMBERS_AT_ONCE)),
    ]
    # All have a point before any has ended, and then they end group by group: half have all of
    # theirs when the others have little more than half.
    models = len(room.backend.made)
    assert set(room.backend.trained[:models]) == set(room.backend.made)
    assert sorted(set(ended)) == [0, few, 2 * few, 3 * few, 4 * few]
    assert ended[int(0.7 * len(ended))] >= 2 * few


def test_one_that_comes_while_its_like_trains_waits_a_moment_for_company(room: Room) -> None:
    room.ask(run(0, epochs=9))
    room.turn(2)
    room.ask(run(1))
    room.backend.now += trainer_module.GATHER_SECONDS / 2
    room.ask(run(2))
    room.turn()
    assert room.backend.made == [(0,)]
    room.backend.now += trainer_module.GATHER_SECONDS / 2
    room.turn()
    assert room.backend.made == [(0,), (1, 2)]


def test_runs_that_come_one_by_one_and_belong_together_wait_for_each_other(room: Room) -> None:
    room.ask(run(0), together="eight", company=3)
    room.ask(run(7, hidden=WIDE), together="eight")
    room.turn()
    assert room.backend.made == [(7,)]
    room.ask(run(1), together="eight", company=3)
    room.ask(run(2), together="eight", company=3)
    room.turn()
    assert room.backend.made == [(7,), (0, 1, 2)]


@pytest.mark.parametrize("how", ["ended", "given up", "forgotten"])
def test_the_arrays_of_a_model_go_with_it_and_wait_for_no_collector(room: Room, how: str) -> None:
    gc.disable()
    try:
        request = room.ask(run(0))
        room.turn(2)
        group = weakref.ref(room.trainer._models[0].group)
        assert group() is not None
        if how != "ended":
            room.given_up.add(id(request))
            room.trainer._models[0].busy = 0.0 if how == "given up" else 9.0
            room.trainer.turn()
            room.backend.now += trainer_module.KEPT_SECONDS
            assert (group() is None) == (how == "given up")
        room.play()
        room.trainer.turn()
        assert group() is None
    finally:
        gc.enable()


def test_what_could_never_begin_ends_in_words_and_others_go_on() -> None:
    def most(config: RunConfig, others: Sequence[Model]) -> int:
        if config.hidden == WIDE:
            raise TooLarge(900.0, 600.0)
        return MEMBERS_AT_ONCE

    room = Room(most)
    wide, other = room.ask(run(0, hidden=WIDE)), room.ask(run(1))
    room.play()
    assert isinstance(wide.error, TooLarge)
    assert other.records[0].complete
    # Nor is it compiled ahead of need.
    room.backend.now += trainer_module.CALM_SECONDS
    room.trainer.warm([run(2, hidden=WIDE)], [1])
    room.trainer._warming.submit(lambda: None).result(10)
    assert room.backend.made == [(1,)]


def test_company_that_never_comes_is_not_waited_for_long(room: Room) -> None:
    # On a cluster another worker may have it.
    room.ask(run(0), together="eight", company=8)
    assert not room.trainer.turn()
    room.backend.now += trainer_module.GATHER_SECONDS
    room.turn()
    assert room.backend.made == [(0,)]


def test_viewers_do_not_wait_for_the_compiler_where_a_smaller_program_is_at_hand(
    room: Room,
) -> None:
    room.backend.programs = {2}
    requests = [room.ask(run(seed, epochs=9)) for seed in range(6)]
    room.turn()
    assert (0, 1) in room.backend.made
    room.trainer._warming.submit(lambda: None).result(10)  # what they need is compiled by then
    assert 6 in room.backend.programs
    room.play()
    assert room.backend.made[-1] == (2, 3, 4, 5)
    assert all(request.ended.is_set() for request in requests)


def test_records_are_made_where_somebody_is_due_to_be_told_and_at_the_end(room: Room) -> None:
    told = []
    request = Request(
        (run(0, epochs=6),),
        lambda: False,
        lambda request, measured: told.append(measured and request.records[0].epochs),
        lambda: len(room.backend.trained) % 3 == 2,
    )
    room.trainer.ask(request)
    room.play()
    assert [epochs for epochs in told if epochs] == [2, 5, 6]
    assert request.records[0].complete


def test_what_differs_in_shape_or_training_set_shares_no_model(room: Room) -> None:
    room.ask(run(0))
    room.ask(run(1, hidden=WIDE))
    room.ask(run(2, train_size=200))
    room.ask(run(3), test=True)
    room.play()
    assert room.backend.made == [(0,), (1,), (2,), (3,)]


def test_a_run_that_two_want_is_trained_once_and_both_see_it_grow(room: Room) -> None:
    first = room.ask(run(0, epochs=5))
    room.turn(3)
    second = room.ask(run(0, epochs=5), run(1))
    room.play()
    assert sum(0 in seeds for seeds in room.backend.trained) == 5
    assert room.told[id(first)] == [0, 1, 2, 3, 4, 5]
    assert len(room.told[id(second)]) >= 3
    assert first.records[0] is second.records[0]
    assert [record.config.seed for record in second.records] == [0, 1]


def test_everybody_has_a_first_point_before_anybody_has_a_second(room: Room) -> None:
    for seed, hidden in enumerate([(4, 3), (5, 3), (6, 3)]):
        room.ask(run(seed, epochs=4, hidden=hidden))
    room.turn(6)
    assert room.backend.trained == [(0,), (1,), (2,)]


def test_then_the_shortest_ends_first(room: Room) -> None:
    long, short = room.ask(run(0, epochs=9)), room.ask(run(1, epochs=3, hidden=WIDE))
    while not short.ended.is_set():
        room.turn()
    assert room.backend.trained == [(0,), (1,), (1,), (1,)]
    assert not long.ended.is_set()


def test_a_model_that_many_wait_for_ends_before_a_shorter_one_of_one(room: Room) -> None:
    many = [room.ask(run(seed, epochs=4)) for seed in range(4)]
    one = room.ask(run(9, epochs=3, hidden=WIDE))
    room.play()
    first, *rest = room.backend.trained
    assert first == (0, 1, 2, 3)
    # After its first point, three epochs for four come before two for one.
    assert rest == [(9,), *[(0, 1, 2, 3)] * 3, (9,), (9,)]
    assert all(request.ended.is_set() for request in (*many, one))


def test_viewers_who_wait_for_the_same_run_count_each(room: Room) -> None:
    room.ask(run(0, epochs=4), task="popular")
    room.ask(run(9, epochs=3, hidden=WIDE), task="lonely")
    room.trainer.note_viewers({"popular": 30, "gone": 2})
    room.play()
    assert room.backend.trained == [(0,), (9,), *[(0,)] * 3, (9,), (9,)]


def test_those_who_look_on_are_neither_sweeps_nor_what_is_trained_ahead(room: Room) -> None:
    assert room.trainer.viewers == 0
    room.ask(run(0), task="popular")
    room.ask(run(1), run(2))
    room.ask(run(3), urgency=Urgency.SWEEP)
    room.ask(run(4), urgency=Urgency.AHEAD)
    room.trainer.note_viewers({"popular": 30})
    assert room.trainer.viewers == 31


def test_who_has_waited_long_comes_before_what_is_a_little_shorter(room: Room) -> None:
    old = room.ask(run(0, epochs=12))
    room.turn(2)
    room.backend.now += 60.0
    # Eleven epochs are left of the old one, and ten of what is new: sixty seconds weigh more.
    room.ask(run(1, epochs=11, hidden=WIDE))
    while not old.ended.is_set():
        room.turn()
    assert room.backend.trained.count((1,)) <= 3


def test_models_of_one_request_count_as_one_who_waits(room: Room) -> None:
    room.ask(run(0, epochs=3), together="pair")
    room.ask(run(1, epochs=3, hidden=WIDE), together="pair")
    room.ask(run(2, epochs=4, hidden=(6, 3)))
    room.play()
    assert room.backend.trained == [(0,), (1,), (2,), *[(2,)] * 3, *[(0,), (1,)] * 2]


def test_what_stood_still_for_long_gets_a_part_in_between(room: Room) -> None:
    room.ask(run(0, epochs=90))
    for seed in range(1, 12):
        short = room.ask(run(seed, epochs=10, hidden=WIDE))
        while not short.ended.is_set():
            room.turn()
    turns = [i for i, seeds in enumerate(room.backend.trained) if seeds == (0,)]
    # An epoch takes a second here.
    assert max(b - a for a, b in pairwise(turns)) <= trainer_module.PATIENCE_SECONDS + 2
    assert len(turns) < len(room.backend.trained) / 4


def test_runs_of_one_request_and_its_sisters_grow_together(room: Room) -> None:
    room.ask(run(0, epochs=4), together="pair")
    room.ask(run(1, epochs=4, hidden=WIDE), together="pair")
    room.play()
    assert room.backend.trained == [(0,), (1,)] * 4


def test_members_of_unlike_length_are_handed_over_as_each_ends(room: Room) -> None:
    short, long = room.ask(run(0, epochs=2)), room.ask(run(1, epochs=6))
    while not short.ended.is_set():
        room.turn()
    assert not long.ended.is_set()
    room.play()
    assert room.backend.made == [(0, 1)]
    assert long.records[0].epochs == 6


def test_a_sweep_waits_for_viewers_and_what_is_ahead_waits_for_both(room: Room) -> None:
    ahead = room.ask(*(run(10 + k, epochs=20) for k in range(8)), urgency=Urgency.AHEAD)
    room.turn(3)
    sweep = room.ask(*(run(20 + k, epochs=4) for k in range(8)), urgency=Urgency.SWEEP)
    room.turn(3)
    viewer = room.ask(run(1, epochs=4))
    before = len(room.backend.trained)
    room.turn()  # the start
    room.turn(4)
    # Within a part of an epoch.
    assert room.backend.trained[before:] == [(1,)] * 4
    assert viewer.ended.is_set()
    room.play()
    assert sweep.ended.is_set()
    order = [seeds[0] // 10 for seeds in room.backend.trained]
    assert order.index(2) < len(order) - order[::-1].index(1)
    assert ahead.ended.is_set()


def test_what_is_ahead_is_not_begun_while_anybody_waits(room: Room) -> None:
    room.ask(run(0, hidden=WIDE))
    room.ask(run(1), urgency=Urgency.AHEAD)
    room.turn(3)
    assert room.backend.made == [(0,)]
    room.play()
    assert room.backend.made == [(0,), (1,)]


def test_a_viewer_who_asks_for_what_is_ahead_makes_it_urgent(room: Room) -> None:
    room.ask(*(run(k, epochs=9) for k in range(3)), urgency=Urgency.AHEAD)
    room.turn(4)
    other = room.ask(run(7, epochs=30, hidden=WIDE))
    room.turn(2)
    viewer = room.ask(run(1, epochs=9))
    while not viewer.ended.is_set():
        room.turn()
    assert not other.ended.is_set()
    assert room.backend.made == [(0, 1, 2), (7,)]


def test_who_gives_up_stops_it_and_only_what_nobody_else_wants(room: Room) -> None:
    gone, stays = room.ask(run(0), run(1)), room.ask(run(1))
    room.turn(2)
    room.given_up.add(id(gone))
    room.play()
    with pytest.raises(Cancelled):
        raise gone.error or AssertionError
    assert stays.records[0].complete

    alone = room.ask(run(5, epochs=50))
    room.turn(3)
    room.given_up.add(id(alone))
    done = len(room.backend.trained)
    room.play()
    assert len(room.backend.trained) == done


def begun_and_given_up(room: Room, seed: int, epochs: int = 3) -> None:
    """A request of which so many epochs are trained before its viewer goes."""
    request = room.ask(run(seed, epochs=50))
    while room.told.get(id(request), [0])[-1] < epochs:
        room.turn()
    room.given_up.add(id(request))
    room.play()


def test_a_viewer_who_comes_back_in_time_goes_on_where_the_run_stood(room: Room) -> None:
    begun_and_given_up(room, 0)
    done = len(room.backend.trained)
    room.backend.now += trainer_module.KEPT_SECONDS / 2
    again = room.ask(run(0, epochs=50))
    room.play()
    assert again.records[0].complete
    # All of its epochs, but for those of before.
    assert len(room.backend.trained) == 50
    assert done >= 3
    assert room.told[id(again)][0] == done + 1


@pytest.mark.parametrize(
    ("epochs", "away", "others", "kept"),
    [
        (3, trainer_module.KEPT_SECONDS / 2, trainer_module.KEPT_AT_ONCE - 1, True),
        (3, trainer_module.KEPT_SECONDS * 2, 0, False),  # too late
        (1, 1.0, 0, False),  # soon trained again
        (3, 1.0, trainer_module.KEPT_AT_ONCE, False),  # newer ones have its place
    ],
)
def test_only_so_much_is_kept_for_so_long(
    room: Room, epochs: int, away: float, others: int, kept: bool
) -> None:
    begun_and_given_up(room, 0, epochs)
    for seed in range(1, others + 1):
        begun_and_given_up(room, seed)
    room.backend.now += away
    room.trainer.turn()
    assert len(room.trainer._kept) <= trainer_module.KEPT_AT_ONCE
    made = len(room.backend.made)
    again = room.ask(run(0, epochs=50))
    room.play()
    assert again.records[0].complete
    assert len(room.backend.made) - made == (not kept)


def test_an_error_is_told_to_those_whom_it_concerns(room: Room) -> None:
    failing, other = room.ask(run(0)), room.ask(run(1, hidden=WIDE))
    room.backend.error = ValueError("no such thing")
    room.turn()
    room.backend.error = None
    room.play()
    assert str(failing.error) == "no such thing"
    assert other.error is None
    # It is not final: asked for again, it is trained.
    again = room.ask(run(0))
    room.play()
    assert again.records[0].complete


def test_who_may_have_ended_a_worker_is_on_trial_while_all_others_pause(room: Room) -> None:
    others = [room.ask(run(0, epochs=9)), room.ask(run(5, epochs=9), urgency=Urgency.AHEAD)]
    room.turn(2)
    before = len(room.backend.trained)
    suspects = [room.ask(run(seed, epochs=4), alone=True) for seed in (1, 2)]
    room.play()
    trained = room.backend.trained[before:]
    alone = trainer_module.EPOCHS_ALONE
    assert trained[: 2 * alone] == [(1,)] * alone + [(2,)] * alone
    assert all(request.ended.is_set() for request in (*others, *suspects))


def test_who_comes_back_to_a_run_that_goes_on_for_others_finds_it_where_it_is(room: Room) -> None:
    gone = room.ask(run(0, epochs=9))
    room.ask(run(1, epochs=9))
    room.turn(4)
    room.given_up.add(id(gone))
    room.turn(2)
    back = room.ask(run(0, epochs=9))
    room.play()
    assert back.records[0].complete
    assert room.backend.made == [(0, 1)]


def test_something_else_takes_turns_with_training_and_is_cancelled_with_the_trainer(
    room: Room,
) -> None:
    def parts() -> Iterator[None]:
        for part in range(4):
            done.append((part, len(room.backend.trained)))
            yield
        return

    done: list[tuple[int, int]] = []
    room.ask(run(0, epochs=9))
    chore = Thread(target=room.trainer.chore, args=(parts(), lambda: False))
    chore.start()
    while not room.trainer._chores:
        time.sleep(0.01)
    room.play()
    chore.join(10)
    # The first part of training measures the start.
    assert [trained for _, trained in done] == [0, 0, 1, 2]
    room.trainer.close()
    with pytest.raises(Cancelled):
        room.trainer.chore(parts(), lambda: False)
    with pytest.raises(Cancelled):
        room.ask(run(1))


def test_a_group_that_ends_early_is_a_failure_and_no_endless_loop(room: Room) -> None:
    request = room.ask(run(0, epochs=5))
    room.turn(3)
    room.trainer._models[0].parts = iter(())
    room.turn()
    assert str(request.error) == "the training ended early"


def test_those_who_wait_are_told_how_many_are_before_them(room: Room) -> None:
    most = trainer_module.MODELS_AT_ONCE[Urgency.LIVE]
    for k in range(most):
        room.ask(run(k, epochs=50, train_size=100 + k))
    room.turn(2 * most + 4)
    late = room.ask(run(99, train_size=500))
    room.backend.now += 1
    room.turn()
    queue = room.queues[id(late)][-1]
    assert queue is not None
    assert queue.ahead == most
    assert queue.seconds == pytest.approx(most * (50 - 1), rel=0.2)


@dataclass
class Held(Group):
    """A group whose epochs end when they are let."""

    gate: Event = field(default_factory=Event)
    begun: Event = field(default_factory=Event)

    def parts(self) -> Iterator[bool]:
        for part in super().parts():
            if self.epochs > 0:
                self.begun.set()
                assert self.gate.wait(10)
            yield part


@contextmanager
def held(room: Room) -> Iterator[list[Held]]:
    """Two threads train, and every epoch lasts for as long as the block."""
    groups: list[Held] = []

    def group(configs: Sequence[RunConfig], **options: Any) -> Group:
        groups.append(Held(room.backend, configs, options["on_phase"]))
        return groups[-1]

    room.backend.group = group  # type: ignore[method-assign]
    room.trainer = Trainer(lambda: room.backend, threads=2)
    room.trainer._ready_backend()
    room.trainer.start()
    try:
        yield groups
    finally:
        for each in groups:
            each.gate.set()
        room.trainer.close()


def test_two_models_that_are_equally_urgent_are_trained_side_by_side(room: Room) -> None:
    with held(room) as groups:
        requests = [
            room.ask(run(0)),
            room.ask(run(1, hidden=WIDE)),
            room.ask(run(2, train_size=70)),
        ]
        until(lambda: sum(group.begun.is_set() for group in groups) == 2)
        assert len(room.trainer._at_work) == 2
        for group in groups:
            group.gate.set()
        for request in requests:
            assert request.ended.wait(10)
            assert request.error is None


def test_what_is_less_urgent_does_not_train_beside_what_is_more(room: Room) -> None:
    with held(room) as groups:
        sweep = room.ask(run(0, hidden=WIDE), urgency=Urgency.SWEEP)
        until(lambda: bool(groups) and groups[0].begun.is_set())
        live = room.ask(run(1))
        until(lambda: len(groups) == 2 and groups[1].begun.is_set())
        before = groups[0].epochs
        groups[0].gate.set()  # its epoch under way ends; no other begins
        until(lambda: len(room.trainer._at_work) == 1)
        time.sleep(0.05)
        assert groups[0].epochs == before
        assert not sweep.ended.is_set()
        groups[1].gate.set()
        assert live.ended.wait(10)
        assert sweep.ended.wait(10)


def test_one_that_is_on_trial_is_by_itself_with_two_threads_too(room: Room) -> None:
    with held(room) as groups:
        room.ask(run(0, hidden=WIDE, epochs=50))
        until(lambda: bool(groups) and groups[0].begun.is_set())
        suspect = room.ask(run(1), alone=True)
        groups[0].gate.set()
        until(lambda: len(groups) == 2 and groups[1].begun.is_set())
        assert len(room.trainer._at_work) == 1
        before = groups[0].epochs
        time.sleep(0.05)
        assert groups[0].epochs == before
        groups[1].gate.set()
        assert suspect.ended.wait(10)


def test_who_leaves_while_its_part_is_done_ends_no_other(room: Room) -> None:
    with held(room) as groups:
        leaving, other = room.ask(run(0)), room.ask(run(1, hidden=WIDE))
        until(lambda: sum(group.begun.is_set() for group in groups) == 2)
        room.given_up.add(id(leaving))
        for group in groups:
            group.gate.set()
        assert other.ended.wait(10)
        assert leaving.ended.wait(10)
        assert isinstance(leaving.error, Cancelled)
        until(lambda: not room.trainer._models and not room.trainer._at_work)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_every_request_ends_with_its_own_records_on_two_threads(data: st.DataObject) -> None:
    room = Room()
    room.trainer = Trainer(lambda: room.backend, threads=2)
    room.trainer._ready_backend()
    room.trainer.start()
    requests = []
    for _ in range(data.draw(st.integers(1, 12))):
        shapes = st.sampled_from([(4, 3), WIDE])
        a_run = st.builds(run, st.integers(0, 5), epochs=st.integers(1, 4), hidden=shapes)
        configs = data.draw(st.lists(a_run, min_size=1, max_size=4, unique=True))
        urgency = data.draw(st.sampled_from(list(Urgency)))
        requests.append(room.ask(*configs, urgency=urgency))
        if data.draw(st.booleans()):
            room.given_up.add(id(requests[-1]))
    for request in requests:
        assert request.ended.wait(20)
        if id(request) in room.given_up:
            continue
        assert request.error is None
        assert [record.config for record in request.records] == list(request.configs)
        assert all(record.complete for record in request.records)
    until(lambda: not room.trainer._models and not room.trainer._at_work)
    room.trainer.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that other threads bring about."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_request_ends_with_its_own_records_each_run_trained_once(data: st.DataObject) -> None:
    room = Room()
    requests = []
    for _ in range(data.draw(st.integers(1, 12))):
        configs = data.draw(
            st.lists(
                st.builds(
                    run,
                    st.integers(0, 5),
                    epochs=st.integers(1, 4),
                    hidden=st.sampled_from([(4, 3), WIDE]),
                ),
                min_size=1,
                max_size=4,
                unique=True,
            )
        )
        urgency = data.draw(st.sampled_from(list(Urgency)))
        requests.append(room.ask(*configs, urgency=urgency))
        for _ in range(data.draw(st.integers(0, 6))):
            room.trainer.turn()
    room.play()
    for request in requests:
        assert request.error is None
        assert [record.config for record in request.records] == list(request.configs)
        assert all(record.complete for record in request.records)
    for made in room.backend.made:
        assert len(made) <= MEMBERS_AT_ONCE
    assert not room.trainer._models


def test_no_more_runs_share_a_model_than_fit_into_memory() -> None:
    room = Room(most=lambda config, others: 3)
    asked = room.ask(*(tiny(seed=seed) for seed in range(8)))
    room.play()
    assert [len(made) for made in room.backend.made] == [3, 3, 2]
    assert [record.config.seed for record in asked.records] == list(range(8))


def test_what_has_no_room_beside_others_waits_for_their_end_and_is_asked_about_again() -> None:
    room = Room(most=lambda config, others: 0 if others else MEMBERS_AT_ONCE)
    small, large = room.ask(tiny(seed=1)), room.ask(tiny(seed=2, hidden=WIDE))
    room.play()
    assert room.backend.trained == sorted(room.backend.trained)
    assert small.ended.is_set()
    assert large.ended.is_set()
    assert large.error is None


def left_behind(folder: Path, *asked: RunConfig, turns: int, can_be_kept: bool = True) -> Room:
    """A trainer that has been asked for runs, and has left in the middle of them."""
    room = Room(luggage=Luggage(folder))
    room.backend.can_be_kept = can_be_kept
    for config in asked:
        room.ask(config)
    room.turn(turns)
    room.trainer.leave(1.0)
    return room


def go_on(room: Room) -> None:
    """Turn until nothing is left; meanwhile models are prepared on a thread of their own."""
    deadline = time.monotonic() + 30
    while room.trainer.busy:
        assert time.monotonic() < deadline
        if not room.trainer.turn():
            room.backend.now += 0.1


def test_what_a_process_has_begun_the_next_goes_on_with(tmp_path: Path) -> None:
    left_behind(tmp_path, tiny(seed=1, epochs=9), tiny(seed=2, epochs=9), turns=5)
    assert len(list(tmp_path.iterdir())) == 1
    room = Room(luggage=Luggage(tmp_path))
    # The tasks come one by one; the second joins, and a third is new.
    first = room.ask(tiny(seed=1, epochs=9))
    room.trainer.turn()
    others = [room.ask(tiny(seed=seed, epochs=9)) for seed in (2, 3)]
    go_on(room)
    assert room.backend.trained.count((1, 2)) == 5
    assert room.backend.trained.count((3,)) == 9
    for request in (first, *others):
        assert [record.epochs for record in request.records] == [9]
    # The first thing that is told is how far it is.
    assert room.told[id(first)][0] >= 4
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_has_ended_is_handed_over_with_those_that_have_not(tmp_path: Path) -> None:
    configs = tiny(seed=1, epochs=2), tiny(seed=2, epochs=6), tiny(seed=3, epochs=2, hidden=WIDE)
    room = Room(luggage=Luggage(tmp_path))
    request = room.ask(*configs)
    while len(request.records) < 3 or not all(r.complete for r in request.records[::2]):
        room.turn()
    room.trainer.leave(1.0)
    again = Room(luggage=Luggage(tmp_path))
    request = again.ask(*configs)
    go_on(again)
    assert [record.epochs for record in request.records] == [2, 6, 2]
    assert (3,) not in again.backend.trained
    assert again.backend.trained.count((1, 2)) < 6


def test_one_that_may_have_ended_a_process_goes_on_by_itself(tmp_path: Path) -> None:
    room = Room(luggage=Luggage(tmp_path))
    room.ask(tiny(seed=1, epochs=9), alone=True)
    room.turn(5)
    room.trainer.leave(1.0)
    again = Room(luggage=Luggage(tmp_path))
    again.ask(tiny(seed=1, epochs=9), alone=True)
    again.ask(tiny(seed=2, epochs=9))
    go_on(again)
    assert again.backend.trained.count((1,)) == 5
    assert again.backend.trained.count((2,)) == 9


@pytest.mark.parametrize("damage", ["cut", "not kept", "no room"])
def test_what_cannot_be_gone_on_with_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    if damage == "no room":
        monkeypatch.setattr(carried_module, "MAX_BYTES", 10)
    left_behind(tmp_path, tiny(epochs=9), turns=5, can_be_kept=damage != "not kept")
    files = list(tmp_path.iterdir())
    assert [path.suffix for path in files] == ([SUFFIX] if damage == "cut" else [])
    for path in files:
        path.write_bytes(path.read_bytes()[:-10])
    room = Room(luggage=Luggage(tmp_path))
    request = room.ask(tiny(epochs=9))
    go_on(room)
    assert [record.epochs for record in request.records] == [9]
    assert len(room.backend.trained) == 9
    assert list(tmp_path.iterdir()) == []


def test_more_runs_than_fit_now_are_not_gone_on_with_together(tmp_path: Path) -> None:
    left_behind(tmp_path, tiny(seed=1, epochs=9), tiny(seed=2, epochs=9), turns=5)
    room = Room(lambda config, others: 1, Luggage(tmp_path))
    for seed in (1, 2):
        room.ask(tiny(seed=seed, epochs=9))
    go_on(room)
    assert room.backend.trained.count((1,)) == room.backend.trained.count((2,)) == 9


def test_what_nobody_has_asked_for_since_makes_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind(tmp_path, tiny(seed=1, epochs=9), turns=5)
    (old,) = tmp_path.iterdir()
    monkeypatch.setattr(carried_module, "MAX_BYTES", int(1.5 * old.stat().st_size))
    left_behind(tmp_path, tiny(seed=2, epochs=9), turns=5)
    (new,) = tmp_path.iterdir()
    assert new != old


def test_what_nobody_wants_makes_room_for_what_somebody_does(room: Room) -> None:
    taken: list[int] = []

    def most(config: RunConfig, others: Sequence[Model]) -> int:
        taken.append(len(room.trainer._kept))
        return 0 if room.trainer._kept else MEMBERS_AT_ONCE

    room.trainer._most = most
    left = room.ask(tiny(seed=1, epochs=50))
    room.turn(20)
    room.given_up.add(id(left))
    wanted = room.ask(tiny(seed=2))
    room.play()
    assert [record.epochs for record in wanted.records] == [3]
    assert taken == [0, 1, 0]


def test_a_phase_is_a_sign_of_life(room: Room) -> None:
    """Compiling takes a slow machine minutes."""
    room.backend.programs = set()
    room.ask(run(0))
    before = room.trainer.parts_done
    room.trainer.turn()
    until(lambda: room.trainer._models[0].ready)
    (model,) = room.trainer._models
    assert model.group is not None
    model.group.on_phase("compiling")  # type: ignore[attr-defined]
    assert room.trainer.parts_done > before


def test_a_ticket_whose_parent_is_trained_holds_nobody_up_and_counts_its_own_epochs() -> None:
    room = Room()
    ticket = room.ask(tiny(seed=1, epochs=4, ticket="magnitude"))
    room.turn()
    other = room.ask(tiny(seed=2, epochs=4, hidden=WIDE))
    (model,) = ticket.models
    while not model.began:
        room.turn()
        assert model.epochs == ticket.phase.epoch == 0 or model.began
    # Who comes while the parent is trained has a first point at once.
    assert (2,) in room.backend.trained
    assert not ticket.ended.is_set()
    while not (ticket.ended.is_set() and other.ended.is_set()):
        room.turn()
    assert room.backend.trained.count(PARENT) == 4
    assert room.backend.trained.count((1,)) == 4
    assert model.epochs == 4
    # An epoch took a second; what came before is no part of it.
    assert model.busy == pytest.approx(4)


@pytest.mark.parametrize("ends", [False, True])
def test_what_cannot_be_compiled_is_logged_unless_the_worker_ends(
    ends: bool, caplog: pytest.LogCaptureFixture
) -> None:
    room = Room()
    compiling, may_go_on = Event(), Event()

    def compile_it(count: int) -> None:
        compiling.set()
        may_go_on.wait(10)
        raise RuntimeError("cannot schedule new futures after shutdown")

    ended = room.trainer._warming.submit(room.trainer._logged, compile_it, 1)
    assert compiling.wait(10)
    if ends:
        room.trainer.close()
    may_go_on.set()
    ended.result(10)
    assert [record.message for record in caplog.records] == ([] if ends else ["not compiled"])


def test_what_may_be_wanted_later_is_compiled_when_no_viewer_waits(room: Room) -> None:
    room.backend.programs = {1}
    compiled = room.backend.programs
    room.ask(run(0, epochs=2), urgency=Urgency.LIVE)
    room.trainer.warm([run(1)], [3])
    room.play()
    # The run has just ended: its viewer may well move on.
    time.sleep(2 * trainer_module.LOOK_SECONDS)
    assert compiled == {1}
    # What is needed now does not wait behind it.
    room.trainer.warm([run(1)], [2], needed=True)
    _until(lambda: 2 in compiled)
    assert 3 not in compiled
    room.backend.now += trainer_module.CALM_SECONDS
    _until(lambda: 3 in compiled)


def test_a_run_that_begins_with_places_to_spare_has_the_fitting_program_compiled(
    room: Room,
) -> None:
    room.backend.programs = {2}
    compiled = room.backend.programs
    sweep = room.ask(run(0), urgency=Urgency.SWEEP)
    room.play()
    assert sweep.ended.is_set()
    assert compiled == {2}
    room.ask(run(1), urgency=Urgency.LIVE)
    room.play()
    _until(lambda: 1 in compiled)


def test_a_class_that_goes_on_asking_puts_compiling_off_for_so_long_only(room: Room) -> None:
    room.backend.programs = {1}
    room.ask(run(0, epochs=2), urgency=Urgency.LIVE)
    room.trainer.warm([run(1)], [3])
    time.sleep(2 * trainer_module.LOOK_SECONDS)
    assert room.backend.programs == {1}
    room.backend.now += trainer_module.PUT_OFF_SECONDS
    room.play()
    _until(lambda: 3 in room.backend.programs)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
