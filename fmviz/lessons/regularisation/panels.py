"""Panels of the lesson on L2 and L1: the weight distribution, and the closer looks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from fmviz.analysis.stopping import Shown
from fmviz.analysis.sweeps import points_of_sweep
from fmviz.charts.weights import (
    distribution_rows,
    distribution_spec,
    kernel_pictures,
    picture_limit,
)
from fmviz.lessons.regularisation import charts as drawn
from fmviz.lessons.regularisation import geometry, lesson, pruning
from fmviz.lessons.regularisation import says as told
from fmviz.run import data, measure
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.record import SNAPSHOT_UNITS, RunRecord
from fmviz.run.settings import number
from fmviz.theory import penalties
from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.look import END, FIGURES, Look
from fmviz.ui.page import Page
from fmviz.ui.panels.sweep import Sweep
from fmviz.ui.pictures import picture, png
from fmviz.ui.place import Place, draw_chart
from fmviz.words.numbers import upper_first
from fmviz.words.prose import Caption

FLIPS_SHOWN = 9
WEIGHTS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
LAW_POINTS = 240
# The law is drawn until L2 has left a twentieth of the weight.
LAW_PULLS = 3.0


class Distribution:
    """Density of the weights, with the penalty and without."""

    pace = FIGURES

    def __init__(self, board: Board) -> None:
        self.board = board
        with st.container(border=True, height="stretch"):
            self.metric, self.chart, self.note = Place(), Place(), Place()

    def draw(self, look: Look) -> None:
        """The newest histogram."""
        run = look.run
        caption = told.spread(run, look.runs[0] if len(look.runs) == 2 else None)
        self.metric.metric(
            f"Typical weight, {run.name}",
            caption.figures["now"],
            help="Root mean square of all kernel weights, biases left out.",
        )
        self.chart.chart(
            distribution_rows(look.runs),
            distribution_spec(self.board.roles, self.board.dark),
            alt="Density of the weights of each run, on a logarithmic scale.",
        )
        self.note.caption(self.board.text(caption))


class Closer:
    """A closer look: drawn once the page's runs have ended; `run` follows for those that need
    runs of their own."""

    pace = END

    def __init__(self, board: Board) -> None:
        self.board, self.page = board, board.page
        self.spot = st.container()

    def draw(self, look: Look) -> None:
        """Show what the page's finished runs have to say."""

    def run(self) -> None:
        """Ask for runs beyond the page's own, where there are any."""

    def say(self, *captions: Caption) -> None:
        """Captions in the lesson's words."""
        st.markdown(" ".join(map(self.board.text, captions)))

    def chart(self, rows: Any, spec: dict[str, Any], alt: str, **options: Any) -> None:
        """A chart with what it shows in words, for those who cannot see it."""
        draw_chart(rows, spec, alt=alt, **({"width": "stretch"} | options))


def _weights(run: Shown) -> tuple[Sequence[npt.NDArray[Any]], Caption | None]:
    """The weights that a run is shown with, and a word where they are another epoch's."""
    weights, epoch = run.record.weights_of(run.kept)
    if epoch == run.kept:
        return weights, None
    return weights, Caption("weights of another epoch", {"epoch": str(epoch)})


class Pictures(Closer):
    """First-layer weights as pictures, on one scale."""

    wants_weights = "runs"

    def draw(self, look: Look) -> None:
        """Both networks' pictures."""
        if not all(run.record.weights for run in look.runs):
            return
        with self.spot:
            found = [_weights(run) for run in look.runs]
            kernels = [weights[0] for weights, _ in found]
            limit = picture_limit(kernels)
            for column, run, kernel in zip(st.columns(2), look.runs, kernels, strict=False):
                shown = kernel[:, :SNAPSHOT_UNITS]
                column.image(
                    png(kernel_pictures(shown, limit, self.board.dark)),
                    caption=upper_first(run.name),
                    width="stretch",
                )
            beyond = float(np.mean([np.abs(kernel) > limit for kernel in kernels]))
            rough = [measure.roughness(kernel, data.SHAPE) for kernel in kernels]
            config = look.run.record.config
            epoch = look.run.record.weights_of(look.run.kept)[1]
            self.say(
                told.pictures(
                    *(limit, beyond, epoch, min(SNAPSHOT_UNITS, kernels[-1].shape[1])),
                    hidden=bool(config.hidden),
                ),
                told.rough(rough[-1], rough[0] if len(rough) == 2 else None),
                *([found[-1][1]] if found[-1][1] else []),
            )


