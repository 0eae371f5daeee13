"""Initialisation: a network from the reader's initial weights, raced against four known starts."""

from __future__ import annotations

from typing import Any, Literal

from fmviz.analysis.stopping import Shown
from fmviz.page.lesson import Lesson, Preset, Runs
from fmviz.page.state import Parsed
from fmviz.page.view import Layer, Taught, Unit
from fmviz.run.config import RunConfig
from fmviz.run.quoting import quoted

# The known starts, and the reader's own, which comes last and may be one of them.
LARGE, XAVIER, GLOROT, HE, YOURS = "σ = 1", "Xavier", "Glorot", "He", "yours"
NAMED: dict[str, dict[str, Any]] = {
    LARGE: {"initializer": "normal", "init_std": 1.0},
    XAVIER: {"initializer": "xavier"},
    GLOROT: {"initializer": "glorot_uniform"},
    HE: {"initializer": "he_normal"},
}
# What the race is run for: validation images right.
TARGET = 0.8

Section = Literal["gradients", "training", "unit", "symmetry"]

# The map of σ against depth: one model a depth, small enough for seconds.
MAP_SIGMAS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
MAP_DEPTHS = (1, 2, 3, 5)
MAP_TRAIN_SIZE = 2_000
MAP_EPOCHS = 5

# Shares of the first layer that the options of the guess lie between.
GUESS_EDGES = (0.1, 0.5)


class InitialisationView(Taught):
    """The closer look, and the layer and the unit that it is at."""

    section: Section = "training"
    layer: Layer = 1
    unit: Unit = 0


def runs(config: RunConfig, view: InitialisationView) -> Runs:
    """The known starts and the reader's; nothing but the initial weights sets them apart."""
    return {role: config.replace(**start) for role, start in NAMED.items()} | {YOURS: config}


def map_runs(config: RunConfig) -> list[RunConfig]:
    """The runs of the map, depth by depth: the reader's network with other σ and depths."""
    width = config.hidden[0] if config.hidden else 128
    common = config.replace(
        initializer="normal",
        train_size=min(config.train_size, MAP_TRAIN_SIZE),
        epochs=MAP_EPOCHS,
    )
    return [
        common.replace(hidden=(width,) * depth, init_std=sigma)
        for depth in MAP_DEPTHS
        for sigma in MAP_SIGMAS
    ]


def answer(runs: list[Shown]) -> int:
    """Between which edges the reader's network starts: its first layer's saturation."""
    share = float(runs[-1].record.start_layers["saturation"][0])
    return sum(share > edge for edge in GUESS_EDGES)


def guessed_share(option: int) -> tuple[float, float]:
    """Between which shares of the first layer an option of the guess lies."""
    low, high = (0.0, *GUESS_EDGES, 1.0)[option : option + 2]
    return low, high


class InitialisationLesson(Lesson[InitialisationView]):
    """A lesson on the first weights of whole networks."""

    def mend(self, parsed: Parsed[InitialisationView]) -> Parsed[InitialisationView]:
        """Without a lottery ticket: which weights it leaves out is known of trained networks only,
        and the X-ray is of one that is not."""
        state, found = parsed
        if state["ticket"] == "none":
            return parsed
        sentence = f"ticket must be none on this page, not {quoted(state['ticket'])}"
        return Parsed(state | {"ticket": "none"}, [*found, sentence])


LESSON = InitialisationLesson(
    name="initialisation",
    title="Initialisation",
    view=InitialisationView,
    runs=runs,
    settings={"init_std": 1.0, "hidden": (128, 128), "train_size": 2_000, "epochs": 20},
    presets=(
        Preset("saturated"),
        Preset("cure", {"initializer": "glorot_uniform"}),
        Preset("deep", {"init_std": 0.01, "hidden": (128,) * 5, "section": "gradients"}),
        Preset("memory", {"init_std": 0.5, "hidden": (128,) * 5}),
        Preset(
            "relu",
            {
                "activation": "relu",
                "initializer": "he_normal",
                "hidden": (128,) * 5,
                "section": "gradients",
            },
        ),
        Preset(
            "sigmoid",
            {
                "activation": "sigmoid",
                "init_std": 0.5,
                "hidden": (128,) * 5,
                "section": "gradients",
            },
        ),
        Preset(
            "zeros",
            {
                "initializer": "zeros",
                "init_std": 0.05,
                "activation": "sigmoid",
                "hidden": (128,),
                "section": "symmetry",
            },
        ),
    ),
    answer=answer,
    knobs=("init_std", "initializer", "depth"),
    row="accuracy",
)
