"""L2 and L1: a run with a penalty beside the matched run without, and what to compare it with."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from fmviz.analysis import comparing, garment
from fmviz.analysis.stopping import Shown
from fmviz.lessons.regularisation.nudge import NUDGED_IMAGES
from fmviz.lessons.regularisation.nudge import STRONGEST as STRONGEST_NUDGE
from fmviz.lessons.regularisation.wiggle import SETS
from fmviz.lessons.regularisation.wiggle import STRONGEST as STRONGEST_RIDGE
from fmviz.page.address import OneOf
from fmviz.page.lesson import Lesson, Preset, Runs
from fmviz.page.view import Seeds, Stopping, Taught, Tolerance
from fmviz.run.config import RunConfig, bounds
from fmviz.theory.penalties import SPELLINGS

BASELINE, PENALISED = "no penalty", "with penalty"
L2, L1, PROXIMAL = "L2", "L1", "proximal L1"
ADAM_L2, ADAMW = "Adam + L2", "AdamW"

# An L2 penalty takes about so many times the λ of an L1 penalty to bring the same network to a
# like accuracy: measured on the runs of this lesson, which show how like it is.
L2_TO_L1 = 20
# Penalties go through Adam, so that a plain rule is only seen under SGD; at this rate if the page
# runs another optimizer.
SGD_RATE, ADAM_RATE = 0.5, 0.001
SWEPT = 8
ADAMW_LAMBDAS = (1.0, 5.0, 20.0, 100.0, 500.0, 2_000.0, 5_000.0, 10_000.0)


# Those of L2, then those of L1 and its zeros: `QUESTIONS` of the page.
Section = Literal[
    "wiggle",
    "nudge",
    "flips",
    "sweep",
    "translator",
    "adamw",
    "pruning",
    "ticket",
    "pixels",
    "law",
    "geometry",
    "proximal",
]


class RegularisationView(Taught, Stopping):
    """The closer look, and what its panels are set to.

    Attributes:
        tolerance: up to which |w| a weight counts as zero.
        prune: share of the weights that is pruned.
        weight: where "One weight" starts.
        strength: λ/n of the two weights of "Diamond and circle".
        nudge: ε, the standard deviation of the noise on each pixel.
        image: of the validation images that are nudged, the one to watch: at first the shirt that
            is followed through the course.
        ridge: λ of the line through ten points.
        points: which set of ten points.
        spelling: how `amount` gives the strength that is translated.
        seeds: of the sweep.
        ticket_after: when lottery tickets are compared.
    """

    tolerance: Tolerance = 1e-3
    section: Section = "wiggle"
    prune: Annotated[float, Field(ge=0, le=1)] = 0.9
    weight: Annotated[float, Field(ge=-10, le=10)] = 0.5
    strength: Annotated[float, Field(ge=0, le=3)] = 1.0
    nudge: Annotated[float, Field(ge=0, le=STRONGEST_NUDGE)] = 0.2
    image: Annotated[int, Field(ge=0, le=NUDGED_IMAGES - 1)] = garment.PLACES["compact"]
    ridge: Annotated[float, Field(ge=0, le=STRONGEST_RIDGE)] = 0.0
    points: Annotated[int, Field(ge=1, le=SETS)] = 1
    spelling: Annotated[str, OneOf(tuple(SPELLINGS))] = "lam"
    amount: Annotated[float, Field(ge=0, le=1e6)] = 20.0
    seeds: Seeds = 1
    ticket_after: Literal["end", "early"] = "end"


def runs(config: RunConfig, view: RegularisationView) -> Runs:
    """The baseline and the run; the baseline alone where λ is 0."""
    if config.penalty == "none":
        return {BASELINE: config}
    return {BASELINE: config.baseline, PENALISED: config}


def ladder(lowest: float, count: int) -> tuple[float, ...]:
    """Rungs 1, 2, 5, 10, 20, … from the one nearest to `lowest`, in proportion."""
    rung = 3 * math.floor(math.log10(lowest))
    candidates = [_rung(rung + i) for i in range(4)]
    nearest = min(range(4), key=lambda i: abs(math.log(candidates[i] / lowest)))
    return tuple(_rung(rung + nearest + i) for i in range(count))


def _rung(index: int) -> float:
    return float(f"{(1, 2, 5)[index % 3]}e{index // 3}")


def l1_lambda(config: RunConfig) -> float:
    """The λ that L1 needs to be about as strong as this run's penalty."""
    if config.penalty in ("l1", "l1_proximal"):
        return config.lam
    if config.penalty == "l2":
        return ladder(config.lam / L2_TO_L1, 1)[0]
    return ladder(config.train_size / 1_000, 1)[0]