@lru_cache(maxsize=16)
def _curve(record: RunRecord, shares: tuple[float, ...]) -> list[pruning.Pruned]:
    """A record is remembered as the object it is, which the store hands out again and again."""
    images = data.load(record.config.dataset).validation
    return pruning.curve(record.weights, record.config.activation, images, shares)


def prune_curve(record: RunRecord, share: float) -> list[pruning.Pruned]:
    """Accuracy at `pruning.SHARES` and, without measuring those anew, at the reader's share."""
    reader = _curve(record, (0.0, share))[1:]
    return sorted([*_curve(record, pruning.SHARES), *reader], key=lambda point: point.share)


class Pruning(Closer):
    """Accuracy with the smallest weights zeroed: no penalty, L2 and L1 at a like accuracy."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self.runs = lesson.kinds(self.page.config)
        with self.spot:
            st.slider(
                "Share of weights set to zero",
                0.0,
                1.0,
                step=0.005,
                format="percent",
                **state.widget(self.page.name, "prune"),
            )
        self.share = self.page.view.prune
        with self.spot:
            images = DATASETS[self.page.config.dataset].validation
            both = lesson.L1 in self.runs
            figures = {"images": f"{images:,}", "times": str(lesson.L2_TO_L1)}
            self.say(Caption("pruning intro" + ("" if both else ", one kind"), figures))
            self.sweep = Sweep(
                self.page, "pruning", list(self.runs.values()), self.finish, brief=False
            )
            self.result = st.container()

    def run(self) -> None:
        """Ask for the networks; those on the page are known."""
        self.sweep.run()

    def finish(self, records: list[RunRecord | None], done: bool) -> None:
        """Prune the networks, once all are there."""
        found = {
            name: record
            for name, record in zip(self.runs, records, strict=True)
            if record is not None and record.weights
        }
        if not done or not found:
            return
        curves = {name: prune_curve(record, self.share) for name, record in found.items()}
        with self.result:
            self.chart(
                drawn.pruning_rows(curves, self.share),
                drawn.pruning_spec(self.board.dark),
                "Validation accuracy against the share of weights set to zero.",
            )
            for name, record in found.items():
                caption = told.pruning(record.config, curves[name], self.share)
                st.markdown(f"- {self.board.text(caption)}")
            if {lesson.L2, lesson.L1} <= set(found):
                names = lesson.L2, lesson.L1
                pair = found[lesson.L2], found[lesson.L1]
                self.say(told.like(*pair, names, self.page.view.tolerance))


class Pixels(Closer):
    """Which of the 784 pixels still have a say."""

    wants_weights = "runs"

    def draw(self, look: Look) -> None:
        """A picture of each network's first layer."""
        if not all(run.record.weights for run in look.runs):
            return
        tolerance = self.page.view.tolerance
        config = look.run.record.config
        with self.spot:
            alive = []
            for column, run in zip(st.columns(2), look.runs, strict=False):
                left = pruning.surviving(_weights(run)[0][0], tolerance)
                alive.append(int((left > 0).sum()))
                with column:
                    st.markdown(f"**{upper_first(run.name)}**")
                    units = run.record.weights[0].shape[1]
                    self.chart(
                        drawn.pixels_rows(left),
                        drawn.pixels_spec(units, self.board.dark),
                        "The pixels, darker where more first-layer weights are left.",
                        width="content",
                    )
            before = alive[0] if len(alive) == 2 else None
            blank = _blank(config.dataset, config.train_size)
            word = _weights(look.run)[1]
            self.say(
                told.pixels(alive[-1], before, tolerance, blank, config.train_size),
                *([word] if word else []),
            )


