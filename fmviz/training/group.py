"""A group: runs that differ only in numbers, trained as one model (`stock`), part by part.

A whole epoch of batches runs inside one compiled function; every number that varies enters it as a
tensor, so another value never compiles again. All members see the same images in the same order.

A member that is a ticket (`theory.tickets`) has its parent trained first, on the same program.

Where a member branches, other numbers enter from the next epoch on. Where its program changes as
well, with the optimizer or the batch size, all members go on in another one, from where they are.

Whoever trains several groups decides whose part comes next: between two parts any time may pass.

Long because where a group stands, to be gone on with elsewhere, is made and read beside its parts.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from fmviz.run import data
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.groups import Kind, Stretch, begins_anew, kinds_of, way_of
from fmviz.run.phases import PhaseName
from fmviz.run.record import Divergence, RunRecord, n_weights
from fmviz.theory import initializers, penalties, schedules, tickets
from fmviz.training import stock
from fmviz.training.compiled import Batches, Evaluation, Numbers, Program, State
from fmviz.training.images import EVALUATION_BATCH, image_tensors
from fmviz.training.programs import programs
from fmviz.training.recorder import Measured, Recorder
from fmviz.version import VERSION

Tensor = Any
Array = npt.NDArray[Any]

# A part is at most so many operations, about half a second on two cores, and so many steps.
OPERATIONS_AT_ONCE = 5e10
STEPS_AT_ONCE = 256

OnPhase = Callable[[PhaseName], None]

# Of the start of a run.
UNKNOWN = {"running_accuracy": np.nan, "running_crossentropy": np.nan, "seconds": 0.0}


class Kept(NamedTuple):
    """A group between two of its parts, for another process to go on with. Arrays are NumPy's, and
    of the group as long as that is not advanced.

    Attributes:
        configs, kinds, test, begun: as the group was made with.
        recorders, plateaus, seconds: what is known of its members.
        epoch: how many have been trained.
        first: the next step of the one that is being trained.
        sums: over its steps so far, correct answers and cross-entropies, (2, K).
        before, state: at the beginning of that epoch, and now.
        masks: see `compiled.Numbers`.
    """

    configs: tuple[RunConfig, ...]
    kinds: tuple[Kind, ...]
    test: bool
    begun: str
    recorders: list[Recorder]
    plateaus: list[schedules.Plateau]
    seconds: float
    epoch: int
    first: int
    sums: Array
    before: State
    state: State
    masks: list[Array]


class Group:
    """Runs of one way and training set, trained as one model.

    Their numbers of epochs may differ: the model is trained until the last of them has ended.

    Args:
        configs: its members.
        kinds: of the programs that train them, one for each stretch of their way, by default just
            theirs. Places left over train what nobody wants: programs at hand serve fewer too.
        test: whether test images are measured.
        begun: when the training began: what began together ran side by side.
        on_phase: called as a phase begins; with "training" at the beginning of each epoch.
        kept: where another group of these runs stood, to go on from there; see `resumed`.

    Raises:
        fmviz.run.data.DataError: the images cannot be read.
    """

    def __init__(
        self,
        configs: Sequence[RunConfig],
        *,
        kinds: Sequence[Kind] | None = None,
        test: bool = False,
        begun: str = "",
        on_phase: OnPhase | None = None,
        kept: Kept | None = None,
    ) -> None:
        self.enter = on_phase or (lambda phase: None)
        self.enter("preparing")
        self.configs, self.test, self.begun = tuple(configs), test, begun
        self.recorders = [Recorder(config, test) for config in configs]
        self.plateaus = [schedules.Plateau(config) for config in configs]
        if kept is not None:
            self.recorders, self.plateaus = kept.recorders, kept.plateaus
        # The longest: what is common to all is read from it.
        self.config = max(configs, key=lambda config: config.epochs)
        self.kinds = tuple(kinds or kinds_of(configs))
        members = self.kinds[0].members
        self._filled = [*configs, *[configs[-1]] * (members - len(configs))]
        trained_by = map(programs.get, self.kinds)
        self._programs = dict(zip(way_of(self.config), trained_by, strict=True))
        self.program = next(iter(self._programs.values()))
        self.images = image_tensors(self.config.dataset)
        # All members have the same images. Of the training sample only what they train on counts.
        measured = max(part.stop for part in self.recorders[0].slices.values())
        self.evaluation_chunks = -(-measured // EVALUATION_BATCH)
        self.seconds = 0.0

        recorders = [*self.recorders, *[self.recorders[-1]] * (members - len(configs))]
        labels = np.zeros((members, DATASETS[self.config.dataset].train), np.int32)
        for row, recorder in zip(labels, recorders, strict=True):
            row[: len(recorder.labels)] = recorder.labels
        self._labels = tf.constant(labels)
        told = np.stack([recorder.evaluation_labels for recorder in recorders])
        chunked = told.reshape(members, -1, EVALUATION_BATCH).transpose(1, 0, 2)
        self.evaluation_labels = tf.constant(np.ascontiguousarray(chunked))
        self.rates = np.zeros((self.config.steps, members))
        for column, config in zip(self.rates.T, self._filled, strict=True):
            rates = schedules.learning_rates(config)
            column[: len(rates)] = rates
        # Where it stands between two parts: epochs trained, the next step of the one that is being
        # trained, what is summed over its steps, and the state at its beginning.
        self._epoch = self._first = 0
        self._sums = np.zeros((2, members))
        self._diagnosing = False
        self._resumed = kept is not None
        self._settings: list[RunConfig] = []
        self._masks: list[Array] = []
        # Trained before anything else: which weights a ticket has is read off them.
        drawn = [config for config in self._filled if config.ticket == "magnitude"]
        self._parents = list(dict.fromkeys(config.parent for config in drawn))
        if kept is None:
            if not self._parents:
                self._start({})
        else:
            self._parents, self._masks = [], kept.masks
            self._epoch, self._first, self._sums = kept.epoch, kept.first, kept.sums
            self.seconds = kept.seconds
            self.state = self._before = _each(tf.constant, kept.state)
            if kept.first:
                self._before = _each(tf.constant, kept.before)
        if not self._parents:
            self._take_up(self._epoch if self._first else self._epoch - 1)

    def _start(self, trained: Mapping[RunConfig, Sequence[Array]]) -> None:
        """Make the first weights, those of tickets with what their masks let stay.

        Args:
            trained: the final weights of the parents.
        """
        chosen = [tickets.masks(c, trained.get(c.parent, ())) for c in self._filled]
        if self.kinds[0].features.masked:
            self._masks = stock.stack([[mask.astype(np.float32) for mask in m] for m in chosen])
        initial = [initializers.initial_weights(c) for c in self._filled]
        weights = stock.stack([tickets.masked(w, m) for w, m in zip(initial, chosen)])
        self.state = self._before = self.program.start([tf.constant(w) for w in weights])

    def _draw_tickets(self) -> Iterator[bool]:
        """Train the whole networks of which tickets have the largest weights; part by part, and
        none of them is an epoch of these runs."""

        def on_phase(name: PhaseName) -> None:
            self.enter("preparing" if name == "training" else name)

        trained = Group(self._parents, kinds=self.kinds, begun=self.begun, on_phase=on_phase)
        for _ in trained.parts():
            yield False
        self._start({record.config: record.weights for record in trained.records()})
        self._parents = []
        self._take_up(-1)

    @classmethod
    def resumed(cls, kept: Kept, on_phase: OnPhase | None = None) -> Group:
        """A group that goes on where another stood, and ends with the records that it would have
        had."""
        return cls(
            kept.configs,
            kinds=kept.kinds,
            test=kept.test,
            begun=kept.begun,
            on_phase=on_phase,
            kept=kept,
        )

    def kept(self) -> Kept | None:
        """Where it stands; None where that cannot be told, as one of its members has just diverged
        and it is being looked into, or its parents are trained. Not while it is advanced."""
        if self._diagnosing or self._parents:
            return None
        state = _each(np.asarray, self.state)
        before = state if self._before is self.state else _each(np.asarray, self._before)
        return Kept(
            self.configs,
            self.kinds,
            self.test,
            self.begun,
            self.recorders,
            self.plateaus,
            self.seconds,
            self._epoch,
            self._first,
            self._sums,
            before,
            state,
            self._masks,
        )

    @property
    def ended(self) -> bool:
        """Whether all members have, by their last epoch or by diverging."""
        return all(self.have_ended)

    @property
    def have_ended(self) -> list[bool]:
        """Which of them have."""
        return [recorder.ended for recorder in self.recorders]

    def records(self) -> list[RunRecord]:
        """The members' records so far."""
        made = {
            "fmviz": VERSION,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()}",
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "trained_together": len(self.recorders),
            "begun": self.begun,
        }
        return [recorder.record(made) for recorder in self.recorders]

    def parts(self) -> Iterator[bool]:
        """Train to the end, yielding after every part: True where an epoch, or the start, has just
        been measured. Where the group goes on from where another stood, that is the first part."""
        if self._parents:
            yield from self._draw_tickets()
        new = [program for program in self._programs.values() if not program.compiled]
        self.enter("compiling" if new else "preparing")
        for program in new:
            self._compile(program)
        if not self._resumed:
            self._measure([{**UNKNOWN, "learning_rate": r} for r in self.rates[0]])
        yield True
        if self._resumed and self.ended:
            yield True
        n = self.config.train_size
        while self._epoch < self.config.epochs and not self.ended:
            self.enter("training")
            if not self._first:
                self._begin_epoch()
            steps = self.config.in_epoch(self._epoch + 1).steps_per_epoch
            batches, last_rates = self._batches(self._epoch)
            while self._first < steps:
                begun = time.perf_counter()
                end = min(self._first + self._steps_at_once, steps)
                self._sums += [part.numpy() for part in self._advance(batches, self._first, end)]
                self._first = end
                self.seconds += (time.perf_counter() - begun) / len(self.recorders)
                if end < steps:
                    yield False
            figures = [
                {
                    "running_accuracy": c / n,
                    "running_crossentropy": x / n,
                    "learning_rate": r,
                    "seconds": self.seconds,
                }
                for c, x, r in zip(*self._sums, last_rates, strict=True)
            ]
            broken = self._measure(figures)
            if broken:
                self._diagnosing = True
                yield from self._diagnose(self._before, self._epoch, batches, broken)
                self._diagnosing = False
            self._epoch, self._first, self._before = self._epoch + 1, 0, self.state
            self._sums = np.zeros_like(self._sums)
            yield True

    def _compile(self, program: Program) -> None:
        """Have a program compiled before the clock runs; no step is taken."""
        state, own = self.state, self.program
        self.program, self.state = program, program.start(state.weights)
        self._evaluate(self.rates[0])
        order = tf.zeros((program.max_steps, program.batch_size), tf.int32)
        self._advance(Batches(order, tf.zeros((program.max_steps, program.members))), 0, 0)
        self.program, self.state = own, state
        program.compiled = True

    def _begin_epoch(self) -> None:
        """Go on with what is in force in the next epoch: other numbers, or another program too."""
        self._take_up(self._epoch)
        stretch = self._stretch(self._epoch)
        if 0 < stretch.first == self._epoch and begins_anew(self.config):
            steps = self.config.steps_in(stretch.first)
            self.state = self._before = self.program.start(self.state.weights, steps)

    def _stretch(self, epoch: int) -> Stretch:
        """The one that an epoch, counted from 0, is in."""
        return [stretch for stretch in self._programs if stretch.first <= max(epoch, 0)][-1]

    def _take_up(self, epoch: int) -> None:
        """Take up the program and the numbers of an epoch, counted from 0; before the first those
        of the first."""
        stretch = self._stretch(epoch)
        self.program = self._programs[stretch]
        settings = [config.in_epoch(epoch + 1) for config in self._filled]
        if settings == self._settings:
            return
        self._settings = settings
        operations = 6 * n_weights(self.config) * self.program.batch_size * len(settings)
        self._steps_at_once = max(1, min(STEPS_AT_ONCE, int(OPERATIONS_AT_ONCE / operations)))
        strengths = [penalties.coefficients(c) for c in settings]
        begun = self.config.steps_in(stretch.first) if begins_anew(self.config) else 0
        self.numbers = Numbers(
            self._labels,
            tf.constant([s.l1 for s in strengths], tf.float32),
            tf.constant([s.l2 for s in strengths], tf.float32),
            tf.constant([s.weight_decay for s in strengths], tf.float32),
            tf.constant([s.threshold for s in strengths], tf.float32),
            tf.constant([c.dropout for c in settings], tf.float32),
            tf.constant([c.seed for c in settings], tf.int32),
            tf.constant(self.config.train_size, tf.int32),
            tf.constant(begun, tf.int32),
            [tf.constant(mask) for mask in self._masks],
        )

    def _advance(self, batches: Batches, first: int, end: int) -> list[Tensor]:
        """Take steps `first` to `end` − 1 of an epoch; correct answers and cross-entropies, (K,)
        each."""
        self.state, *sums = self.program.epoch(
            self.state,
            self.numbers,
            self.images.train,
            batches,
            tf.constant(first),
            tf.constant(end),
        )
        return sums

    def _batches(self, epoch: int) -> tuple[Batches, Array]:
        """The images and learning rates of every step of an epoch; the last step's rates."""
        first, end = (self.config.steps_in(count) for count in (epoch, epoch + 1))
        steps, size = end - first, self.program.batch_size
        order = np.zeros(self.program.max_steps * size, np.int32)
        order[: self.config.train_size] = data.epoch_order(self.config.train_size, epoch)
        rates = np.zeros((self.program.max_steps, self.program.members), np.float32)
        rates[:steps] = self.rates[first:end]
        rates[:, : len(self.plateaus)] *= [plateau.factor for plateau in self.plateaus]
        batches = Batches(tf.constant(order.reshape(-1, size)), tf.constant(rates))
        return batches, rates[steps - 1]

    def _evaluate(self, rates: Sequence[float] | Array) -> Evaluation:
        """What is measured of the present weights; the learning rates are the members'."""
        return self.program.evaluate(
            self.state,
            self.evaluation_labels,
            self.images.evaluation,
            self.images.train,
            self.numbers,
            tf.constant(rates, tf.float32),
            tf.constant(self.evaluation_chunks),
        )

    def _measure(self, figures: list[dict[str, float]]) -> list[int]:
        """Add a row to every run still finite; returns those that no longer are."""
        measured = self._evaluate([known["learning_rate"] for known in figures])
        predicted, crossentropy, confidence = (
            np.asarray(v)[: self.evaluation_chunks]
            .transpose(1, 0, 2)
            .reshape(self.program.members, -1)
            for v in (measured.predicted, measured.crossentropy, measured.confidence)
        )
        # Not `numpy()`, which copies; the recorders write to none of these.
        pre_activations = [np.asarray(z) for z in measured.pre_activations]
        activations = [np.asarray(a) for a in measured.activations]
        gradient_norms = np.asarray(measured.gradient_norms)
        update_norms = np.asarray(measured.update_norms)
        weights = [np.asarray(w) for w in self.state.weights]
        broken = []
        for k, (recorder, plateau) in enumerate(zip(self.recorders, self.plateaus, strict=True)):
            if recorder.ended:
                continue
            finite = recorder.add(
                Measured(
                    figures[k],
                    predicted[k],
                    crossentropy[k],
                    confidence[k],
                    [z[k] for z in pre_activations],
                    [a[k] for a in activations],
                    stock.take(weights, k),
                    gradient_norms[:, k],
                    update_norms[:, k],
                )
            )
            if not finite:
                broken.append(k)
            elif recorder.rows > 1:
                plateau.after_epoch(recorder.val_loss)
        return broken

    def _diagnose(
        self,
        before: State,
        epoch: int,
        batches: Batches,
        broken: list[int],
    ) -> Iterator[bool]:
        """Run the epoch again step by step and note where each broken member began to fail; a part
        at a time."""
        names = self.program.flag_names()
        state, missing = before, set(broken)
        steps = self.config.in_epoch(epoch + 1).steps_per_epoch
        for step in range(steps):
            if step and step % self._steps_at_once == 0:
                yield False
            state, flags = self.program.traced_step(
                state,
                self.numbers,
                self.images.train,
                batches.order[step],
                tf.constant(step * self.program.batch_size),
                batches.rates[step],
            )
            finite = flags.numpy()
            for k in sorted(missing):
                if not finite[:, k].all():
                    where, layer = names[int(np.argmin(finite[:, k]))]
                    self.recorders[k].diverged = Divergence(epoch + 1, step, layer, where)
                    missing.discard(k)
            if not missing:
                return
        for k in missing:
            # Finite in every step, and only the figures taken after them overflow.
            last = steps - 1
            layers = self.program.n_layers
            self.recorders[k].diverged = Divergence(epoch + 1, last, layers - 1, "loss")


def _each(convert: Callable[[Any], Any], state: State) -> State:
    """A state with every array converted."""
    return State(
        [convert(weight) for weight in state.weights],
        [[convert(slot) for slot in slots] for slots in state.slots],
        convert(state.step),
    )