def kinds(config: RunConfig) -> Runs:
    """The run without a penalty, with L2 and with L1 of about its strength; of another kind of
    penalty only the run itself."""
    together = {BASELINE: config.baseline}
    if config.penalty not in ("l1", "l2"):
        return together | ({PENALISED: config} if config.penalty != "none" else {})
    strong = l1_lambda(config)
    l2 = config.lam if config.penalty == "l2" else min(L2_TO_L1 * strong, bounds("lam")[1])
    return together | {
        L2: config.replace(penalty="l2", lam=float(f"{l2:.12g}")),
        L1: config.replace(penalty="l1", lam=strong),
    }


def swept(config: RunConfig, seeds: int) -> list[tuple[str, RunConfig]]:
    """L2 and L1 at eight λ each and at this run's own, and the run without a penalty, by name;
    all of them for so many seeds, of which the first is the run's own.

    What a λ does goes with λ/n, so the range moves with n.
    """
    lowest = config.train_size / 1_000
    points: list[tuple[str, RunConfig]] = []
    for seed in range(config.seed, config.seed + seeds):
        base = config.baseline.replace(seed=seed % (int(bounds("seed")[1]) + 1))
        points.append((BASELINE, base))
        for name, penalty, first in ((L2, "l2", lowest), (L1, "l1", lowest / L2_TO_L1)):
            own = {config.lam} if config.penalty == penalty else set()
            points += [
                (name, base.replace(penalty=penalty, lam=lam))
                for lam in sorted(own | set(ladder(first, SWEPT)))
            ]
    return points


def proximal(config: RunConfig) -> Runs:
    """L1 as Keras does it and with the proximal step, and neither, under plain SGD."""
    rate = config.learning_rate if config.optimizer == "sgd" else SGD_RATE
    base = config.baseline.replace(optimizer="sgd", learning_rate=rate)
    lam = l1_lambda(config)
    return {
        BASELINE: base,
        L1: base.replace(penalty="l1", lam=lam),
        PROXIMAL: base.replace(penalty="l1_proximal", lam=lam),
    }


def adamw(config: RunConfig) -> list[tuple[str, RunConfig]]:
    """Adam with an L2 penalty and AdamW with the weight decay of the same λ, and neither."""
    rate = config.learning_rate if config.optimizer in ("adam", "adamw") else ADAM_RATE
    base = config.baseline.replace(optimizer="adam", learning_rate=rate)
    points = [(BASELINE, base)]
    for name, penalty in ((ADAM_L2, "l2"), (ADAMW, "weight_decay")):
        own = {config.lam} if config.penalty == penalty else set()
        points += [
            (name, base.replace(penalty=penalty, lam=lam))
            for lam in sorted(own | set(ADAMW_LAMBDAS))
        ]
    return points


def answer(runs: list[Shown]) -> int:
    """Whether the penalty narrows the gap, leaves it within the noise, or widens it; of the runs
    that the lesson opens with, which were told no wrong label."""
    change = comparing.gap_change(runs[-1], runs[0])
    assert change is not None
    if change.could_be_noise:
        return 1
    return 0 if change.value < 0 else 2


LESSON = Lesson(
    name="regularisation",
    title="L2 and L1",
    view=RegularisationView,
    runs=runs,
    # 1,000 images, as in Nielsen's example, and long enough to know them all by heart.
    settings={"penalty": "l2", "lam": 20.0, "train_size": 1_000, "epochs": 100},
    presets=(
        Preset("twins"),
        Preset("alone", {"lam": 0.0}),
        Preset("underfits", {"lam": 100.0, "section": "sweep"}, closer=False),
        Preset("l1", {"penalty": "l1", "lam": 1.0, "section": "pruning"}),
        Preset("ticket", {"lam": 0.0, "train_size": 10_000, "epochs": 20, "section": "ticket"}),
        Preset(
            "proximal",
            {
                "penalty": "l1_proximal",
                "lam": 1.0,
                "optimizer": "sgd",
                "learning_rate": SGD_RATE,
                "section": "proximal",
            },
        ),
        Preset("adamw", {"penalty": "weight_decay", "lam": 2_000.0, "section": "adamw"}),
        Preset(
            "late",
            {
                "lam": 0.0,
                "branch": (("penalty", "l2"), ("lam", 20.0)),
                "branch_epoch": 30,
            },
        ),
    ),
    weights=True,
    answer=answer,
    knobs=("lam", "penalty", "l1_share"),
    row="gap",
    branching="beside",
)