@lru_cache(maxsize=16)
def _blank(dataset: str, n: int) -> int:
    """Pixels that are zero in all of the first n training images."""
    return int((data.load(dataset).train.pixels[:n].max(axis=0) == 0).sum())


class Flipped(Closer):
    """Held-out images on which the penalty turns the answer right or wrong."""

    def draw(self, look: Look) -> None:
        """Some images of either kind."""
        with self.spot:
            if len(look.runs) < 2:
                self.say(Caption("needs a penalty", {}))
                return
            base, run = look.runs
            # Test images only for a reader who has asked for them.
            split = "test" if self.page.view.test else "validation"
            images = getattr(data.load(run.record.config.dataset), split)
            name = "test" if split == "test" else "val"
            before, after = (r.record.answers(name, r.kept) for r in (base, run))
            flipped = measure.flips(before, after, images.labels)
            right = [after == images.labels, before == images.labels]
            self.say(told.flips(flipped, right, split))
            for section, which in (("flips right", flipped.gained), ("flips wrong", flipped.lost)):
                if not len(which):
                    continue
                count = f"{len(which):,}"
                st.markdown(f"**{self.page.text(section, {'count': count})}**")
                with st.container(horizontal=True, gap="small"):
                    for image in which[:FLIPS_SHOWN]:
                        wrong = before if section == "flips right" else after
                        self._show(images, int(image), int(wrong[image]), section)

    def _show(self, images: data.Images, image: int, wrong: int, section: str) -> None:
        word = "before" if section == "flips right" else "now"
        names = data.CLASS_NAMES
        st.image(
            picture(images.pixels[image]),
            caption=f"{names[images.labels[image]]}, {word} {names[wrong]}",
            width=104,
        )


class Law(Closer):
    """One weight under the penalty alone."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        config = self.page.config
        with self.spot:
            present = self.page.view.weight
            st.select_slider(
                "The weight begins at",
                sorted({*WEIGHTS, present}),
                format_func=number,
                **state.widget(self.page.name, "weight"),
            )
            if config.penalty == "none":
                self.say(Caption("needs a penalty", {}))
                return
            weight = self.page.view.weight
            pull = penalties.pull(config)
            last = max(int(np.ceil(LAW_PULLS / pull)), 20)
            steps = np.unique(np.linspace(0, last, LAW_POINTS).astype(np.int64))
            kinds = {"L2": "l2", "L1": "l1", "proximal L1": "l1_proximal"}
            paths = {
                name: penalties.shrink_path(weight, config.replace(penalty=kind), steps)
                for name, kind in kinds.items()
            }
            total = config.steps_per_epoch * config.epochs
            if pull < 1:
                self.chart(
                    drawn.law_rows(steps, paths, total),
                    drawn.law_spec(board.dark),
                    "The magnitude of one weight over steps of the penalty alone.",
                )
            self.say(*told.law(weight, config, total))


class Geometry(Closer):
    """Two weights: the circle and the diamond."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        with self.spot:
            low, high = (float(b) for b in (0, 3))
            st.slider(
                "Strength, λ/n",
                low,
                high,
                step=0.05,
                **state.widget(self.page.name, "strength"),
            )
            strength = self.page.view.strength
            strengths = np.linspace(low, high, 121)
            for column, kind, penalty in zip(
                st.columns(2), (lesson.L2, lesson.L1), ("l2", "l1"), strict=True
            ):
                with column:
                    st.markdown(f"**{kind}**")
                    self.chart(
                        drawn.geometry_rows(geometry.BOWL, penalty, strength, strengths),
                        drawn.geometry_spec(kind, board.dark),
                        f"Ellipses of equal data loss, and the budget of {kind} that they touch.",
                        width="content",
                    )
            self.say(told.two_weights(geometry.BOWL, strength))
            st.markdown(self.page.text("geometry"))


