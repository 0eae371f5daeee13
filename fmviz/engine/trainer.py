"""All training of a worker process: whose part comes next, and who shares a model with whom.

Tasks are only requests. A few threads train; between two parts of training, half a second at most,
each looks at what has been asked for meanwhile and decides anew:

- Requests that can share a model, whoever asked, are trained as members of one: few, where models
  are trained side by side, so that the viewers of one are served before those of another. A run
  that two requests want is one member.
- What somebody waits for comes before sweeps, and those before what is trained ahead.
- Among equals, who has no first point yet comes first, then where the work left is least for each
  viewer who waits for it: that keeps the mean wait shortest (Smith, 1956, "Various optimizers for
  single-stage production"). Waiting ages, and what stood still for long gets a part in between.
  Models of one request advance together.
- Models that are equally urgent are trained side by side. One by itself has all processors: XLA
  divides each operation among them. But the parts of an operation wait for each other, so that a
  page which takes half of one processor holds up both; two models share what there is.
- What is new to the compiler is compiled on another thread, beside what trains.

Long because the table, its order and its threads share one lock and are read as one.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from fmviz.engine.carried import Luggage
from fmviz.engine.cost import cost
from fmviz.engine.needs import TooLarge
from fmviz.engine.reports import Queue
from fmviz.engine.requests import Backend, Cancelled, Member, Model, Request
from fmviz.engine.urgency import Urgency
from fmviz.run.config import RunConfig
from fmviz.run.groups import MEMBERS_AT_ONCE
from fmviz.run.phases import PhaseName
from fmviz.run.record import RunRecord

logger = logging.getLogger(__name__)

T = TypeVar("T")

# A request waits so long for others to share its model where one like it is being trained.
GATHER_SECONDS = 0.5
# Where models are trained side by side, requests of several viewers share one up to so many
# members. The smaller models are, the sooner the first of them end, and the less is drawn of what
# grows meanwhile. Two of three cost within a twentieth of what two of eight do, a run, for one goes
# on while the other waits for the end of an operation; two of two cost a tenth more.
GATHERED = 3
# Models that are trained in turn: each holds its weights, optimizer arrays and measures in memory.
# Of what viewers wait for enough for a class of sixty, if there is room.
MODELS_AT_ONCE = {Urgency.LIVE: 20, Urgency.SWEEP: 2, Urgency.AHEAD: 1}
# A model that stood still for so long gets a part, and then others have at least so much time.
PATIENCE_SECONDS = 5.0
BETWEEN_FAVOURS = 2.0
# So much less work counts as left for each second of waiting: who has waited for half a minute
# comes before a new run of the usual length, or a class that goes on asking would keep some of its
# own waiting to the end.
AGEING = 0.07
# One that may have killed a worker is trained by itself for so many epochs, so that no other is
# suspected if it does so again.
EPOCHS_ALONE = 2
# A model that has cost so much is kept as it stands, though nobody wants it, and goes on where
# somebody asks for one of its runs in time: a viewer who closed a tab costs no more of the
# processor, and one whose network has blinked loses nothing. So many at once: each is memory.
WORTH_KEEPING_SECONDS = 2.0
KEPT_SECONDS = 30.0
KEPT_AT_ONCE = 2
# What may be wanted later is compiled once no viewer has waited for a run for so long: a compiler
# has a processor for two seconds, and runs train half as fast meanwhile. But it is put off no
# longer than so, for a class goes on asking.
CALM_SECONDS = 1.0
PUT_OFF_SECONDS = 60.0
# How often a request is told how many are before it, and whether anybody still wants it is asked.
LOOK_SECONDS = 0.25


@dataclass(eq=False)
class _Chore:
    """Something else than training that wants the training thread."""

    parts: Generator[object, None, Any]
    given_up: Callable[[], bool]
    result: Any = None
    error: BaseException | None = None
    ended: threading.Event = field(default_factory=threading.Event)


class Trainer:
    """The training threads of a process, and the table of what it is asked for.

    Args:
        backend: makes the groups; called for once, on a thread that compiles, as importing what
            trains takes seconds.
        now: a clock, in seconds.
        most: how many runs like one fit into memory as members of a model that begins now, beside
            the models that have; 0 makes it wait, and `TooLarge` ends it.
        threads: that train.
        luggage: models that a process before this one has begun, and where this one leaves its own.

    Attributes:
        gathered: members of a model that requests of several viewers share, at most.
        parts_done: goes up with every part, so that who watches sees that it lives.
    """

    def __init__(
        self,
        backend: Callable[[], Backend],
        now: Callable[[], float] = time.monotonic,
        most: Callable[[RunConfig, Sequence[Model]], int] = lambda config, others: MEMBERS_AT_ONCE,
        threads: int = 1,
        luggage: Luggage | None = None,
    ) -> None:
        self._luggage = Luggage(None) if luggage is None else luggage
        self._make_backend, self._now, self._most = backend, now, most
        self._backend: Backend | None = None
        self._making = threading.Lock()
        self._changed = threading.Condition()
        # Goes up with whatever may give a thread something to do.
        self._news = 0
        self._requests: list[Request] = []
        self._models: list[Model] = []
        # Those that nobody wants at the moment, the newest last.
        self._kept: list[Model] = []
        # Those whose part is being done.
        self._at_work: set[Model] = set()
        self._chores: list[_Chore] = []
        self._chore_at_work = False
        self._chore_was_last = False
        self._favoured = -math.inf
        self._looked = -math.inf
        # When a viewer last waited for a run, and how many compilations are needed now.
        self._last_live = -math.inf
        self._needed = 0
        self._speed = 1.0
        self._closed = self._leaving = False
        self._compiling = ThreadPoolExecutor(1, "fmviz-compile")
        self._warming = ThreadPoolExecutor(1, "fmviz-warm")
        self.parts_done = 0
        self.gathered = MEMBERS_AT_ONCE if threads == 1 else GATHERED
        self._threads = [
            threading.Thread(target=self._run, name=f"fmviz-train-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Begin to train what is asked for."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop after the present part; what is asked for ends as cancelled."""
        with self._changed:
            self._closed = True
            for request in list(self._requests):
                self._end(request, Cancelled("the worker ends"))
            for chore in self._chores:
                chore.error = Cancelled("the worker ends")
                chore.ended.set()
            self._wake()
        self._compiling.shutdown(wait=False, cancel_futures=True)
        self._warming.shutdown(wait=False, cancel_futures=True)

    def leave(self, seconds: float) -> None:
        """Stop after the present part, and hand over what has begun to the next process.

        Args:
            seconds: how long that part may take; a model that takes longer is not handed over.
        """
        with self._changed:
            self._leaving = True
            self._wake()
            self._changed.wait_for(lambda: not self._at_work, seconds)
            # Also those that have ended while others of their request have not.
            members = [m for request in self._requests for m in request.members]
            busy = set(self._at_work)
        for model in dict.fromkeys(m.model for m in members if m.model is not None):
            if model.error is None and model not in busy:
                try:
                    self._luggage.put(model)
                except Exception:  # it begins again
                    logger.exception("a model cannot be handed over")

    @property
    def busy(self) -> bool:
        """Whether there is anything that is not ended."""
        return bool(self._requests or self._chores)

    # Asking ------------------------------------------------------------------------------------

    def train(self, request: Request) -> list[RunRecord]:
        """Train runs and return their records in order, when all have ended.

        Raises:
            Cancelled: it was given up.
            Exception: what the training of one of them raised.
        """
        self.ask(request)
        request.ended.wait()
        if request.error is not None:
            raise request.error
        return request.records

    def ask(self, request: Request) -> None:
        """Take a request; it is told what becomes of it, and `request.ended` is set at last.

        Raises:
            Cancelled: the trainer is closed.
        """
        with self._changed:
            if self._closed:
                raise Cancelled("the worker ends")
            request.asked = self._now()
            # Also those that nobody wants at the moment: they stand where they stood.
            models = [*self._kept, *self._models]
            begun = [m for model in models if model.error is None for m in model.live]
            known = {(m.config.key, m.test): m for m in (*begun, *self._members())}
            for config in request.configs:
                place = config.key, request.test
                # Measured with test images it does for those who do not want them.
                member = known.get(place) or known.get((config.key, True))
                if member is None or request.alone:
                    known[place] = member = Member(config, request.test)
                if request not in member.requests:
                    member.requests.append(request)
                request.members.append(member)
            self._requests.append(request)
            for model in [model for model in self._kept if model.wanted]:
                self._kept.remove(model)
                model.touched = model.phase_since = self._now()
                self._models.append(model)
            self._wake()

    def note_viewers(self, viewers: Mapping[str, int]) -> None:
        """Take note of how many wait for requests, by the names of their tasks."""
        with self._changed:
            for request in self._requests:
                request.viewers = viewers.get(request.task, request.viewers)

    @property
    def viewers(self) -> int:
        """How many look on as curves grow."""
        return _viewers(r for r in list(self._requests) if r.urgency == Urgency.LIVE)

    def chore(self, parts: Generator[object, None, T], given_up: Callable[[], bool]) -> T:
        """Do something else part by part, in turn with what is trained; returns what it does.

        Raises:
            Cancelled: it was given up before it was done, or the trainer is closed.
            Exception: what it raised.
        """
        chore = _Chore(parts, given_up)
        with self._changed:
            if self._closed:
                raise Cancelled("the worker ends")
            self._chores.append(chore)
            self._wake()
        chore.ended.wait()
        if chore.error is not None:
            raise chore.error
        result: T = chore.result
        return result

    def warm(
        self, configs: Sequence[RunConfig], members: Iterable[int], *, needed: bool = False
    ) -> None:
        """Compile what training runs like these takes, for so many at once each, while nobody waits
        for the compiler, and few for the processors.

        Args:
            needed: whether what waits now would begin sooner for it.
        """

        def compile_it(count: int) -> None:
            # As short as they can be, branches included.
            alike = [config.replace(epochs=config.branch_epoch + 1) for config in configs]
            alike = (alike * count)[:count]
            backend = self._ready_backend()
            if needed:
                with self._changed:
                    self._needed -= 1
            elif not self._is_calm():
                self._warming.submit(self._logged, compile_it, count)
                return
            with self._changed:
                # What somebody waits for is compiled first.
                self._changed.wait_for(
                    lambda: self._closed or all(model.ready for model in self._models)
                )
            if self._closed or backend.at_hand(alike, count) == count:
                return
            try:
                if self._most(alike[0], self._models) < count:
                    return
            except TooLarge:
                return
            group = backend.group(
                alike, slots=count, test=False, begun="", on_phase=lambda phase: None
            )
            next(group.parts())

        for count in members:
            if needed:
                with self._changed:
                    self._needed += 1
                    self._changed.notify_all()
            self._warming.submit(self._logged, compile_it, count)

    def _is_calm(self) -> bool:
        """Wait until viewers leave the processors alone, or have had them for long; False where
        something is to be compiled that is needed now."""
        begun = self._now()
        with self._changed:
            while not self._closed and not self._needed:
                now = self._now()
                if any(request.urgency == Urgency.LIVE for request in self._requests):
                    self._last_live = now
                if now - self._last_live >= CALM_SECONDS or now - begun >= PUT_OFF_SECONDS:
                    return True
                self._changed.wait(LOOK_SECONDS)
            return self._closed

    def _logged(self, work: Callable[[int], None], count: int) -> None:
        """For an executor, which would keep an error to itself. As the process ends, much fails of
        which nobody need know."""
        try:
            work(count)
        except Exception:
            if not self._closed:
                logger.exception("not compiled")

    # The threads ---------------------------------------------------------------------------------

    def _wake(self) -> None:
        """Have the training threads look again; called with the lock held."""
        self._news += 1
        self._changed.notify_all()

    def _ready_backend(self) -> Backend:
        # A lock of its own: meanwhile others may ask.
        with self._making:
            if self._backend is None:
                self._backend = self._make_backend()
            return self._backend

    def _run(self) -> None:
        while not self._closed and not self._leaving:
            news = self._news
            try:
                if not self.turn():
                    with self._changed:
                        waits = LOOK_SECONDS if self._requests else KEPT_SECONDS
                        if self._news == news:
                            self._changed.wait(waits if self._requests or self._kept else None)
            except Exception:  # this thread must outlive whatever goes wrong
                logger.exception("the training thread stumbled")
                time.sleep(LOOK_SECONDS)

    def turn(self) -> bool:
        """Look at what is asked for, and do the part that comes next; False where there is none."""
        with self._changed:
            if self._leaving:
                return False
            self._drop_given_up()
            self._begin_models()
            model = self._choose()
            self._tell_queue()
            may = bool(self._chores) and not self._chore_at_work
            chore = self._chores[0] if may and (model is None or not self._chore_was_last) else None
            self._chore_was_last = self._chore_at_work = chore is not None
            if chore is not None:
                model = None
            if model is not None:
                self._at_work.add(model)
        if chore is not None:
            self._do_chore(chore)
        elif model is not None:
            try:
                self._advance(model)
            finally:
                with self._changed:
                    self._at_work.discard(model)
                    self._let_go(model)
                    self._changed.notify_all()
        else:
            return False
        return True

    def _do_chore(self, chore: _Chore) -> None:
        try:
            if chore.given_up():
                raise Cancelled("given up")
            next(chore.parts)
            self.parts_done += 1
            return
        except StopIteration as stop:
            chore.result = stop.value
        except Exception as error:
            chore.error = error
        finally:
            with self._changed:
                self._chore_at_work = False
        with self._changed:
            self._chores.remove(chore)
        chore.ended.set()

    def _members(self) -> list[Member]:
        """All that have not ended; called with the lock held."""
        members = [member for request in self._requests for member in request.members]
        live = [m for m in members if m.record is None or not m.record.complete]
        return list(dict.fromkeys(live))

    def _drop_given_up(self) -> None:
        for request in list(self._requests):
            if request.given_up():
                self._end(request, Cancelled("given up"))
        for model in list(self._models):
            if not model.wanted:
                self._models.remove(model)
                self._changed.notify_all()
                if model.ready and not model.alone and model.busy >= WORTH_KEEPING_SECONDS:
                    self._kept.append(model)
                self._let_go(model)
        since, kept = self._now() - KEPT_SECONDS, self._kept
        self._kept = [model for model in kept if model.touched > since][-KEPT_AT_ONCE:]
        for model in kept:
            self._let_go(model)

    def _end(self, request: Request, error: BaseException | None = None) -> None:
        """A request has its records, or will never have; called with the lock held."""
        self._requests.remove(request)
        for member in request.members:
            if request in member.requests:
                member.requests.remove(request)
        for model in request.models:
            self._let_go(model)
        if request.urgency == Urgency.LIVE:
            self._last_live = self._now()
        request.error = error
        request.ended.set()

    # Who shares a model --------------------------------------------------------------------------

    def _begin_models(self) -> None:
        """Make models of what waits, as far as there is room; called with the lock held."""
        if self._trial is not None:
            return
        pending = sorted(
            (member for member in self._members() if member.model is None),
            key=lambda member: (member.urgency, member.asked),
        )
        suspects = [m for m in pending if any(request.alone for request in m.requests)]
        if suspects and suspects[0].urgency == pending[0].urgency:
            first = suspects[0]
            mine = [m for m in suspects if m.requests[0] is first.requests[0]]
            alike_first = [m for m in mine if m.shape == first.shape]
            if not self._go_on(alike_first, MEMBERS_AT_ONCE, alone=True):
                self._begin(alike_first, alone=True)
            return
        alike: dict[Any, list[Member]] = {}
        for member in pending:
            if member not in suspects:
                alike.setdefault(member.shape, []).append(member)
        for members in alike.values():
            while members and self._may_begin(members):
                most = self._fitting(members)
                if not most:
                    break
                if gone_on := self._go_on(members, most):
                    members = [member for member in members if member not in gone_on]
                    continue
                taken = self._at_hand(self._together(members, most))
                members = [member for member in members if member not in taken]
                self._begin(taken)

    def _fitting(self, members: Sequence[Member]) -> int:
        """How many of some alike can begin as one model: none where they have to wait, or where
        they never could, which is told."""
        try:
            most = self._most(members[0].config, self._models)
            if not most and self._kept:
                # They hold what somebody waits for now.
                while self._kept:
                    self._let_go(self._kept.pop())
                most = self._most(members[0].config, self._models)
        except TooLarge as error:
            for request in {request for member in members for request in member.requests}:
                self._end(request, error)
            return 0
        return most

    @property
    def _trial(self) -> Model | None:
        """One that may have ended a worker, in its first epochs: meanwhile all others pause, so
        that it is known who did it if that happens again."""
        return next(
            (m for m in self._models if m.alone and not m.ended and m.epochs < EPOCHS_ALONE), None
        )

    def _may_begin(self, members: list[Member]) -> bool:
        urgency = members[0].urgency
        others = [model for model in self._models if model.urgency == urgency]
        if len(others) >= MODELS_AT_ONCE[urgency] or self._expects_company(members[0]):
            return False
        if urgency == Urgency.AHEAD:
            return all(r.urgency == Urgency.AHEAD for r in self._requests) and not others
        waiting = [member for member in members if member.urgency == urgency]
        if len(waiting) >= self.gathered or urgency != Urgency.LIVE:
            return True
        shared = any(model.shape == members[0].shape for model in others)
        return not shared or self._now() - members[0].asked >= GATHER_SECONDS

    def _expects_company(self, member: Member) -> bool:
        """Whether runs that are to share a member's model have not been asked for yet: they come in
        the same moment, in requests of their own."""
        request = min(member.requests, key=lambda request: request.asked)
        arrived = {
            m
            for other in self._requests
            if other.wish == request.wish
            for m in other.members
            if m.shape == member.shape
        }
        return len(arrived) < request.company and self._now() - request.asked < GATHER_SECONDS

    def _together(self, members: list[Member], most: int) -> list[Member]:
        """Those of some alike that are trained next, `most` of them at most, runs of one request
        together."""
        urgency, taken = members[0].urgency, list[Member]()
        # As many as one request has are one model all the same: a branch and its trunk.
        shared = min(most, self.gathered) if urgency == Urgency.LIVE else most
        for member in members:
            if member in taken or member.urgency != urgency:
                continue
            request = min(member.requests, key=lambda request: (request.urgency, request.asked))
            whole = [
                m
                for m in members
                if request in m.requests and m.urgency == urgency and m not in taken
            ]
            if not taken or len(taken) + len(whole) <= shared:
                taken += whole[:most]
        return taken

    def _at_hand(self, members: list[Member]) -> list[Member]:
        """As many of some members as can begin without the compiler; all, where none can. Viewers
        would wait for it: what the others need is compiled meanwhile."""
        configs = [member.config for member in members]
        backend, count = self._backend, len(members)
        if backend is None or members[0].urgency != Urgency.LIVE:
            return members
        if backend.at_hand(configs, 2 * count):
            return members
        fewer = next((k for k in range(count - 1, 0, -1) if backend.at_hand(configs[:k], k)), count)
        if fewer < count:
            self.warm(configs, [backend.slots(count)], needed=True)
        return members[:fewer]

    def _go_on(self, members: list[Member], most: int, alone: bool = False) -> list[Member]:
        """Go on with a model of the process before this one, of at most so many members, where it
        has one of these as urgent as the first; its members."""
        for member in members:
            carried = self._luggage.of(member.config, member.test)
            if carried is None or member.urgency != members[0].urgency:
                continue
            if len(carried.configs) > most:
                continue
            self._luggage.taken(carried)
            # What nobody has asked for yet may be in a moment: then it is joined.
            asked = {m.config.key: m for m in members}
            whole = [asked.get(c.key) or Member(c, carried.test) for c in carried.configs]
            model = Model(whole, carried.slots, self._now(), alone, carried, epochs=carried.epochs)
            model.spent.update(carried.spent)
            for each in whole:
                each.model = model
            self._models.append(model)
            self._compiling.submit(self._compile, model)
            return whole
        return []

    def _begin(self, members: list[Member], alone: bool = False) -> None:
        model = Model(members, len(members), self._now(), alone)
        for member in members:
            member.model = model
        self._models.append(model)
        backend = self._backend
        # Rather a program at hand with places to spare than one that must be compiled first.
        at_hand = 0 if backend is None else backend.at_hand(model.configs, 2 * len(members))
        if backend is not None and at_hand:
            model.slots = at_hand
            fitting = backend.slots(len(members))
            if fitting < at_hand and model.urgency == Urgency.LIVE:
                # Places to spare are trained too: the next such run is to do without.
                self.warm(model.configs, [fitting], needed=True)
            self._prepare(model)
            model.ready = True
            self._wake()
        else:
            self._compiling.submit(self._compile, model)

    def _compile(self, model: Model) -> None:
        """Prepare a model and compile its program; on a thread beside what trains."""
        try:
            backend = self._ready_backend()
            if model.carried is None:
                model.slots = backend.slots(len(model.members))
            with self._changed:
                if not model.wanted:
                    # Nobody can come back to it: it has not begun.
                    if model in self._models:
                        self._models.remove(model)
                    for member in model.members:
                        member.model = None
                    return
            self._prepare(model)
            if model.error is None:
                model.began = next(model.parts)
        except Exception as error:
            model.error = error
        finally:
            with self._changed:
                # What comes now is waiting for its turn.
                model.enter("preparing", self._now())
                model.phase_since = 0.0
                model.ready, model.touched = True, self._now()
                self._wake()

    def _prepare(self, model: Model) -> None:
        """Make the group of a model."""

        def on_phase(name: PhaseName) -> None:
            changed = name != model.phase
            model.enter(name, self._now())
            if changed:
                # A phase is something done too: compiling may take a slow machine minutes.
                self.parts_done += 1
                self._tell(model, False)

        assert self._backend is not None
        try:
            if model.carried is not None:
                with suppress(Exception):
                    model.group = self._backend.resumed(model.carried.take(), on_phase)
                    model.parts = model.group.parts()
                    return
                logger.warning("a model cannot be gone on with, and begins again")
                model.carried, model.epochs = None, 0
            model.group = self._backend.group(
                model.configs,
                slots=model.slots,
                test=model.members[0].test,
                begun=datetime.now(UTC).isoformat(timespec="milliseconds"),
                on_phase=on_phase,
            )
            model.parts = model.group.parts()
        except Exception as error:
            model.error = error

    # Whose part comes next -----------------------------------------------------------------------

    def _choose(self) -> Model | None:
        """The model whose part comes next; called with the lock held."""
        now = self._now()
        if self._trial is not None:
            # By itself: what ends the process is to be known.
            return self._trial if self._trial.ready and not self._at_work else None
        # While what is more urgent is being compiled, the processors are free for what is less.
        urgency = min((m.urgency for m in self._models if m.ready), default=Urgency.LIVE)
        ready = [m for m in self._models if m.ready and m not in self._at_work]
        mine = [model for model in ready if model.urgency == urgency]
        if not mine:
            return None
        still = [
            model
            for model in ready
            if model.urgency != Urgency.AHEAD and now - model.touched > PATIENCE_SECONDS
        ]
        if still and now - self._favoured > BETWEEN_FAVOURS:
            self._favoured = now
            return min(still, key=lambda model: model.touched)
        without = [model for model in mine if model.epochs == 0 and not model.begins_late]
        if without:
            return without[0]
        units: dict[object, list[Model]] = {}
        for model in mine:
            units.setdefault(self._unit(model), []).append(model)
        soonest = min(units.values(), key=self._seconds_each)
        return min(soonest, key=lambda model: model.epochs)

    @staticmethod
    def _unit(model: Model) -> object:
        """Models with the same are advanced epoch by epoch, in turn."""
        first = min(model.requests, key=lambda request: request.asked, default=None)
        return id(model) if first is None else first.wish

    def _seconds_each(self, models: Sequence[Model]) -> float:
        """What some models will still take, for each viewer who waits for them, less a share of how
        long they have been waited for."""
        requests = {request for model in models for request in model.requests}
        viewers = _viewers(requests)
        now = self._now()
        waited = now - min((request.asked for request in requests), default=now)
        left = sum(map(self.seconds_left, models)) / max(viewers, 1)
        return left - AGEING * waited

    def seconds_left(self, model: Model) -> float:
        """What a model will still take by itself."""
        epochs = max((m.config.epochs for m in model.live), default=0) - model.epochs
        if model.epochs:
            return epochs * model.busy / model.epochs
        foreseen = cost(model.configs)
        late = foreseen.begin if model.begins_late and not model.began else 0.0
        return self._speed * (late + epochs * foreseen.epoch)

    # A part ---------------------------------------------------------------------------------------

    def _advance(self, model: Model) -> None:
        begun, company = self._now(), len(self._at_work)
        measured = False
        try:
            if model.error is not None:
                raise model.error
            measured = next(model.parts)
            # Records wait for measures that are taken beside the next epoch: only where due.
            due = measured and self._is_due(model)
            records = model.group.records() if due and model.group is not None else []
        except StopIteration:
            self._fail(model, RuntimeError("the training ended early"))
            return
        except Exception as error:
            self._fail(model, error)
            return
        now = self._now()
        self.parts_done += 1
        # The first that is measured is the start; before it a ticket has its parent trained.
        was_begun, model.began = model.began, model.began or measured
        model.touched = now
        if was_begun:
            # Of the processors' time the others at work had their share.
            model.busy += (now - begun) / max(company, 1)
            model.epochs += measured
            if measured:
                ratio = model.busy / model.epochs / cost(model.configs).epoch
                self._speed += 0.2 * (min(max(ratio, 0.05), 20.0) - self._speed)
        if not due:
            return
        assert model.group is not None
        model.enter(model.phase, now)
        with self._changed:
            for member, record in zip(model.members, records, strict=True):
                member.record = record
            if model.group.ended:
                model.ended = True
                self._forget(model)
            self._tell(model, True)
            for request in self._requests_of(model):
                if len(request.records) == len(request.members) and all(
                    record.complete for record in request.records
                ):
                    self._end(request)

    def _is_due(self, model: Model) -> bool:
        """Whether somebody is to be told of the epoch that has just been measured."""
        assert model.group is not None
        ended = sum(model.group.have_ended)
        known = sum(m.record is not None and m.record.complete for m in model.members)
        return ended > known or any(request.due() for request in self._requests_of(model))

    def _fail(self, model: Model, error: BaseException) -> None:
        """A model raised an error: all who wanted one of its runs are told."""
        with self._changed:
            self._forget(model)
            for request in self._requests_of(model):
                self._end(request, error)

    def _forget(self, model: Model) -> None:
        """A model has ended; called with the lock held."""
        # Whom nobody wants any more has been put away meanwhile.
        for models in (self._models, self._kept):
            if model in models:
                models.remove(model)
        self._wake()

    def _let_go(self, model: Model) -> None:
        """Have the arrays of a model go at once where nobody comes back to it; called with the lock
        held. It is part of a circle, and Python counts the objects of those, not their bytes."""
        in_use = model in self._models or model in self._kept or model in self._at_work
        # One that has ended is handed over as long as it is some of what somebody wants.
        if model.ready and not in_use and not any(member.requests for member in model.members):
            model.group, model.parts = None, iter(())
            for member in model.members:
                member.model = None

    def _requests_of(self, model: Model) -> list[Request]:
        found = [request for member in model.members for request in member.requests]
        return [request for request in dict.fromkeys(found) if request in self._requests]

    def _tell(self, model: Model, measured: bool) -> None:
        for request in self._requests_of(model):
            request.queue = None
            try:
                request.tell(request, measured)
            except Exception:  # it is no reason to stop training
                logger.exception("a request cannot be told")

    def _tell_queue(self) -> None:
        """Tell those who have not begun how many are before them; called with the lock held."""
        now = self._now()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        left = sum(self.seconds_left(m) for m in self._models if m.urgency == Urgency.LIVE)
        before = sum(1 for request in self._requests if request.models)
        waiting = sorted(
            (request for request in self._requests if not request.models),
            key=lambda request: (request.urgency, request.asked),
        )
        for request in waiting:
            request.queue = Queue(before, left)
            request.tell(request, False)
            before += 1


def _viewers(requests: Iterable[Request]) -> int:
    """How many wait for some requests; those of one wish have the same viewers."""
    viewers: dict[object, int] = {}
    for request in requests:
        viewers[request.wish] = max(viewers.get(request.wish, 1), request.viewers)
    return sum(viewers.values())
