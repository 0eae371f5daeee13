"""The lesson on initialisation: its claims on real runs, its words in every corner, its page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from fmviz.analysis import comparing, network, stopping
from fmviz.analysis.significance import paired
from fmviz.analysis.stopping import Shown
from fmviz.charts.film import Reel
from fmviz.engine.watch import Update
from fmviz.lessons.initialisation import charts, histograms, says, xray, xray_charts, xray_says
from fmviz.lessons.initialisation.lesson import (
    GLOROT,
    HE,
    LARGE,
    LESSON,
    MAP_DEPTHS,
    MAP_EPOCHS,
    MAP_SIGMAS,
    NAMED,
    TARGET,
    XAVIER,
    YOURS,
    InitialisationView,
    answer,
    map_runs,
    runs,
)
from fmviz.lessons.initialisation.xray import Worked
from fmviz.page.address import choices
from fmviz.run import data, measure
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS
from fmviz.run.config import RunConfig
from fmviz.run.record import Divergence, RunRecord
from fmviz.theory.initializers import initial_sigma, initial_weights
from fmviz.ui import live
from fmviz.ui.player.screen import Screen
from fmviz.words import prose
from fmviz.words.numbers import listed, rounded
from fmviz.words.prose import Caption
from tests.support.claims import confirm
from tests.support.lessons import check_prose, made_up, opened, plain, texts
from tests.support.records import SHIPPED, answering, shipped, synthetic, tiny
from tests.support.scripted import ScriptedEngine, first_epochs
from tests.support.trained import as_shown, train
from tests.support.verdicts import check_verdicts, faults

LABELS = data.load().validation.labels


def preset(name: str) -> RunConfig:
    chosen = next(each for each in LESSON.presets if each.name == name)
    return LESSON.runs_of(LESSON.state_of(chosen))[YOURS]


def known(name: str, role: str) -> RunConfig:
    return preset(name).replace(**NAMED[role])


# What the lesson claims, on the runs that its presets train.

ENDS = [
    c
    for c in map_runs(preset("saturated"))
    if c.init_std in (0.01, 0.1) and len(c.hidden) in (1, 5)
]
CLAIMED = {
    "large": known("saturated", LARGE),
    "glorot": known("saturated", GLOROT),
    "small, deep": preset("deep"),
    "glorot, deep": known("deep", GLOROT),
    "memory": preset("memory"),
    "xavier, relu": known("relu", XAVIER),
    "he, relu": preset("relu"),
    "sigmoid": preset("sigmoid"),
    "glorot, sigmoid": known("sigmoid", GLOROT),
    # Of a width that vectors of every CPU divide: else XLA may round the last units otherwise,
    # and training makes that grow.
    "zeros": preset("zeros").replace(hidden=(96, 96)),
}


@pytest.fixture(scope="module")
def trained() -> dict[Any, RunRecord]:
    configs = [*CLAIMED.values(), *ENDS]
    by_config = dict(zip(configs, as_shown(configs, weights={CLAIMED["zeros"]})))
    return by_config | {name: by_config[config] for name, config in CLAIMED.items()}


def behind(worse: RunRecord, better: RunRecord) -> bool:
    right = [record.val_predictions[-1] == LABELS for record in (worse, better)]
    change = paired(*right)
    return change.value < 0 and not change.could_be_noise


def first(record: RunRecord) -> int | None:
    return measure.reached(record.history["val_accuracy"], TARGET)


def test_sigma_one_is_saturated_and_slower_than_glorot(trained: dict[Any, RunRecord]) -> None:
    large, glorot = trained["large"], trained["glorot"]
    assert large.start_layers["saturation"].min() > 0.75
    assert glorot.start_layers["saturation"].max() < 0.001
    assert first(glorot) is not None
    assert first(large) is None
    assert behind(large, glorot)
    # Training does not undo it.
    assert large.layers["saturation"][-1].min() > 0.75


def test_sigma_one_is_behind_on_training_images_and_further_on_others(
    trained: dict[Any, RunRecord],
) -> None:
    large, glorot = trained["large"], trained["glorot"]
    assert 0.8 < large.at_end("train_accuracy") < glorot.at_end("train_accuracy") - 0.05
    assert large.gap(large.epochs).value > 2 * glorot.gap(glorot.epochs).value


def test_a_large_start_in_a_deep_network_knows_its_images_and_few_others(
    trained: dict[Any, RunRecord],
) -> None:
    memory, glorot = trained["memory"], trained["glorot, deep"]
    assert memory.at_end("train_accuracy") > glorot.at_end("train_accuracy") - 0.02
    assert behind(memory, glorot)
    assert memory.start_layers["saturation"].min() > 0.5


def test_depth_kills_a_small_sigma(trained: dict[Any, RunRecord]) -> None:
    assert behind(trained["small, deep"], trained["glorot, deep"])
    shallow, fine, deep, fine_deep = (trained[config] for config in ENDS)
    assert [len(r.config.hidden) for r in (shallow, fine, deep, fine_deep)] == [1, 1, 5, 5]
    assert behind(deep, shallow)
    assert deep.at_end("val_accuracy") < 0.5 < shallow.at_end("val_accuracy")
    # At σ = 0.1 depth does no such thing.
    assert fine_deep.at_end("val_accuracy") > 0.7


def test_he_is_there_sooner_than_xavier_with_deep_relu(trained: dict[Any, RunRecord]) -> None:
    he, xavier = first(trained["he, relu"]), first(trained["xavier, relu"])
    assert he is not None
    assert xavier is None or he < xavier


def test_glorot_does_not_cure_a_deep_sigmoid_and_a_larger_sigma_does(
    trained: dict[Any, RunRecord],
) -> None:
    assert behind(trained["glorot, sigmoid"], trained["sigmoid"])
    assert trained["glorot, sigmoid"].start_layers["saturation"].max() < 0.001
    seen = [xray.of(preset("sigmoid")), xray.of(known("sigmoid", GLOROT))]
    assert seen[0].gradient_norms[0] > 10 * seen[1].gradient_norms[0]


def test_zeros_leave_all_units_alike(trained: dict[Any, RunRecord]) -> None:
    zeros = trained["zeros"]
    kernel = zeros.kernels[0]
    assert kernel.any()
    np.testing.assert_array_equal(kernel, np.repeat(kernel[:, :1], kernel.shape[1], axis=1))
    assert xray.spread(kernel) == 0
    assert says.symmetry(zeros).section == "symmetry kept"
    assert says.symmetry(shipped(SHIPPED[0])).section == "symmetry broken"
    assert zeros.at_end("val_accuracy") < 0.5


@given(widths=st.lists(st.integers(1, 4), min_size=1, max_size=3), seed=st.integers(0, 9))
@settings(deadline=None)
def test_units_are_said_to_be_alike_within_their_layer(widths: list[int], seed: int) -> None:
    config = tiny(hidden=tuple(widths))
    rng = np.random.default_rng(seed)
    made = synthetic(config)
    # Each layer's own weights, the same in all of its units: those of two layers are not.
    weights = [
        np.broadcast_to(rng.random((len(w), 1)[: w.ndim], np.float32), w.shape)
        for w in made.weights
    ]
    caption = says.symmetry(replace(made, weights=tuple(weights)))
    several = [str(width) for width in widths if width > 1]
    assert caption.section == ("symmetry kept" if several else "symmetry of one")
    if several:
        said = " ".join(prose.text("initialisation", caption.section, caption.figures).split())
        assert "all units of a hidden layer have exactly the same weights" in said
        assert f"Layer by layer {listed(several)} units do the work of one" in said


def test_dropout_tells_units_apart_that_start_at_zero() -> None:
    config = tiny(initializer="zeros", activation="sigmoid", hidden=(6,), dropout=0.5)
    (record,) = train([config])
    assert xray.spread(record.kernels[0]) > 0
    assert says.told_alike(config, xray.of(config)).section == "told alike, dropout"
    # Where hidden layers put out 0, a mask has nothing to mask.
    tanh = config.replace(activation="tanh")
    assert says.told_alike(tanh, xray.of(tanh)).section == "told alike"


def test_the_answer_to_the_guess_is_what_the_x_ray_shows(trained: dict[Any, RunRecord]) -> None:
    opening = Shown(YOURS, trained["large"], None, 20)
    assert answer([opening]) == 2
    assert xray.of(preset("saturated")).layers[0].saturation > 0.5
    for share, option in ((0.0, 0), (0.1, 0), (0.2, 1), (0.5, 1), (0.51, 2)):
        start = {**trained["large"].start_layers, "saturation": np.array([share, 0.0])}
        assert (
            answer([opening._replace(record=replace(opening.record, start_layers=start))]) == option
        )


def test_the_captions_of_the_opening_race_are_what_its_runs_are(
    trained: dict[Any, RunRecord],
) -> None:
    roles = {LARGE: "large", XAVIER: "glorot", GLOROT: "glorot", HE: "glorot", YOURS: "large"}
    race = [Shown(role, trained[name], None, 20) for role, name in roles.items()]
    told = {caption.section: caption.figures for caption in says.race(race, True)}
    # A wider gap alone is not more memorising: it knows fewer of its training images too.
    first, *others = told
    assert first == "some reach it"
    assert set(others) == {"a known start", "worse than Glorot", "behind on both", "sizes"}
    assert confirm(says.race(race, True), race)
    assert told["a known start"]["twin"] == LARGE
    assert told["some reach it"]["missing"] == LARGE
    assert told["some reach it"]["count"] == "3 of 4 starts get"
    # √(2 / (784 + 128)) = 0.0468, and 1/0.0468 = 21.4.
    sizes = {"sigma": "1", "glorot_sigma": "0.047", "beside": "larger by a factor of 21"}
    assert told["sizes"] == sizes


@pytest.mark.parametrize(
    ("sigma", "beside"),
    # √(2 / (784 + 128)) = 0.0468: 4.68 times 0.01, and 1.00 times 0.0469.
    [(0.01, "smaller by a factor of 4.7"), (0.0469, "about the same")],
)
def test_a_start_s_size_stands_beside_glorot_s(sigma: float, beside: str) -> None:
    own = RunConfig(hidden=(128,), init_std=sigma)
    (caption,) = xray_says.sizes(own, own.replace(initializer="glorot_uniform"))
    assert caption.figures["beside"] == beside


def test_the_runs_of_a_race_differ_in_their_start_alone() -> None:
    config = RunConfig(hidden=(30, 20), init_std=0.7, activation="elu", seed=5)
    race = runs(config, InitialisationView())
    assert list(race) == [LARGE, XAVIER, GLOROT, HE, YOURS]
    assert race[YOURS] == config
    kept = RunConfig.model_fields.keys() - {"initializer", "init_std"}
    for other in race.values():
        assert {field: other[field] for field in kept} == {field: config[field] for field in kept}


def test_the_map_is_the_readers_network_at_other_sigmas_and_depths() -> None:
    own = RunConfig(hidden=(48,), activation="relu", optimizer="sgd", train_size=500, epochs=90)
    cells = map_runs(own)
    assert len(cells) == len(MAP_SIGMAS) * len(MAP_DEPTHS) == len(set(cells))
    assert {c.hidden for c in cells} == {(48,) * depth for depth in MAP_DEPTHS}
    assert {(c.train_size, c.epochs, c.optimizer) for c in cells} == {(500, MAP_EPOCHS, "sgd")}
    assert map_runs(RunConfig(hidden=()))[0].hidden == (128,)


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_the_keras_line_makes_such_weights(initializer: str) -> None:
    config = RunConfig(initializer=initializer, init_std=0.3 if initializer == "normal" else 0.05)
    rule = says.rule(config, xray.of(config))[-1]
    assert rule.section == "rule keras"
    draw = eval(rule.figures["keras"], {"keras": keras})
    sigma = initial_sigma(config, 784, 128)
    assert float(np.std(np.asarray(draw((784, 128))))) == pytest.approx(sigma, rel=0.02)


# Words.


def racer(
    name: str,
    config: RunConfig,
    accuracy: Sequence[float],
    training: float = 0.9,
    epochs: int | None = None,
    diverged: Divergence | None = None,
) -> Shown:
    """A made-up run that is right on the first so many images of one order."""
    record = synthetic(
        config,
        epochs=epochs,
        diverged=diverged,
        val_accuracy=list(accuracy),
        train_accuracy=training,
        examples={"train": 100, "validation": 2_500},
    )
    if record.complete and len(accuracy):
        for split, share in (("train", training), ("val", accuracy[-1])):
            truth = comparing.labels(config, split)
            order = np.random.default_rng(0).permutation(len(truth))
            answers = getattr(record, f"{split}_predictions").copy()
            answers[-1] = (truth + 1) % 10
            right = order[: round(share * len(truth))]
            answers[-1, right] = truth[right]
            record = replace(record, **{f"{split}_predictions": answers})
    return stopping.look(record, name, patience=None, monitor="val_loss", restore_best_weights=True)


def raced(
    yours: Sequence[float],
    glorot: Sequence[float] = (0.5, 0.81, 0.85),
    *,
    start: dict[str, Any] | None = None,
    done: bool = True,
    training: float = 0.9,
) -> list[Caption]:
    config = tiny(**(start or {"init_std": 0.3}))
    race = [
        racer(role, config.replace(**NAMED[role]), glorot, 0.9, None if done else len(glorot))
        for role in NAMED
    ]
    epochs = None if done else len(yours)
    return says.race([*race, racer(YOURS, config, yours, training, epochs)], done)


def pick(captions: Sequence[Caption], section: str) -> Caption:
    return next(caption for caption in captions if caption.section == section)


def seen(**config: Any) -> tuple[RunConfig, xray.XRay]:
    chosen = RunConfig(**{"hidden": (32, 32), **config})
    return chosen, xray.of(chosen)


def activity(section: str, **config: Any) -> Callable[[], Caption]:
    return lambda: pick(xray_says.activity(*seen(**config)), section)


def gradient(section: str, **config: Any) -> Callable[[], Caption]:
    """From an X-ray, some of whose gradients may be put out by `without`."""
    without = config.pop("without", ())

    def make() -> Caption:
        chosen, own = seen(**config)
        if without:
            norms = (0.0,) * 3
            own, other = (replace(own, gradient_norms=norms) if k in without else own for k in "ab")
            return pick(xray_says.gradients(own, other, True), section)
        return pick(
            xray_says.gradients(own, xray.of(chosen.replace(**NAMED[GLOROT])), True), section
        )

    return make


def worked(
    section: str,
    activation: str = "tanh",
    flat: float = 1e-6,
    steep: float = 0.9,
    arriving: float = -0.2,
) -> Callable[[], Caption]:
    """Of a unit with these slopes at its flattest and its steepest image."""
    flattest, nearly, steepest = (
        Worked(index, z, slope, arriving, slope * arriving, abs(slope * arriving))
        for index, z, slope in ((0, -9.0, flat), (2, -7.0, flat or 1e-7), (1, 0.1, steep))
    )
    labels = np.array([4, 6, 2])
    return lambda: pick(xray_says.worked(activation, flattest, nearly, steepest, labels), section)


def test_a_worked_line_multiplies_what_it_says() -> None:
    flat, steep = (worked(f"worked {end}est")().figures for end in ("flatt", "steep"))
    assert (flat["class"], flat["slope"], flat["delta"]) == ("Coat", "10⁻⁶", "−2 × 10⁻⁷")
    assert (steep["z"], steep["arriving"], steep["delta"]) == ("0.1", "−0.2", "−0.18")
    assert worked("worked")().figures["flat"] == "<0.01%"


def test_a_unit_with_one_slope_has_one_worked_line() -> None:
    line = Worked(0, 1.0, 1.0, 0.5, 0.5, 0.5)
    told = xray_says.worked("leaky_relu", line, line, line, np.array([4]))
    assert sections(told) == ["worked", "worked steepest"]


def one_unit(section: str, z: Sequence[float], activation: str = "tanh") -> Callable[[], Caption]:
    values = np.resize(np.array(z, np.float32), 500)
    labels = np.repeat(np.arange(10), 50)
    config = RunConfig(activation=activation)
    return lambda: pick(xray_says.unit(config, 0, 3, values, labels), section)


def charted(
    accuracies: dict[tuple[float, int], float], lost: Sequence[tuple[float, int]] = ()
) -> list[RunRecord]:
    """A made-up map."""
    records = []
    for (sigma, depth), share in accuracies.items():
        config = tiny(hidden=(8,) * depth, init_std=sigma, epochs=MAP_EPOCHS)
        broken = Divergence(1, 0, 0, "loss") if (sigma, depth) in lost else None
        records.append(
            synthetic(config, epochs=0, diverged=broken)
            if broken
            else answering("", share, config).record
        )
    return records


VALLEY = {
    (0.01, 1): 0.7,
    (0.01, 5): 0.2,
    (0.1, 1): 0.8,
    (0.1, 5): 0.8,
    (1.0, 1): 0.5,
    (1.0, 5): 0.3,
}


def mapped(section: str, *lost: tuple[float, int], **config: Any) -> Callable[[], Caption]:
    def make() -> Caption:
        records = [
            replace(record, config=record.config.replace(**config))
            for record in charted(VALLEY, lost)
        ]
        return pick(says.sigma_depth_map(records), section)

    return make


def outlier() -> Caption:
    config, own = seen(init_std=0.3)
    layer = replace(own.layers[0], predicted=0.001)
    return pick(xray_says.activity(config, replace(own, layers=(layer,))), "not as predicted")


def weighed(fill: Callable[[RunRecord], RunRecord]) -> Caption:
    return says.symmetry(fill(synthetic(tiny())))


def zeroed(record: RunRecord) -> RunRecord:
    return replace(record, weights=tuple(np.zeros_like(w) for w in record.weights))


def started_at_zero(record: RunRecord) -> RunRecord:
    norms = np.zeros_like(record.start_layers["kernel_norm"])
    return replace(record, start_layers={**record.start_layers, "kernel_norm": norms})


def alike(record: RunRecord) -> RunRecord:
    weights = tuple(np.ones_like(w) for w in record.weights)
    return replace(record, weights=weights)


def ruled(section: str, **config: Any) -> Callable[[], Caption]:
    return lambda: pick(says.rule(*seen(**config)), section)


def first_silent() -> Caption:
    _, own = seen()
    silent = replace(own, gradient_norms=(0.0, *own.gradient_norms[1:]))
    return pick(xray_says.gradients(silent, own, True), "no gradient")


SLOW = (0.3, 0.5, 0.81)
BRANCHES: dict[str, Callable[[], Caption]] = {
    "no hidden layer": activity("no hidden layer", hidden=()),
    "nothing drawn": activity("nothing drawn", initializer="zeros"),
    "never flat": activity("never flat", activation="leaky_relu"),
    "saturated at the start": activity("saturated at the start", init_std=1.0),
    "steep at the start": activity("steep at the start", init_std=0.001),
    "zero at the start": activity("zero at the start", activation="relu"),
    "flat at the start": activity("flat at the start", activation="gelu", init_std=1.0),
    "layer by layer": activity("layer by layer", init_std=1.0),
    "not as predicted": outlier,
    "signal fades": activity("signal fades", init_std=0.01, hidden=(32,) * 4),
    "signal grows": activity("signal grows", init_std=1.0, activation="relu", hidden=(128,) * 4),
    "loss of a guess": lambda: xray_says.loss(seen(init_std=0.01)[1]),
    "loss above a guess": lambda: xray_says.loss(seen(init_std=2.0, activation="relu")[1]),
    "no gradient at all": gradient("no gradient at all", initializer="zeros"),
    "no gradient yet": gradient("no gradient yet", without="a"),
    "gradient of Glorot": gradient("gradient of Glorot", initializer="glorot_uniform"),
    "gradient where Glorot has none": gradient("gradient where Glorot has none", without="b"),
    "no gradient": first_silent,
    "no gradient, zeros": gradient("no gradient, zeros", initializer="zeros", activation="sigmoid"),
    "gradient larger all the same": gradient("gradient larger all the same", init_std=1.0),
    "gradient alike": gradient("gradient alike", initializer="xavier"),
    "gradient weaker": gradient("gradient weaker", init_std=0.001),
    "gradient stronger": gradient("gradient stronger", init_std=1.0, activation="relu"),
    "gradient fades": gradient("gradient fades", init_std=0.1, activation="sigmoid"),
    "gradient grows": gradient("gradient grows", init_std=0.5, hidden=(128,) * 5),
    "all reach it": lambda: pick(raced((0.3, 0.5, 0.81)), "all reach it"),
    "some reach it": lambda: pick(raced((0.3, 0.5, 0.7)), "some reach it"),
    "none reach it": lambda: pick(raced((0.3,), (0.4,), done=False), "none reach it"),
    "a known start": lambda: pick(
        raced((0.5, 0.6, 0.85), start={"initializer": "xavier"}), "a known start"
    ),
    "yours learns nothing": lambda: pick(
        raced((0.1, 0.1, 0.1), training=0.1), "yours learns nothing"
    ),
    "as good as Glorot": lambda: pick(raced((0.5, 0.82, 0.8508)), "as good as Glorot"),
    "only later": lambda: pick(raced((0.3, 0.5, 0.8508)), "only later"),
    "only sooner": lambda: pick(raced((0.82, 0.84, 0.8508)), "only sooner"),
    "better than Glorot": lambda: pick(raced((0.5, 0.82, 0.88)), "better than Glorot"),
    "worse than Glorot": lambda: pick(raced(SLOW), "worse than Glorot"),
    "learns by heart": lambda: pick(raced(SLOW, training=0.99), "learns by heart"),
    "learns as much": lambda: pick(raced(SLOW), "learns as much"),
    "sizes": lambda: pick(raced(SLOW), "sizes"),
    "behind on both": lambda: pick(raced((0.3, 0.4, 0.5), training=0.75), "behind on both"),
    "over training": lambda: says.training(
        [
            racer(role, tiny(init_std=0.3 if role == YOURS else 1.0), SLOW)
            for role in (LARGE, XAVIER, GLOROT, HE, YOURS)
        ],
        1,
    ),
    "over training, Glorot": lambda: says.training(
        [
            racer(role, tiny(initializer="glorot_uniform"), SLOW)
            for role in (LARGE, XAVIER, GLOROT, HE, YOURS)
        ],
        1,
    ),
    "unit never flat": one_unit("unit never flat", [0.0, 1.0]),
    "unit always flat": one_unit("unit always flat", [-9.0, 9.0]),
    "unit saturated": one_unit("unit saturated", [-9.0, 0.0, 9.0, 9.0]),
    "unit flat": one_unit("unit flat", [-1.0, 1.0], "relu"),
    "worked": worked("worked"),
    "worked flattest": worked("worked flattest"),
    "worked nearly": worked("worked nearly", flat=0.0),
    "worked steepest": worked("worked steepest"),
    "worked closed": worked("worked closed", activation="relu", flat=0.0),
    "worked rounded": worked("worked rounded", flat=0.0),
    "worked nothing arrives": worked("worked nothing arrives", arriving=0.0),
    "worked nowhere": worked("worked nowhere", flat=0.0, steep=0.0),
    "unit by class": one_unit("unit by class", [9.0] + [0.0] * 499),
    "map": mapped("map"),
    "map, clear": lambda: says.sigma_depth_map(charted({**VALLEY, (0.1, 1): 0.9}))[0],
    "map, one left": lambda: says.sigma_depth_map(charted({(0.1, 1): 0.9}))[0],
    "map, signal fades": mapped("map, signal fades"),
    "map, gradient fades": mapped("map, gradient fades", activation="sigmoid"),
    "map, deep is worse": mapped("map, deep is worse"),
    "map, some diverged": mapped("map, some diverged", (1.0, 5)),
    "map, all diverged": mapped("map, all diverged", *VALLEY),
    "told alike": lambda: says.told_alike(*seen(initializer="zeros", activation="sigmoid")),
    "told alike, dropout": lambda: says.told_alike(
        *seen(initializer="zeros", dropout=0.5, activation="sigmoid")
    ),
    "told nothing": lambda: says.told_alike(
        tiny(), replace(seen()[1], gradient_norms=(0.0,) * 3, gradient_spreads=(0.0,) * 3)
    ),
    "one unit a layer": lambda: says.told_alike(*seen(hidden=(1, 1))),
    "told apart": lambda: says.told_alike(*seen()),
    "nothing moved": lambda: weighed(lambda record: zeroed(started_at_zero(record))),
    "all pulled to zero": lambda: weighed(zeroed),
    "symmetry of one": lambda: says.symmetry(synthetic(tiny(hidden=(1, 1)))),
    "symmetry kept": lambda: weighed(alike),
    "symmetry broken": lambda: weighed(lambda record: record),
    "rule normal": ruled("rule normal"),
    "rule xavier": ruled("rule xavier", initializer="xavier"),
    "rule glorot": ruled("rule glorot", initializer="glorot_normal"),
    "rule he": ruled("rule he", initializer="he_uniform"),
    "rule lecun": ruled("rule lecun", initializer="lecun_normal"),
    "rule orthogonal": ruled("rule orthogonal", initializer="orthogonal"),
    "rule zeros": ruled("rule zeros", initializer="zeros"),
    "rule pre-activations": ruled("rule pre-activations"),
    "rule tanh": ruled("rule tanh"),
    "rule sigmoid": ruled("rule sigmoid", activation="sigmoid"),
    "depth tanh": ruled("depth tanh"),
    "depth relu": ruled("depth relu", activation="relu"),
    "depth sigmoid": ruled("depth sigmoid", activation="sigmoid"),
    "rule keras": ruled("rule keras"),
}
OF_PAGE = {
    "unit strongest": set[str](),
    "unit weakest": set[str](),
    "map title": {"epochs"},
    "map note": {"width", "train"},
    "map before": {"runs", "train"},
    "symmetry pictures": {"shown", "epoch"},
}


def test_the_prose_is_whole() -> None:
    check_prose("initialisation", BRANCHES, OF_PAGE)


# Sections that follow the verdict of another one.
DETAILS = {
    "worked closed",
    "worked flattest",
    "worked nearly",
    "worked nothing arrives",
    "worked rounded",
    "worked steepest",
    "not as predicted",
    "layer by layer",
    "loss of a guess",
    "gradient alike",
    "gradient larger all the same",
    "gradient of Glorot",
    "gradient fades",
    "gradient grows",
    "a known start",
    "unit by class",
    "map, some diverged",
}


def test_every_caption_leads_with_a_short_verdict() -> None:
    formulas = ("rule ", "depth ")
    captions = {name: make for name, make in BRANCHES.items() if not name.startswith(formulas)}
    check_verdicts("initialisation", captions, DETAILS)


@given(
    st.lists(
        st.tuples(*[st.sampled_from([0.0, 0.1, 0.45, 0.8, 0.83, 1.0])] * 3), min_size=5, max_size=5
    ),
    st.sampled_from([0.0, 0.3]),
)
@settings(max_examples=40, deadline=None)
def test_what_is_said_of_a_race_holds(ends: list[tuple[float, ...]], noise: float) -> None:
    config = tiny(init_std=0.3, label_noise=noise, epochs=2)
    starts = [*(config.replace(**start) for start in NAMED.values()), config]
    race = [
        racer(role, start, (first, end), training)
        for role, start, (first, end, training) in zip([*NAMED, YOURS], starts, ends, strict=True)
    ]
    captions = says.race(race, True)
    confirm(captions, race)
    told = {caption.section: caption.figures for caption in captions}
    yours, glorot = ends[4], ends[2]
    if "learns by heart" in told:
        assert yours[2] > glorot[2]
    if "behind on both" in told:
        assert yours[2] < glorot[2]
    there = sum(max(first, end) >= TARGET for first, end, _ in ends)
    assert ("none reach it" in told) == (there == 0)
    if "some reach it" in told:
        assert told["some reach it"]["count"].startswith(f"{there} of 5")
    for caption in captions:
        assert faults("initialisation", caption) == []


def test_a_deep_sigmoids_gradient_keeps_its_size_well_above_the_bound() -> None:
    """What the notes of the page say, by integration over normal pre-activations: z ~ N(0, q) with
    q = σ²n E[f(z)²] far up, and a layer back multiplies by σ√(n E[f′(z)²])."""
    z = np.linspace(-10, 10, 2_001)
    density = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()

    def kept(sigma: float, n: int = 128) -> float:
        q = 1.0
        for _ in range(100):
            q = sigma**2 * n * float(density @ network.expit(np.sqrt(q) * z) ** 2)
        a = network.expit(np.sqrt(q) * z)
        return float(sigma * np.sqrt(n * (density @ (a * (1 - a)) ** 2)))

    assert kept(4 / np.sqrt(128)) == pytest.approx(0.63, abs=0.01)
    assert kept(0.9) == pytest.approx(1.0, abs=0.01)


def sections(captions: Sequence[Caption]) -> list[str]:
    return [caption.section for caption in captions]


def test_a_race_that_is_not_over_claims_nothing_about_its_end() -> None:
    told = raced((0.3, 0.5), (0.5, 0.81), done=False)
    assert sections(told) == ["some reach it"]
    assert told[0].figures["when"] == "so far, after 2 epochs"


def test_a_run_that_is_one_of_the_known_is_not_compared_with_itself() -> None:
    told = raced((0.5, 0.81, 0.85), start={"initializer": "glorot_uniform"})
    assert sections(told) == ["all reach it", "a known start"]


def test_two_starts_that_answer_alike_are_not_told_apart_by_luck() -> None:
    told = raced((0.5, 0.81, 0.85), (0.5, 0.81, 0.85))
    assert sections(told)[-2:] == ["same answers", "sizes"]


def test_a_run_that_diverged_is_not_judged() -> None:
    config = tiny(init_std=0.3)
    race = [racer(role, config.replace(**NAMED[role]), (0.5, 0.81, 0.85)) for role in NAMED]
    broken = racer(YOURS, config, (), 0.1, 0, Divergence(1, 1, 2, "activation"))
    assert sections(says.race([*race, broken], True)) == ["some reach it"]


def test_no_difference_beyond_noise_is_no_difference() -> None:
    told = raced((0.5, 0.82, 0.849))
    assert sections(told) == ["all reach it", "as good as Glorot", "sizes"]
    assert "learns by heart" not in sections(raced(SLOW, training=0.86))


def test_a_flat_map_claims_no_valley() -> None:
    even = dict.fromkeys(VALLEY, 0.7)
    assert sections(says.sigma_depth_map(charted(even))) == ["map"]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("width", [8, 512])
def test_what_a_small_sigma_does_to_a_deep_network_is_measured_on_it(
    activation: str, width: int
) -> None:
    records = [
        replace(r, config=r.config.replace(activation=activation, hidden=(width,) * depth))
        for r in charted(VALLEY)
        for depth in [len(r.config.hidden)]
    ]
    captions = says.sigma_depth_map(records)
    told = next(c for c in captions if c.figures.get("sigma") == "0.01")
    (deep,) = (r.config for r in records if (r.config.init_std, len(r.config.hidden)) == (0.01, 5))
    scales = [layer.scale for layer in xray.of(deep).layers]
    norms = xray.of(deep).gradient_norms
    if told.section == "map, signal fades":
        assert scales[-1] < scales[0] / 2
        assert (told.figures["from"], told.figures["to"]) == (
            rounded(scales[0]),
            rounded(scales[-1]),
        )
    elif told.section == "map, gradient fades":
        assert float(told.figures["fold"].replace(",", "")) == pytest.approx(
            norms[-1] / norms[0], rel=0.06
        )
    else:
        assert scales[-1] > scales[0] / 10
        assert 10 * norms[0] >= norms[-1]
    if activation == "sigmoid":
        # Each layer puts out about a half, whatever it gets.
        assert told.section == "map, gradient fades"


def test_among_many_a_small_lead_is_no_win() -> None:
    # Ahead on 8 images: p = 1/128, and 15 pairs of cells.
    close = dict.fromkeys(VALLEY, 0.7) | {(0.1, 1): 0.7032}
    assert sections(says.sigma_depth_map(charted(close))) == ["map"]
    clear = dict.fromkeys(VALLEY, 0.7) | {(0.1, 1): 0.72}
    assert sections(says.sigma_depth_map(charted(clear))) == ["map, clear"]


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_every_start_has_its_words(activation: str, initializer: str) -> None:
    config, own = seen(activation=activation, initializer=initializer, hidden=(16, 16, 16))
    glorot = xray.of(config.replace(**NAMED[GLOROT]))
    captions = [
        *xray_says.activity(config, own),
        xray_says.loss(own),
        *xray_says.gradients(own, glorot, measure.saturates(config.activation)),
    ]
    captions += [*says.rule(config, own), says.told_alike(config, own)]
    z = xray.pre_activations(config, 2, 15)
    captions += xray_says.unit(config, 2, 15, z, xray.probe("compact").labels)
    for caption in captions:
        told = prose.text("initialisation", caption.section, caption.figures)
        assert re.search(r"\b(inf|nan)\b", told) is None
    rows = histograms.chart_rows(own, activation).table.to_pandas()
    bars = rows[rows["kind"] == "bar"]
    assert bars.groupby("layer")["share"].sum().to_numpy() == pytest.approx(np.ones(3))
    # The flat colour's share of all bars is the figure beside them.
    flat = bars[bars["part"] == histograms.flat_word(activation)].groupby("layer")["share"].sum()
    measured = [layer.saturation for layer in own.layers]
    expected = flat.reindex(["layer 1", "layer 2", "layer 3"], fill_value=0.0)
    assert expected.tolist() == pytest.approx(measured)


@pytest.mark.slow
@given(
    hidden=st.lists(st.sampled_from([1, 2, 5]), min_size=1, max_size=6),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    initializer=st.sampled_from(["normal", "zeros", "glorot_uniform"]),
    init_std=st.sampled_from([0.0, 0.001, 0.3, 10.0]),
    seed=st.integers(0, 50),
)
@settings(max_examples=60, deadline=None)
def test_whatever_start_is_drawn_its_words_hold(hidden: list[int], **start: Any) -> None:
    config = RunConfig(hidden=tuple(hidden), train_size=20, **start)
    own, glorot = xray.of(config), xray.of(config.replace(**NAMED[GLOROT]))
    z = xray.pre_activations(config, 0, 0)
    captions = [
        *xray_says.activity(config, own),
        xray_says.loss(own),
        *xray_says.gradients(own, glorot, measure.saturates(config.activation)),
        says.told_alike(config, own),
        *xray_says.unit(config, 0, 0, z, xray.probe("compact").labels),
    ]
    told = {caption.section for caption in captions}
    for caption in [*captions, *says.rule(config, own)]:
        text = prose.text("initialisation", caption.section, caption.figures)
        assert re.search(r"\b(inf|nan)\b|\b1 units\b", text) is None, text
    for caption in captions:
        assert faults("initialisation", caption) == []
    # Derived again, from the weights and their gradients.
    weights = initial_weights(config)
    images = data.load().train
    gradients = network.gradients(
        weights, config.activation, images[:20].pixels, images.labels[:20]
    )
    norms = [float(np.linalg.norm(gradient)) for gradient in gradients[::2]]
    differ = any(len(np.unique(kernel, axis=1).T) > 1 for kernel in weights[:-2:2])
    assert ("told alike" in told) == (max(hidden) > 1 and not differ)
    assert ("no gradient at all" in told) == (not any(norms) and not weights[0].any())
    if "gradient weaker" in told:
        assert norms[0] < glorot.gradient_norms[0]
    if "gradient stronger" in told:
        assert norms[0] > glorot.gradient_norms[0]


# Charts.


def test_rows_are_what_was_measured() -> None:
    _, own = seen(init_std=0.3)
    norms = xray_charts.gradients_rows({YOURS: own}).table.to_pandas()
    assert norms["norm"].tolist() == list(own.gradient_norms)
    assert norms["layer"].tolist() == ["layer 1", "layer 2", "output"]
    shares = own.layers[0].flat_shares
    units = xray_charts.units_rows(shares, 7).table.to_pandas()
    assert units["share"].is_monotonic_decreasing
    assert units.loc[units["chosen"], "unit"].tolist() == [7]
    assert shares[units["unit"]].tolist() == units["share"].tolist()


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_at_every_sigma_of_the_slider_the_picture_is_that_networks(activation: str) -> None:
    config = RunConfig(hidden=(24, 12), activation=activation, init_std=0.05)
    along = xray.along_sigma(config)
    sigmas = list(along)
    reel = histograms.reel_along(config, along, "saturated activations", "st-key-x")
    assert reel["film"]["rest"] == sigmas.index(0.05)
    assert reel["film"]["last"] == len(sigmas) - 1
    assert reel["at"][0] == f"σ = {sigmas[0]:g}"
    for place, sigma in enumerate(sigmas):
        own = xray.of(config.replace(init_std=sigma))
        for layer, drawn in zip(own.layers, reel["layers"], strict=True):
            assert drawn["shares"][place] == pytest.approx(layer.saturation, abs=1e-4)
            assert drawn["labels"][place] == says.small_percent(layer.saturation)
            assert drawn["sizes"][place] == f"receives {rounded(layer.scale)}"
            flat, every = (np.array(bars) for bars in drawn["bars"][place])
            assert every.max() == histograms.HIGHEST
            assert (flat <= every).all()
            # Heights are whole numbers, one of many bins each.
            assert flat.sum() / every.sum() == pytest.approx(layer.saturation, abs=0.05)
            assert len(every) == reel["bins"]


def test_a_start_without_sigma_has_one_picture() -> None:
    config = RunConfig(hidden=(8,), initializer="he_normal")
    along = xray.along_sigma(config)
    reel = histograms.reel_along(config, along, "saturated activations", "st-key-x")
    assert len(along) == 1
    assert reel["follows"] is None
    assert reel["at"] is None
    # One that would take long is not drawn at every σ either.
    assert len(xray.along_sigma(RunConfig(hidden=(512,) * 3))) == 1


def test_a_gradient_of_zero_is_left_out_of_a_log_scale() -> None:
    _, own = seen(initializer="zeros", activation="sigmoid")
    assert xray_charts.gradients_rows({YOURS: own}).table.to_pandas()["layer"].tolist() == [
        "output"
    ]


def test_the_race_marks_where_the_target_is_reached() -> None:
    race = [racer(LARGE, tiny(), (0.3, 0.5, 0.6)), racer(GLOROT, tiny(), SLOW)]
    rows = charts.race_rows(race).table.to_pandas()
    hits = rows[rows["kind"] == "hit"]
    assert hits["run"].tolist() == [GLOROT]
    assert hits["epoch"].tolist() == [3]
    reach = charts.reach_rows(race).table.to_pandas()
    assert reach["label"].tolist() == ["not reached", "epoch 3"]
    assert reach["reached"].tolist() == [False, True]


def test_the_map_frames_the_readers_own_cell() -> None:
    records = charted(VALLEY)
    own = RunConfig(init_std=0.1, hidden=(64,) * 5)
    cells = [record.config for record in records]
    rows = charts.map_rows(cells, records, own).table.to_pandas()
    framed = rows[rows["own"]]
    assert framed[["sigma", "depth"]].to_numpy().tolist() == [["0.1", "5"]]
    assert (
        not charts.map_rows(cells, records, own.replace(initializer="he_normal"))
        .table.to_pandas()["own"]
        .any()
    )
    lost = [None, *charted(VALLEY, [(1.0, 1)])[1:]]
    rows = charts.map_rows(cells, lost, own).table.to_pandas()
    # What is not trained, and what diverged, is a cell that can be clicked all the same.
    assert rows["cell"].tolist() == list(range(len(VALLEY)))
    assert rows["accuracy"].isna().tolist() == [True, False, False, False, True, False]
    assert rows["label"][4] == "×"


# The page.


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def specs(at: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in at.get("vega_lite_chart")]


def asked(engine: ScriptedEngine, config: RunConfig) -> bool:
    return any(config in configs for configs in engine.asked)


@pytest.mark.slow
def test_the_page_opens_on_its_x_ray_and_its_race(scripted: ScriptedEngine) -> None:
    at = opened("initialisation")
    own = xray.of(preset("saturated"))
    assert at.metric[0].value == f"{100 * own.layers[0].saturation:.1f}%"
    assert tuple(runs(preset("saturated"), InitialisationView()).values()) in scripted.asked
    assert len(specs(at)) == 6


@pytest.mark.slow
@pytest.mark.parametrize("section", choices(LESSON.view, "section"))
@pytest.mark.parametrize(
    "query",
    [
        {"activation": "relu", "hidden": "20-10-30"},
        {"activation": "leaky_relu", "layer": "7", "unit": "511"},
        {"hidden": "none"},
    ],
    ids=["relu", "leaky", "no hidden layer"],
)
def test_every_closer_look_opens(
    scripted: ScriptedEngine, section: str, query: dict[str, str]
) -> None:
    at = opened("initialisation", {**query, "section": section})
    assert not at.exception
    assert not at.error
    assert "{{" not in texts(at)
    assert "nan" not in texts(at)


def test_a_signal_that_fades_leads_where_nothing_is_saturated(scripted: ScriptedEngine) -> None:
    told = "**The signal fades: from 0.12 in the first hidden layer to 1.8 × 10⁻⁵ in the last.**"
    deep = {"init_std": "0.01", "hidden": "128-128-128-128-128"}
    said = [*opened("initialisation", deep).markdown]
    assert sum(plain(each.value).startswith(told) for each in said) == 1
    assert told in [plain(each.value) for each in said]
    # Saturation is the news where there is any.
    fading = xray_says.activity(*seen(init_std=0.3, hidden=(128, 4, 4, 4)))
    assert not any(caption.leads for caption in fading)


def test_a_slider_x_rays_and_races_its_own_network(scripted: ScriptedEngine) -> None:
    at = opened("initialisation")
    slider = next(s for s in at.select_slider if s.label.startswith("Initial std"))
    slider.set_value(0.05).run()
    config = preset("saturated").replace(init_std=0.05)
    assert asked(scripted, config)
    assert at.metric[0].value == says.small_percent(xray.of(config).layers[0].saturation)
    depth = next(s for s in at.slider if s.label == "Hidden layers")
    depth.set_value(4).run()
    assert not at.exception
    assert asked(scripted, config.replace(hidden=(128,) * 4))


def test_a_unit_is_chosen_by_its_number(scripted: ScriptedEngine) -> None:
    at = opened("initialisation", {"section": "unit"})
    at.number_input[0].set_value(17).run()
    assert not at.exception
    assert "Unit 17 of layer 1" in texts(at)
    next(box for box in at.selectbox if box.label == "Layer").set_value(2).run()
    assert "Unit 17 of layer 2" in texts(at)


@pytest.mark.parametrize("kept", [RunRecord.brief, lambda record: first_epochs(record, 2)])
def test_units_without_weights_are_not_told_of(
    monkeypatch: pytest.MonkeyPatch, kept: Callable[[RunRecord], RunRecord]
) -> None:
    def answers(configs: Sequence[RunConfig]) -> list[Update]:
        update = made_up(configs)
        return [replace(update, records=tuple(r and kept(r) for r in update.records))]

    engine = ScriptedEngine(
        lambda configs: answers(configs) if len(configs) == 1 else [made_up(configs)]
    )
    monkeypatch.setattr(live, "engine", lambda: engine)
    at = opened("initialisation", {"section": "symmetry"})
    assert not at.exception
    assert "First-layer weights of" not in texts(at)


def test_the_map_waits_for_its_button(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    engine.known = lambda configs, **_: False  # type: ignore[method-assign]
    monkeypatch.setattr(live, "engine", lambda: engine)
    # Of other units than those whose map is recorded.
    at = opened("initialisation", {"hidden": "64"})
    cells = tuple(map_runs(preset("saturated").replace(hidden=(64,))))
    assert cells not in engine.asked
    next(b for b in at.button if b.label.startswith("Train these")).click().run()
    assert cells in engine.asked
    assert not at.exception


def test_the_x_ray_is_of_whole_networks() -> None:
    state, problems = LESSON.parse({"ticket": "magnitude", "kept": "0.2", "seed": "3"})
    assert problems == ["ticket must be none on this page, not 'magnitude'"]
    assert state.config == LESSON.start.config.replace(seed=3)


def test_the_race_begins_the_reveal_and_bears_no_verdict_on_saturation(
    scripted: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Reel] = []
    monkeypatch.setattr(Screen, "show", lambda self, data, how="moving": shown.append(data))
    at = opened("initialisation", guesses=True)
    next(b for b in at.button if b.label.startswith("At most one in ten")).click().run()
    assert not at.exception
    assert "You guessed" in texts(at)
    assert [reel["begins"] for reel in shown if reel["kind"] == "lines"] == [True]
    assert not any("verdict" in reel for reel in shown)
