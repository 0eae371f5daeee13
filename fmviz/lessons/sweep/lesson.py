"""Sweep: one or two knobs over many values and seeds."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from fmviz.analysis import sweeps
from fmviz.analysis.stopping import Shown
from fmviz.analysis.sweeps import MEASURES
from fmviz.engine.pace import reference_seconds
from fmviz.page import guessing
from fmviz.page.address import OneOf
from fmviz.page.guessing import Question
from fmviz.page.lesson import Lesson, Preset, Runs
from fmviz.page.state import Parsed, State
from fmviz.page.view import Seeds, Taught, Tolerance
from fmviz.run import knobs
from fmviz.run.config import RunConfig
from fmviz.run.knobs import KNOBS
from fmviz.run.naming import knob_value
from fmviz.run.settings import written

# More runs than these make a picture that takes longer to read than another sweep takes to run.
MAX_RUNS = 128
# What they may take on the machine that `pace` was fitted on. It does not depend on how fast this
# one is, so a link that works here works everywhere.
MAX_SECONDS = 20 * 60.0
NETWORK: dict[str, Any] = {
    "train_size": 1_000,
    "label_noise": 0.2,
    "penalty": "l2",
    "lam": 10.0,
}
# Of the presets that are not about the penalty.
PLAIN: dict[str, Any] = {"lam": 0.0, "label_noise": 0.0}
# A knob's values as `knobs.read` has them; "" is the knob's own.
Values = Annotated[str, Field(max_length=400, description="values with commas between them")]


class SweepView(Taught):
    """What is turned, and what is drawn of it.

    Attributes:
        knob, knob2: one or two settings, the first the one along the axis.
        seeds: of each combination of their values.
        tolerance: up to which |w| a weight counts as zero.
    """

    knob: Annotated[str, OneOf(tuple(KNOBS))] = "lam"
    values: Values = ""
    knob2: Annotated[str, OneOf((knobs.NONE, *KNOBS))] = knobs.NONE
    values2: Values = ""
    seeds: Seeds = 3
    measure: Annotated[str, OneOf(tuple(MEASURES))] = "accuracy"
    tolerance: Tolerance = 1e-3


class TooMuch(Exception):
    """A sweep beyond the bounds. `section` of the lesson says so, with `figures`."""

    def __init__(self, section: str, figures: dict[str, str]) -> None:
        super().__init__(section)
        self.section, self.figures = section, figures


def check(cells: list[knobs.Cell]) -> None:
    """Nothing, where a sweep is within its bounds.

    Raises:
        TooMuch: it has more than `MAX_RUNS` runs or takes longer than `MAX_SECONDS`.
    """
    runs = list(dict.fromkeys(config for cell in cells for config in cell.configs))
    if len(runs) > MAX_RUNS:
        raise TooMuch("too many runs", {"runs": f"{len(runs):,}", "most": str(MAX_RUNS)})
    seconds = reference_seconds(runs)
    if seconds > MAX_SECONDS:
        minutes = {"minutes": f"{seconds / 60:,.0f}", "most": f"{MAX_SECONDS / 60:.0f}"}
        raise TooMuch("too long", minutes)


def role(turned: tuple[str, ...], cell: knobs.Cell, config: RunConfig) -> str:
    """What a run is called: its value of each knob, and its seed."""
    at = [f"{KNOBS[k].symbol} = {written(k, v)}" for k, v in zip(turned, cell.at)]
    return ", ".join([*at, f"seed = {config.seed}"])


def _one(config: RunConfig, view: SweepView) -> Runs:
    return {"the run": config}


class SweepLesson(Lesson[SweepView]):
    """A lesson whose runs are those of its sweep. They come from the state as the controls hold
    it: a run without a penalty no longer knows which penalty λ is to be turned of."""

    def mend(self, parsed: Parsed[SweepView]) -> Parsed[SweepView]:
        """Knobs and values that go together. The values of another knob than the page's own would
        not do, so that the knob's own take their place."""
        state, found = parsed
        problems = knobs.problems(state)
        mended = {name: knobs.NONE if name == "knob2" else "" for name, _ in problems}
        return Parsed(state | mended, [*found, *(sentence for _, sentence in problems)])

    def runs_of(self, state: State[SweepView]) -> Runs:
        """Role → run, each once.

        Raises:
            pydantic.ValidationError: the settings do not go together.
            knobs.KnobError: the knobs do not.
        """
        turned = tuple(knobs.sweeping(state).turns)
        runs: Runs = {}
        for cell in knobs.cells(state):
            for config in cell.configs:
                if config not in runs.values():
                    runs[role(turned, cell, config)] = config
        return runs

    def question_on(self, asked: State[SweepView]) -> Question:
        """Which value of the first knob the best cell has."""
        knob = asked.view.knob
        values = knobs.read(knob, asked.view.values)

        def answer(runs: list[Shown]) -> int:
            """One past the last where another value cannot be told from it, or nothing finished."""
            cells, records = knobs.cells(asked), {run.record.config: run.record for run in runs}
            outcomes = sweeps.outcomes(cells, [records.get(c) for x in cells for c in x.configs])
            best = sweeps.best(outcomes)
            if best is None:
                return len(values)
            first = best.outcome.cell.at[0]
            alike = all(other.cell.at[0] == first for other in best.level)
            return values.index(first) if alike else len(values)

        names = [knob_value(knob, value) for value in values]
        return guessing.question(self.name, "guess best", answer, *names)


LESSON = SweepLesson(
    name="sweep",
    title="Sweep",
    view=SweepView,
    runs=_one,
    settings=NETWORK,
    presets=(
        Preset("start"),
        Preset(
            "sizes",
            {**PLAIN, "knob": "train_size", "epochs": 20, "seeds": 3},
            recorded=False,
        ),
        Preset(
            "map",
            {
                **PLAIN,
                "knob": "init_std",
                "knob2": "depth",
                "hidden": (64,),
                "seeds": 1,
                "epochs": 10,
                "train_size": 2_000,
            },
            recorded=False,
        ),
        Preset(
            "widths",
            {
                **PLAIN,
                "knob": "width",
                "values": "8,16,32,64,128,256,512",
                "knob2": "label_noise",
                "values2": "0,0.2",
                "seeds": 5,
                # As the lesson on overfitting has them.
                "train_size": 2_000,
                "hidden": (512,),
                "activation": "relu",
                "initializer": "glorot_uniform",
                "batch_size": 32,
                "learning_rate": 0.003,
                "schedule": "cosine",
                "epochs": 100,
            },
        ),
        Preset(
            "rates",
            {
                **PLAIN,
                "knob": "learning_rate",
                "values": "0.001,0.003,0.01,0.03,0.1,0.3,1",
                "knob2": "optimizer",
                "seeds": 1,
                "epochs": 10,
            },
            recorded=False,
        ),
    ),
    branching="itself",
    story=("knob", "values", "knob2", "values2", "seeds"),
)
