"""What a worker's trainer is asked for, and what comes of it: requests, members, models."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fmviz.engine.reports import Phase, Queue, Timing
from fmviz.engine.urgency import Urgency
from fmviz.run.config import RunConfig
from fmviz.run.groups import Stretch, way_of
from fmviz.run.phases import PhaseName
from fmviz.run.record import RunRecord


class Cancelled(Exception):
    """Nobody waits for this run any more."""


class Handed(Protocol):
    """What is used of `engine.carried.Carried`: a model that another process has begun."""

    def take(self) -> Any: ...


class Group(Protocol):
    """What is used of `fmviz.training.group.Group`."""

    @property
    def ended(self) -> bool: ...
    @property
    def have_ended(self) -> Sequence[bool]: ...
    def parts(self) -> Iterator[bool]: ...
    def records(self) -> list[RunRecord]: ...
    def kept(self) -> object | None: ...


class Backend(Protocol):
    """Who makes groups; `fmviz.training.backend` in a worker."""

    def at_hand(self, configs: Sequence[RunConfig], most: int) -> int:
        """How many members a program has that is compiled already and serves these runs, the
        smallest of at most `most`; 0 where there is none."""
        ...

    def slots(self, members: int) -> int:
        """How many members the program that is to be compiled for so many has."""
        ...

    def group(
        self,
        configs: Sequence[RunConfig],
        *,
        slots: int,
        test: bool,
        begun: str,
        on_phase: Callable[[PhaseName], None],
    ) -> Group:
        """A group of these runs."""
        ...

    def resumed(self, kept: Any, on_phase: Callable[[PhaseName], None]) -> Group:
        """The group that goes on where another stood, as its `kept` told."""
        ...


@dataclass(eq=False)
class Request:
    """Runs that a task wants.

    Attributes:
        configs: they.
        urgency: who waits for them.
        test: whether test images are to be measured.
        alone: whether they may have killed a worker.
        together: a name that requests share whose curves are to grow together.
        company: runs of those requests that are to be members of one model.
        task: a name by which to tell how many wait for it.
        viewers: who wait for it.
        given_up: whether nobody wants it any more.
        tell: called on the training thread when there is news, with whether an epoch has ended.
        due: whether it is time to tell of an epoch.
    """

    configs: tuple[RunConfig, ...]
    given_up: Callable[[], bool]
    tell: Callable[[Request, bool], None]
    due: Callable[[], bool] = lambda: True
    urgency: Urgency = Urgency.LIVE
    test: bool = False
    alone: bool = False
    together: str = ""
    company: int = 1
    task: str = ""
    viewers: int = 1
    asked: float = 0.0
    members: list[Member] = field(default_factory=list)
    queue: Queue | None = None
    error: BaseException | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def wish(self) -> object:
        """What it shares with its sisters, and with no other."""
        return self.together or id(self)

    @property
    def records(self) -> list[RunRecord]:
        """Those of its runs so far, of runs that have begun."""
        return [member.record for member in self.members if member.record is not None]

    @property
    def models(self) -> list[Model]:
        """The models that train its runs, in the order of its runs."""
        return list(dict.fromkeys(m.model for m in self.members if m.model is not None))

    @property
    def phase(self) -> Phase:
        """What was done for it last."""
        models = [model for model in self.models if not model.ended] or self.models
        if not models:
            return Phase("preparing")
        model = max(models, key=lambda model: model.touched)
        return Phase(model.phase, self._keys(model), model.epochs + 1 if model.began else 0)

    @property
    def timings(self) -> tuple[Timing, ...]:
        """How far it is, model by model."""
        return tuple(
            Timing(
                self._keys(model),
                model.epochs,
                model.spent["preparing"],
                model.spent["compiling"],
                model.spent["training"],
            )
            for model in self.models
        )

    def _keys(self, model: Model) -> tuple[str, ...]:
        return tuple(m.config.key for m in self.members if m.model is model)


@dataclass(eq=False)
class Member:
    """A run, for all requests that want it."""

    config: RunConfig
    test: bool
    requests: list[Request] = field(default_factory=list)
    model: Model | None = None
    record: RunRecord | None = None

    @property
    def urgency(self) -> Urgency:
        """That of the most urgent of them."""
        return min((r.urgency for r in self.requests), default=Urgency.AHEAD)

    @property
    def shape(self) -> tuple[tuple[Stretch, ...], int, bool]:
        """What runs share that can be trained as one model; their epochs may differ."""
        return way_of(self.config), self.config.train_size, self.test

    @property
    def asked(self) -> float:
        """When it was asked for first."""
        return min((request.asked for request in self.requests), default=math.inf)


@dataclass(eq=False)
class Model:
    """Members that are trained as one, and how far they are.

    Attributes:
        slots: members of its program.
        carried: where it comes from, if the process before this one has begun it.
        group: once it is prepared.
        ready: whether it can be advanced: its program is compiled, or it cannot be prepared.
        began: whether the start is measured.
        epochs: measured.
        spent: seconds in each phase so far, of the clock on the wall.
        busy: seconds of its parts.
        touched: when its last part ended.
    """

    members: list[Member]
    slots: int
    touched: float
    alone: bool = False
    carried: Handed | None = None
    group: Group | None = None
    parts: Iterator[bool] = field(default_factory=lambda: iter(()))
    phase: PhaseName = "preparing"
    phase_since: float = 0.0
    ready: bool = False
    began: bool = False
    ended: bool = False
    epochs: int = 0
    busy: float = 0.0
    error: BaseException | None = None
    spent: dict[PhaseName, float] = field(
        default_factory=lambda: {"preparing": 0.0, "compiling": 0.0, "training": 0.0}
    )

    @property
    def configs(self) -> list[RunConfig]:
        """Those of its members."""
        return [member.config for member in self.members]

    @property
    def urgency(self) -> Urgency:
        """That of the most urgent member that has not ended."""
        return min((m.urgency for m in self.live), default=Urgency.AHEAD)

    @property
    def live(self) -> list[Member]:
        """Members that have not ended."""
        return [m for m in self.members if m.record is None or not m.record.complete]

    @property
    def requests(self) -> set[Request]:
        """Those that wait for it."""
        return {request for member in self.live for request in member.requests}

    @property
    def begins_late(self) -> bool:
        """Whether other networks are trained before its first point, as long as it itself."""
        return any(config.ticket == "magnitude" for config in self.configs)

    @property
    def wanted(self) -> bool:
        """Whether anybody still wants it."""
        return bool(self.requests)

    @property
    def shape(self) -> tuple[tuple[Stretch, ...], int, bool]:
        """What members of a model have in common."""
        return self.members[0].shape

    def enter(self, name: PhaseName, now: float) -> None:
        """A phase begins."""
        self.spent[self.phase] += now - self.phase_since if self.phase_since else 0.0
        self.phase, self.phase_since = name, now