class Translator(Closer):
    """A strength in any spelling, read in all others."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        config = self.page.config
        with self.spot:
            left, right = st.columns(2)
            left.selectbox(
                "What you have",
                list(penalties.SPELLINGS),
                format_func=penalties.SPELLINGS.__getitem__,
                **state.widget(self.page.name, "spelling"),
            )
            right.number_input(
                "Its value",
                0.0,
                1e6,
                format="%g",
                **state.widget(self.page.name, "amount"),
            )
            view = self.page.view
            lam = penalties.lam_of(
                view.spelling, view.amount, config.train_size, config.learning_rate
            )
            largest = DATASETS["full"].train
            st.markdown(
                self.page.text(
                    "translator",
                    told.translated(lam, config.train_size, config.learning_rate, largest),
                )
            )


class Swept(Closer):
    """A sweep over λ: three figures against it, and what it comes to."""

    names: tuple[str, ...] = (lesson.BASELINE, lesson.L2, lesson.L1)
    figures = (
        ("accuracy", "accuracy", True),
        ("gap", "accuracy gap", True),
        ("sparsity", "sparsity", True),
    )
    name = "sweep"

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        with self.spot:
            self.introduce()
            self.points = self.asked()
            self.sweep = Sweep(
                self.page, self.name, [config for _, config in self.points], self.finish
            )
            self.places = [Place() for _ in self.figures]
            self.words = Place()

    def introduce(self) -> None:
        """What comes before the charts."""
        images = DATASETS[self.page.config.dataset].validation
        self.say(Caption("sweep intro", {"images": f"{images:,}"}))
        st.segmented_control(
            "Seeds", [1, 3, 5], **state.widget(self.page.name, "seeds"), required=True
        )

    def asked(self) -> list[tuple[str, RunConfig]]:
        """The runs, by name."""
        return lesson.swept(self.page.config, self.page.view.seeds)

    @property
    def present(self) -> float | None:
        """The page's λ where the sweep has it."""
        config = self.page.config
        return config.lam if config in [point for _, point in self.points] else None

    def run(self) -> None:
        """Draw the sweep where it is known or asked for."""
        self.sweep.run()

    def finish(self, records: list[RunRecord | None], done: bool) -> None:
        """The charts as far as runs have ended, the words at the end."""
        named = [
            (name, record if record is not None and record.complete else None)
            for (name, _), record in zip(self.points, records, strict=True)
        ]
        tolerance = self.page.view.tolerance
        for place, (figure, title, percent) in zip(self.places, self.figures, strict=True):
            swept = points_of_sweep(named, figure, tolerance)
            if not swept:
                continue
            place.chart(
                drawn.sweep_rows(swept, self.present),
                drawn.sweep_spec(self.names, title, percent, figure == "accuracy", self.board.dark),
                alt=f"{title} against λ, one line a kind of penalty.",
            )
        if done:
            self.words.markdown(" ".join(map(self.board.text, self.told(named))))

    def told(self, named: list[tuple[str, RunRecord | None]]) -> list[Caption]:
        """What the finished sweep says of the page's own seed."""
        own = self.page.config.seed
        found = [(n, r) for n, r in named if r is not None and r.config.seed == own]
        finite = [(n, r) for n, r in found if r.diverged is None]
        captions = []
        if (seeds := self.page.view.seeds) > 1:
            captions.append(Caption("sweep seeds", {"seeds": str(seeds)}))
        if len(finite) < len(found):
            captions.append(Caption("runs diverged", {"count": str(len(found) - len(finite))}))
        baseline = next((r for n, r in finite if n == lesson.BASELINE), None)
        return captions + (self.compared(baseline, finite) if baseline is not None else [])

    def compared(self, baseline: RunRecord, finite: list[tuple[str, RunRecord]]) -> list[Caption]:
        """Each kind against none."""
        captions = []
        for kind in self.names[1:]:
            of_kind = [record for name, record in finite if name == kind]
            captions += told.best_of_sweep({kind: of_kind}, baseline)
            if of_kind:
                tolerance = self.page.view.tolerance
                captions.append(told.harmless(of_kind, baseline, tolerance, kind))
        return captions


