"""Sweeps over λ, and L1 with the proximal step: runs beyond the page's own, on request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import streamlit as st

from fmviz.analysis.sweeps import points_of_sweep
from fmviz.lessons.regularisation import charts, lesson, says
from fmviz.lessons.regularisation.lesson import RegularisationView
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.panels.sweep import OnRequest
from fmviz.ui.place import Place
from fmviz.ui.told import Told
from fmviz.words.prose import Caption

# Of a kind of penalty and a λ each: its runs, one a seed.
Cells: TypeAlias = Sequence[tuple[str, says.SeedsOf]]


class Swept(OnRequest):
    """A sweep over λ: three figures against it, and what it comes to."""

    names: tuple[str, ...] = (lesson.BASELINE, lesson.L2, lesson.L1)
    figures = (
        ("accuracy", "accuracy", True),
        ("gap", "accuracy gap", True),
        ("sparsity", "sparsity", True),
    )
    name = "sweep"

    def __init__(self, board: Board[RegularisationView]) -> None:
        super().__init__(board)
        self.introduce()
        self.points = self.asked()
        self.offer(self.name, [config for _, config in self.points], partly=True)
        self.places = [Place() for _ in self.figures]
        self.told = Told(self.page)

    def introduce(self) -> None:
        """What comes before the charts."""
        images = DATASETS[self.page.config.dataset].validation
        self.page.say(Caption("sweep intro", {"images": f"{images:,}"}))
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

    def show(self, records: list[RunRecord | None], done: bool) -> None:
        """The charts as far as runs have ended, the words at the end."""
        named = [
            (name, record if record is not None and record.complete else None)
            for (name, _), record in zip(self.points, records, strict=True)
        ]
        tolerance = self.page.view.tolerance
        for place, (figure, title, percent) in zip(self.places, self.figures, strict=True):
            swept = points_of_sweep(named, figure, tolerance)
            if swept:
                place.chart(
                    charts.sweep_rows(swept, self.present),
                    charts.sweep_spec(
                        self.names, title, percent, figure == "accuracy", self.board.dark
                    ),
                    alt=f"{title} against λ, one line a kind of penalty.",
                )
        if done:
            self.told.say(*self.captions(named), Caption("about sweep", {}))

    def captions(self, named: Sequence[tuple[str, RunRecord | None]]) -> list[Caption]:
        """What the finished sweep says: of one seed its runs, of several their means."""
        found = [(name, record) for name, record in named if record is not None]
        cells: dict[tuple[str, float], list[RunRecord]] = {}
        for name, record in found:
            cells.setdefault((name, record.config.lam), []).append(record)
        finite = [
            (name, runs)
            for (name, _), runs in cells.items()
            if all(record.diverged is None for record in runs)
        ]
        captions = []
        if (seeds := len({record.config.seed for _, record in found})) > 1:
            captions.append(Caption("sweep seeds", {"seeds": str(seeds)}))
        captions += _left_out(sum(record.diverged is not None for _, record in found))
        baseline = next((runs for name, runs in finite if name == lesson.BASELINE), None)
        return captions + (self.compared(baseline, finite) if baseline is not None else [])

    def compared(self, baseline: says.SeedsOf, finite: Cells) -> list[Caption]:
        """Each kind against none."""
        captions = []
        for kind in self.names[1:]:
            of_kind = [runs for name, runs in finite if name == kind]
            captions += says.best_of_sweep({kind: of_kind}, baseline)
            if of_kind:
                tolerance = self.page.view.tolerance
                captions.append(says.harmless(of_kind, baseline, tolerance, kind))
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
        self.page.say(Caption("adamw intro", {}))

    def asked(self) -> list[tuple[str, RunConfig]]:
        """The runs, by name."""
        return lesson.adamw(self.page.config)

    def compared(self, baseline: says.SeedsOf, finite: Cells) -> list[Caption]:
        """Where the two part."""
        coupled, decoupled = (
            {runs[0].config.lam: runs for name, runs in finite if name == kind}
            for kind in self.names[1:]
        )
        pairs = [(coupled[lam][0], decoupled[lam][0]) for lam in sorted(coupled.keys() & decoupled)]
        found = {kind: list(of.values()) for kind, of in zip(self.names[1:], (coupled, decoupled))}
        return [says.adam_and_adamw(pairs), *says.best_of_sweep(found, baseline)]


class Proximal(OnRequest):
    """L1 as Keras does it, and with the proximal step, under plain SGD."""

    def __init__(self, board: Board[RegularisationView]) -> None:
        super().__init__(board)
        self.runs = lesson.proximal(self.page.config)
        plain = self.runs[lesson.L1]
        tolerance = self.page.view.tolerance
        figures = {
            "eta": number(plain.learning_rate),
            "lam": number(plain.lam),
            "tolerance": number(tolerance),
        }
        self.page.say(Caption("proximal intro", figures))
        self.offer("proximal", list(self.runs.values()))
        self.result, self.told = Place(), Told(self.page)

    def show(self, records: list[RunRecord | None], done: bool) -> None:
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
            charts.zeros_rows(shares),
            charts.zeros_spec(self.board.dark),
            alt="Share of weights that are exactly zero, and near zero, in each run.",
        )
        captions = _left_out(len(records) - len(found))
        if {lesson.L1, lesson.PROXIMAL} <= set(found):
            captions += says.zeros(found[lesson.L1], found[lesson.PROXIMAL], tolerance)
        self.told.say(*captions)


def _left_out(diverged: int) -> list[Caption]:
    """What of the runs is not shown."""
    return [Caption("runs diverged", {"runs": plural(diverged, "run")})] if diverged else []