class AdamW(Swept):
    """Adam with an L2 penalty against AdamW, over λ."""

    names = (lesson.BASELINE, lesson.ADAM_L2, lesson.ADAMW)
    figures = (
        ("accuracy", "accuracy", True),
        ("gap", "accuracy gap", True),
        ("rms", "root mean square of the weights", False),
    )
    name = "adamw"

    def introduce(self) -> None:
        """What comes before the charts."""
        self.say(Caption("adamw intro", {}))

    def asked(self) -> list[tuple[str, RunConfig]]:
        """The runs, by name."""
        return lesson.adamw(self.page.config)

    def compared(self, baseline: RunRecord, finite: list[tuple[str, RunRecord]]) -> list[Caption]:
        """Where the two part."""
        coupled, decoupled = (
            {record.config.lam: record for name, record in finite if name == kind}
            for kind in self.names[1:]
        )
        pairs = [(coupled[lam], decoupled[lam]) for lam in sorted(coupled.keys() & decoupled)]
        found = {kind: list(of.values()) for kind, of in zip(self.names[1:], (coupled, decoupled))}
        return [told.adam_and_adamw(pairs), *told.best_of_sweep(found, baseline)]


class Proximal(Closer):
    """L1 as Keras does it, and with the proximal step, under plain SGD."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self.runs = lesson.proximal(self.page.config)
        plain = self.runs[lesson.L1]
        tolerance = self.page.view.tolerance
        figures = {
            "eta": number(plain.learning_rate),
            "lam": number(plain.lam),
            "tolerance": "0" if tolerance == 0 else number(tolerance),
        }
        with self.spot:
            self.say(Caption("proximal intro", figures))
            self.sweep = Sweep(self.page, "proximal", list(self.runs.values()), self.finish)
            self.result, self.words = Place(), Place()

    def run(self) -> None:
        """Draw the three where they are known or asked for."""
        self.sweep.run()

    def finish(self, records: list[RunRecord | None], done: bool) -> None:
        """The zeros, once all are there."""
        if not done:
            return
        found = {
            name: record
            for name, record in zip(self.runs, records, strict=True)
            if record is not None and record.diverged is None
        }
        tolerance = self.page.view.tolerance
        shares = {
            name: (
                record.sparsity(0.0, record.epochs),
                record.sparsity(tolerance, record.epochs),
            )
            for name, record in found.items()
        }
        self.result.chart(
            drawn.zeros_rows(shares),
            drawn.zeros_spec(self.board.dark),
            alt="Share of weights that are exactly zero, and near zero, in each run.",
        )
        captions = []
        if len(found) < len(records):
            captions.append(Caption("runs diverged", {"count": str(len(records) - len(found))}))
        if {lesson.L1, lesson.PROXIMAL} <= set(found):
            captions += told.zeros(found[lesson.L1], found[lesson.PROXIMAL], tolerance)
        self.words.markdown(" ".join(map(self.board.text, captions)))


CLOSER: dict[str, type[Closer]] = {
    "pictures": Pictures,
    "pruning": Pruning,
    "pixels": Pixels,
    "flips": Flipped,
    "law": Law,
    "geometry": Geometry,
    "translator": Translator,
    "sweep": Swept,
    "proximal": Proximal,
    "adamw": AdamW,
}


def closer(page: Page, board: Board) -> Closer:
    """The closer look that is chosen, of all the lesson has."""
    chosen = page.section(lesson.SECTIONS)
    with st.container(border=True):
        return board.add(CLOSER[chosen](board))
