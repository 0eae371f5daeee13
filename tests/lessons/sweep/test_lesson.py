"""Sweep: prose, sentences in every corner, charts as data, the page."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from fmviz.analysis import sweeps
from fmviz.analysis.comparing import labels
from fmviz.analysis.stopping import Shown
from fmviz.analysis.sweeps import Outcome
from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.sweep import charts, preview, says, tables
from fmviz.run import knobs
from fmviz.run.config import RunConfig
from fmviz.run.knobs import Cell
from fmviz.run.record import Divergence, RunRecord
from fmviz.run.store import RunStore
from fmviz.ui import live
from fmviz.words import prose
from fmviz.words.numbers import duration
from fmviz.words.prose import Caption
from tests.support.lessons import (
    check_prose,
    check_words,
    drawn_rows,
    leads,
    made_up,
    opened,
    texts,
)
from tests.support.markdown import errors
from tests.support.records import synthetic, tiny
from tests.support.scripted import ScriptedEngine, first_epochs

LESSON = LESSONS["sweep"]
GONE = Divergence(1, 1, 0, "weight")


def right(share: float, config: RunConfig, seed: int = 0, **history: Any) -> RunRecord:
    """A record that answers so many of the validation images rightly, which ones by chance."""
    record = synthetic(config, seed=seed, val_accuracy=share, **history)
    truth = labels(RunConfig(), "val")
    wrong = np.random.default_rng(seed).permutation(len(truth)) >= round(share * len(truth))
    answers = np.where(wrong, (truth + 1) % 10, truth).astype(np.uint8)
    return replace(record, val_predictions=np.stack([answers] * (record.epochs + 1)))


def outcome(at: tuple[Any, ...], *shares: float, **history: Any) -> Outcome:
    """A cell of λ whose runs, one a seed, are right about these shares; NaN has diverged."""
    configs = tuple(
        tiny(lam=float(at[0]), penalty="l2" if at[0] else "none", seed=seed)
        for seed in range(len(shares))
    )
    records = tuple(
        synthetic(config, epochs=0, diverged=GONE)
        if math.isnan(share)
        else right(share, config, seed, **history)
        for seed, (config, share) in enumerate(zip(configs, shares, strict=True))
    )
    return Outcome(Cell(at, configs), records)


LAMBDAS = (1.0, 10.0, 100.0)


def told(section: str, *found: Outcome, measure: str = "accuracy") -> Callable[[], Caption]:
    turns = {"lam": tuple(o.cell.at[0] for o in found)}

    def make() -> Caption:
        said = says.told(turns, found, measure, 1e-3, sweeps.best(found))
        return next(caption for caption in said if caption.section == section)

    return make


def reading(section: str, seeds: int, **turns: tuple[Any, ...]) -> Callable[[], Caption]:
    wanted = knobs.Sweeping(turns, seeds)
    return lambda: next(c for c in says.reading(wanted, "accuracy") if c.section == section)


def kinds(section: str, activations: set[str]) -> Callable[[], Caption]:
    wanted = knobs.Sweeping({"lam": (1.0,)}, 1)
    said = says.reading(wanted, "saturation", activations)
    return lambda: next(caption for caption in said if caption.section == section)


def no_effect(section: str, **changes: Any) -> Callable[[], Caption]:
    state = LESSON.start | {"seeds": 1} | changes

    def make() -> Caption:
        said = says.without_effect(knobs.sweeping(state).turns, knobs.cells(state))
        return next(caption for caption in said if caption.section == section)

    return make


ONE, TWO, THREE = (outcome((lam,), share) for lam, share in zip(LAMBDAS, (0.7, 0.9, 0.5)))
SEEDS = [outcome((lam,), *[share] * 2) for lam, share in zip(LAMBDAS, (0.7, 0.9, 0.5))]
LEVEL = [outcome((lam,), 0.8) for lam in LAMBDAS]
WANTED = knobs.Sweeping({"lam": (0.0, 1.0)}, 2)
BRANCHES: dict[str, Callable[[], Caption]] = {
    "before": lambda: says.before(WANTED, 4, 0, 30.0),
    "before, some known": lambda: says.before(WANTED, 4, 1, 30.0),
    "no effect": no_effect("no effect", knob="l1_share"),
    "no effect, all alike": no_effect(
        "no effect, all alike", knob="hidden", values="128,128-128", hidden=(1,), knob2="depth"
    ),
    "as told": lambda: says.as_told({0.2})[0],
    "reading one": reading("reading one", 2, lam=(1.0,)),
    "reading one, one seed": reading("reading one, one seed", 1, lam=(1.0,)),
    "reading two": reading("reading two", 2, lam=(1.0,), depth=(1,)),
    "reading two, one seed": reading("reading two, one seed", 1, lam=(1.0,), depth=(1,)),
    "zero apart": reading("zero apart", 1, lam=(0.0, 1.0)),
    "best": told("best", ONE, TWO, THREE),
    "best, not alone": told("best, not alone", ONE, LEVEL[1], LEVEL[2]),
    "best, none apart": told("best, none apart", *LEVEL),
    "only one": told("only one", SEEDS[1]),
    "kinds apart": kinds("kinds apart", {"tanh", "sigmoid", "relu", "elu"}),
    "kind": kinds("kind", {"relu"}),
    "level alone": told("level alone", ONE, TWO, THREE),
    "level all": told("level all", *LEVEL),
    "best at the edge": told("best at the edge", TWO, ONE, THREE),
    "nothing learnt in all": told("nothing learnt in all", outcome((1.0,), 0.1)),
    "none finished": told("none finished", outcome((1.0,), math.nan)),
    "measure range": told("measure range", ONE, TWO, measure="gap"),
    "measure level": told(
        "measure level",
        *(outcome((lam,), 0.8, val_crossentropy=0.5) for lam in LAMBDAS),
        measure="crossentropy",
    ),
    "diverged runs": told("diverged runs", ONE, outcome((10.0,), 0.5, math.nan)),
}


def test_values_that_are_all_one_run_are_not_compared() -> None:
    """A knob that has no effect, which is said above the picture."""
    one = outcome((1.0,), 0.8)
    found = [Outcome(Cell((value,), one.cell.configs), one.records) for value in (0.2, 0.5, 0.8)]
    turns = {"l1_share": (0.2, 0.5, 0.8)}
    said = says.told(turns, found, "accuracy", 1e-3, sweeps.best(found))
    assert [caption.section for caption in said] == ["only one"]


# The sections' figures that the page gives itself.
OF_PAGE = {"too many runs": {"runs", "most"}, "too long": {"minutes", "most"}}


def test_prose_is_whole() -> None:
    branches = {name: make for name, make in BRANCHES.items() if name != "no effect, all alike"}
    check_prose("sweep", branches, OF_PAGE | {"no effect, all alike": {"knob"}})


def test_words_are_short_and_plain() -> None:
    check_words("sweep", {name: make for name, make in BRANCHES.items() if "no effect" not in name})


SHARES = st.sampled_from([0.0, 0.1, 0.5, 0.501, 1.0, math.nan])


@given(
    # As many seeds a cell.
    shares=st.integers(1, 2).flatmap(
        lambda n: st.lists(st.lists(SHARES, min_size=n, max_size=n), min_size=1, max_size=4)
    ),
    measure=st.sampled_from(sorted(sweeps.MEASURES)),
)
@settings(max_examples=60, deadline=None)
def test_whatever_a_sweep_finds_what_is_said_is_so(shares: list[list[float]], measure: str) -> None:
    found = [outcome((float(10**k),), *seeds) for k, seeds in enumerate(shares)]
    turns = {"lam": tuple(o.cell.at[0] for o in found)}
    captions = says.told(turns, found, measure, 1e-3, sweeps.best(found))
    texts_ = [prose.text("sweep", c.section, c.figures) for c in captions]
    assert leads(texts_[0])
    first = captions[0]
    whole = {says.cell_name(["lam"], o.cell): np.mean(s) for o, s in zip(found, shares)}
    whole = {name: mean for name, mean in whole.items() if not math.isnan(mean)}
    assert (first.section == "none finished") == (not whole)
    if whole:
        assert whole[first.figures["best"]] == pytest.approx(max(whole.values()), abs=1e-3)
        assert (first.section == "only one") <= (len(whole) == 1)
        assert (first.section == "best") <= (len(whole) > 1)
    gone = [share for seeds in shares for share in seeds if math.isnan(share)]
    assert ("diverged runs" in {c.section for c in captions}) == bool(gone)
    assert not any(re.search(r"\b1 (runs|others) ", text) for text in texts_)


def test_the_zeros_of_relu_are_not_ranked_beside_saturation() -> None:
    def cell(activation: str, seed: int) -> Outcome:
        config = tiny(activation=activation)
        return Outcome(Cell((activation,), (config,)), (right(0.5, config, seed),))

    found = [cell("tanh", 1), cell("sigmoid", 2), cell("relu", 3)]
    said = says.told({"activation": ()}, found, "saturation", 1e-3, sweeps.best(found))
    (between,) = (c for c in said if c.section.startswith("measure"))
    assert between.figures["measure"] == "saturation"
    assert "ReLU" not in between.figures["low_cell"] + between.figures["high_cell"]
    alone = says.told({"activation": ()}, found[1:], "saturation", 1e-3, sweeps.best(found[1:]))
    assert not any(c.section.startswith("measure") for c in alone)


# Figures ------------------------------------------------------------------------------------


def test_a_mean_over_seeds_has_the_error_of_the_seeds() -> None:
    records = [right(share, tiny(seed=seed), seed) for seed, share in enumerate((0.7, 0.8, 0.75))]
    found = sweeps.mean_accuracy(records)
    assert found.value == pytest.approx(0.75, abs=1e-3)
    assert found.error == pytest.approx(0.05 / math.sqrt(3), rel=0.02)
    assert sweeps.mean_accuracy(records[:1]) == records[0].estimate("val_accuracy", 3)


def test_cells_of_several_seeds_are_compared_by_their_means() -> None:
    """Beside SciPy's paired t test, to which the verdict on two cells comes down."""
    ahead, behind = (0.80, 0.82, 0.84), (0.79, 0.80, 0.83)
    found = [outcome((lam,), *shares) for lam, shares in zip(LAMBDAS, (ahead, behind))]
    ends = [[record.at_end("val_accuracy") for record in cell.finite] for cell in found]
    apart = scipy.stats.ttest_rel(*ends).pvalue < 0.05
    best = sweeps.best(found)
    assert best is not None
    assert best.outcome is found[0]
    assert (best.level == []) == apart
    # Ahead with either seed, which two seeds cannot tell from luck: 12.7 errors are asked for.
    two = sweeps.best([outcome((lam,), *s[:2]) for lam, s in zip(LAMBDAS, (ahead, behind))])
    assert two is not None
    assert len(two.level) == 1


def test_who_is_level_with_the_highest_and_who_is_not_is_named() -> None:
    cells = [outcome((lam,), share) for lam, share in zip((0.0, 1, 10, 100), (0.8, 0.8, 0.8, 0.5))]
    figures = told("best, not alone", *cells)().figures
    best = sweeps.best(cells)
    assert best is not None
    level = " and ".join(f"{o.cell.at[0]:g}" for o in best.level)
    assert (figures["names"], figures["lower"]) == (f"λ = {level}", "λ = 100")
    turned = ("init_std", "depth")
    two = [outcome(at, 0.8) for at in ((0.1, 1), (0.1, 2))]
    assert says._names(turned, two) == "σ = 0.1, layers = 1; σ = 0.1, layers = 2"
    many = [outcome((float(lam),), 0.8) for lam in range(1, 7)]
    assert says._names(("lam",), many) == "λ = 1, 2, 3, 4 and 2 more"


@given(st.lists(st.floats(0.2, 0.95), min_size=1, max_size=4, unique=True))
def test_the_best_cell_has_the_highest_mean(shares: list[float]) -> None:
    found = [outcome((float(lam),), share) for lam, share in enumerate(shares, 1)]
    best = sweeps.best(found)
    assert best is not None
    top = max(records[0].at_end("val_accuracy") for _, records in found)
    assert best.outcome.finite[0].at_end("val_accuracy") == top
    assert best.compared == len(shares) - 1
    for other in best.level:
        assert other is not best.outcome


def test_a_cell_with_a_run_that_diverged_or_goes_on_is_not_best() -> None:
    half = outcome((10.0,), 0.9, math.nan)
    growing = Outcome(TWO.cell, (first_epochs(TWO.records[0], 1),))  # type: ignore[arg-type]
    unknown = Outcome(THREE.cell, (None,))
    best = sweeps.best([ONE, half, growing, unknown])
    assert best is not None
    assert best.outcome is ONE
    assert sweeps.best([half, growing, unknown]) is None
    assert len(half.diverged) == len(half.finite) == 1


def test_measures_are_those_of_the_record() -> None:
    record = ONE.records[0]
    assert record is not None
    end = record.epochs
    assert sweeps.measured(record, "gap", 1e-3) == (record.gap(end).value,)
    assert sweeps.measured(record, "crossentropy", 1e-3) == (
        record.at("train_crossentropy", end),
        record.at("val_crossentropy", end),
    )
    assert sweeps.measured(record, "sparsity", 1e-2) == (record.sparsity(1e-2, end),)
    mean = record.layers_at("saturation", end).mean()
    assert sweeps.measured(record, "saturation", 1e-3) == pytest.approx((mean,))
    bare = synthetic(tiny(hidden=()))
    assert math.isnan(sweeps.measured(bare, "saturation", 1e-3)[0])


def test_the_file_has_a_line_a_run() -> None:
    found = [ONE, outcome((10.0,), math.nan), Outcome(THREE.cell, (None,))]
    text = tables.as_csv(["lam"], found, 1e-3).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [line["lam"] for line in lines] == ["1", "10", "100"]
    record = ONE.records[0]
    assert record is not None
    assert float(lines[0]["validation_accuracy"]) == record.at_end("val_accuracy")
    assert lines[0]["run"] == record.config.key
    assert lines[1]["diverged_in_epoch"] == "1"
    assert lines[1]["validation_accuracy"] == lines[2]["validation_accuracy"] == ""
    assert lines[2]["epochs"] == ""


# Words --------------------------------------------------------------------------------------


def test_a_best_at_a_bound_has_nothing_beyond_it() -> None:
    said = says.told({"lam": (0.0, 1.0)}, [outcome((0.0,), 0.9), ONE], "accuracy", 1e-3, None)
    assert [caption.section for caption in said] == ["none finished"]
    found = [outcome((0.0,), 0.9), ONE]
    said = says.told({"lam": (0.0, 1.0)}, found, "accuracy", 1e-3, sweeps.best(found))
    assert "best at the edge" not in {caption.section for caption in said}


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.2, "about a second"),
        (1.2, "about 1 s"),
        (9.4, "about 9 s"),
        (12.0, "about 10 s"),
        (98.0, "about 100 s"),
        (100.0, "about 2 minutes"),
        (3_700.0, "about 1 hour"),
        (9_000.0, "about 2.5 hours"),
    ],
)
def test_a_time_is_told_as_roughly_as_it_is_known(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


# Charts -------------------------------------------------------------------------------------


def test_places_on_an_axis() -> None:
    assert charts.ticks("lam", (0.0, 1.0, 10.0, 100.0)) == (
        (-1.0, "0"),
        (0.0, "1"),
        (1.0, "10"),
        (2.0, "100"),
    )
    assert charts.ticks("dropout", (0.0, 0.5)) == ((0.0, "0"), (0.5, "0.5"))
    assert [place for place, _ in charts.ticks("optimizer", ("sgd", "adam"))] == [0, 1]
    assert charts.ticks("lam", (0.0,)) == ((-1.0, "0"),)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("measure", sweeps.MEASURES)
def test_curves_have_a_point_a_run_and_the_mean(measure: str, dark: bool) -> None:
    found = [*SEEDS[:2], outcome((100.0,), 0.5, math.nan)]
    at = charts.ticks("lam", LAMBDAS)
    spec = charts.curves_spec("lam", at, measure, False, dark)
    json.dumps(spec)
    rows = charts.curves_rows("lam", found, at, measure, 1e-3, found[1]).table.to_pandas()
    splits = len(sweeps.MEASURES[measure].splits)
    runs = rows[rows["kind"] == "run"]
    assert sorted(set(runs["run"])) == [0, 1, 2, 3, 4]
    assert len(runs) == 5 * splits
    assert list(rows[rows["kind"] == charts.GONE]["run"]) == [5]
    assert list(rows[rows["kind"] == "best"]["place"]) == [1.0]
    for place, split in {(r.place, r.split) for r in runs.itertuples()}:
        same = runs[(runs["place"] == place) & (runs["split"] == split)]["value"]
        (mean,) = rows[
            (rows["kind"] == "mean") & (rows["place"] == place) & (rows["split"] == split)
        ].to_dict("records")
        assert mean["value"] == pytest.approx(same.mean())
        spread = same.std() if len(same) > 1 else 0.0
        assert mean["high"] - mean["value"] == pytest.approx(spread)


def test_beside_a_sweep_stand_the_curves_of_each_run_or_of_each_cell() -> None:
    found = SEEDS[:2]
    names = [f"run {k}" for k in range(sum(len(o.records) for o in found))]
    rows = pd.DataFrame(preview.rows(found, names, 1, by_cell=False))
    titles = rows[rows["kind"] == "title"]
    assert titles["run"].tolist() == [0, 1, 2, 3][: len(names)]
    assert titles["chosen"].tolist() == [run == 1 for run in titles["run"]]
    records = [record for o in found for record in o.records if record is not None]
    for run, record in enumerate(records):
        mine = rows[(rows["kind"] == "epoch") & (rows["run"] == run)]
        training = mine[mine["split"] == "training"]
        history = record.history["train_accuracy"]
        assert training["accuracy"].tolist() == history.tolist()
        assert training["epoch"].tolist() == list(range(1, record.epochs + 1))
    drawn = rows[rows["kind"] == "epoch"]["accuracy"]
    frame = rows[rows["kind"] == "frame"]["accuracy"]
    assert (frame.min(), frame.max()) == (drawn.min(), drawn.max())
    # In a map all seeds of a cell have the number of its first run.
    cells = pd.DataFrame(preview.rows(found, ["a", "b"], 1, by_cell=True))
    firsts = [0, len(found[0].records)]
    assert cells[cells["kind"] == "title"]["run"].tolist() == firsts
    assert cells[(cells["kind"] == "title") & cells["chosen"].eq(True)]["name"].tolist() == ["a"]
    lines = cells[(cells["kind"] == "epoch") & (cells["split"] == "training")]
    assert lines["name"].nunique() == len(records)


def test_where_labels_are_wrong_training_is_said_to_be_scored_as_told() -> None:
    for noise in (0.0, 0.2):
        config = tiny(train_size=100, label_noise=noise)
        found = Outcome(Cell((1.0,), (config,)), (synthetic(config),))
        rows = preview.rows([found], ["a"], 0, by_cell=True)
        (title,) = [row["tip"] for row in rows if row["kind"] == "title"]
        assert ("% as told, validation " in title) == bool(noise)
    at = charts.ticks("lam", (1.0,))
    assert "as told" in json.dumps(charts.curves_spec("lam", at, "accuracy", True, False))
    assert "as told" not in json.dumps(charts.curves_spec("lam", at, "accuracy", False, False))
    assert says.as_told({0.0}) == []
    assert says.as_told({0.2})[0].figures == {"share": "20%"}
    assert says.as_told({0.0, 0.2})[0].figures == {"share": "up to 20%"}


def test_a_long_run_is_drawn_by_some_of_its_epochs_with_both_ends() -> None:
    values = np.linspace(0, 1, 500)
    drawn = preview.rows([outcome((1.0,), 0.7)], ["a"], None, by_cell=False)
    assert len(drawn) < 20
    points = preview.points(values)
    assert len(points) == preview.MOST_POINTS
    assert (points[0]["epoch"], points[-1]["epoch"]) == (1, 500)
    assert points[-1]["accuracy"] == 1


def test_a_map_has_a_cell_for_what_is_known() -> None:
    turned = ("lam", "depth")
    found = [
        Outcome(cell._replace(at=(*cell.at, 2)), records)
        for cell, records in (ONE, TWO, outcome((10.0,), math.nan), Outcome(ONE.cell, (None,)))
    ]
    rows = charts.map_rows(turned, found, "accuracy", 1e-3, found[1]).table.to_pandas()
    cells = rows[rows["kind"] == "cell"]
    assert list(cells["run"]) == [0, 1, 2]
    assert list(cells["label"]) == ["70.0", "90.0", "×"]
    assert list(cells["best"]) == [False, True, False]
    assert cells["value"].isna().tolist() == [False, False, True]
    spec = charts.map_spec(turned, ("1", "10"), ("2",), "accuracy", False)
    json.dumps(spec)
    assert charts.map_title("accuracy") == "validation accuracy"


# The page -----------------------------------------------------------------------------------


class Teaching(ScriptedEngine):
    """Knows nothing until runs are asked for; then trains them an epoch, then to the end."""

    def __init__(self) -> None:
        super().__init__(self._train)
        self.trained: set[RunConfig] = set()

    def _train(self, configs: Sequence[RunConfig]) -> list[Update]:
        whole = made_up(configs)
        if set(configs) <= self.trained:
            return [whole]
        self.trained |= set(configs)
        half = tuple(first_epochs(r, 1) for r in whole.records if r is not None)
        nothing = (None,) * len(half)
        sources = ("trained",) * len(half)
        return [
            Update("waiting", nothing, sources, "it is starting up", 0.1),
            Update("training", half, sources, "", 0.2),
            replace(whole, sources=sources),
        ]

    def known(
        self,
        configs: Sequence[RunConfig],
        *,
        brief: bool = False,
        test: bool = False,
        outline: bool = False,
    ) -> bool:
        return set(configs) <= self.trained


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Teaching:
    engine = Teaching()
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


QUERY = {"values": "2,20", "seeds": "2", "seed": "5"}


def button(at: AppTest) -> Any:
    return at.button(key="sweep/sweep button")


def test_a_link_trains_nothing_until_it_is_asked_to(engine: Teaching) -> None:
    at = opened("sweep", QUERY)
    engine.asked.clear()
    at.run()
    assert engine.asked == []
    assert "4 runs: 2 values, 2 seeds. Training takes about" in texts(at)
    assert button(at).label == "Train these 4 runs"
    assert not at.get("vega_lite_chart")
    button(at).click().run()
    assert not at.exception
    (asked,) = engine.asked
    assert sorted((c.lam, c.seed) for c in asked) == [(2, 5), (2, 6), (20, 5), (20, 6)]
    assert "4 runs, trained just now" in texts(at)
    assert "validation images" in texts(at) or "told from a guess" in texts(at)
    assert len(at.get("vega_lite_chart")) == 1
    # Another look at the same runs trains nothing.
    at.run()
    assert "4 runs, trained earlier, from the store" in texts(at)


def test_two_knobs_make_a_map_and_each_run_has_a_link(engine: Teaching) -> None:
    at = opened("sweep", {"values": "1,2", "knob2": "depth", "values2": "1,2", "seeds": "1"})
    button(at).click().run()
    (chart,) = at.get("vega_lite_chart")
    assert "viridis" in chart.proto.spec
    runs = at.selectbox(key="sweep/run 4")
    assert runs.options[0] == "λ = 1, layers = 1, seed 0"
    runs.set_value(3).run()
    (link,) = (link for link in at.get("page_link") if link.proto.label == "Open in the playground")
    query = dict(pair.split("=") for pair in link.proto.query_string.split("&"))
    parsed = LESSONS["playground"].parse(query)
    assert parsed.problems == []
    wanted = knobs.cells(
        LESSON.start | {"values": "1,2", "knob2": "depth", "values2": "1,2", "seeds": 1, "seed": 0}
    )
    assert parsed.state.config == wanted[3].configs[0]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            {"values": ",".join(map(str, range(16))), "knob2": "dropout", "seeds": "5"},
            "This sweep has 400 runs; at most 128",
        ),
        (
            {"values": "1,2,3", "epochs": "100", "train_size": "10000", "seeds": "5"}
            | {"hidden": "512-512-512-512-512", "batch_size": "8"},
            "This sweep would take about",
        ),
        ({"knob": "depth", "values": "1,99"}, "In the address: values: each value of depth"),
        ({"knob2": "lam"}, "In the address: knob2 must turn another thing than lam"),
    ],
)
def test_no_link_starts_a_sweep_beyond_the_bounds(
    query: dict[str, str], expected: str, engine: Teaching
) -> None:
    at = opened("sweep", query)
    assert any(error.startswith(expected) for error in errors(at)), at.error
    if not expected.startswith("In the address"):
        assert not [b for b in at.button if b.key == "sweep/sweep button"]


def test_values_that_are_typed_wrongly_are_named_and_change_nothing(engine: Teaching) -> None:
    at = opened("sweep", QUERY)
    field = at.text_input(key="sweep/values as text")
    assert field.value == "2, 20"
    field.set_value("2, many").run()
    (error,) = errors(at)
    assert error == (
        "Each value of lam must be a number from 0 to 10,000, not 'many'. 2, 20 are still in use."
    )
    assert at.text_input(key="sweep/values as text").value == "2, many"
    at.text_input(key="sweep/values as text").set_value("0,01").run()
    (error,) = errors(at)
    assert "write decimals with a point" in error
    at.text_input(key="sweep/values as text").set_value("3, 1").run()
    assert not at.error
    assert at.query_params["values"] in ("1,3", ["1,3"])


def test_the_opening_sweep_tells_far_too_much_from_the_best(tmp_path: Path) -> None:
    # With two seeds it did not: 8 points behind with either, and "none can be told" beside it.
    cells, store = knobs.cells(LESSON.start), RunStore(tmp_path)
    records = [store.peek(config) for cell in cells for config in cell.configs]
    best = sweeps.best(sweeps.outcomes(cells, records))
    assert best is not None
    assert 100.0 not in [other.cell.at[0] for other in best.level]
    assert best.compared > len(best.level) > 0


def test_every_measure_is_in_sight(engine: Teaching) -> None:
    # In one line the narrow column of the controls cuts off most of them.
    assert opened("sweep", QUERY).button_group(key="sweep.measure").proto.wrap


def test_another_knob_brings_its_own_values(engine: Teaching) -> None:
    at = opened("sweep", QUERY)
    at.selectbox(key="sweep.knob").set_value("dropout").run()
    assert not at.exception
    assert at.text_input(key="sweep/values as text").value == "0, 0.2, 0.4, 0.6, 0.8"
    assert "10 runs: 5 values, 2 seeds" in texts(at)
    # The second knob becomes the first, and is then no longer a second.
    at.selectbox(key="sweep.knob2").set_value("depth").run()
    at.selectbox(key="sweep.knob").set_value("depth").run()
    assert not at.exception
    assert at.selectbox(key="sweep.knob2").value == knobs.NONE


def test_a_knob_without_effect_is_told(engine: Teaching) -> None:
    at = opened("sweep", {"knob": "l1_share", "seeds": "1"})
    (warning,) = at.warning
    assert "*share of λ in L1* has no effect" in warning.value
    assert "the penalty L1 + L2 with λ above 0" in " ".join(warning.value.split())


def rows_of_chart(at: AppTest) -> pd.DataFrame:
    (chart,) = at.get("vega_lite_chart")
    return drawn_rows(chart)


def test_the_chart_shows_the_curves_of_the_chosen_run(engine: Teaching) -> None:
    at = opened("sweep", QUERY)
    button(at).click().run()
    box = next(b for b in at.selectbox if b.label == "A run")
    shown = rows_of_chart(at)
    (title,) = shown[(shown["kind"] == "title") & shown["chosen"].eq(True)]["name"]
    # Before a choice, a run of the best.
    assert title == box.options[box.value]
    other = next(k for k in range(len(box.options)) if k != box.value)
    box.set_value(other).run()
    assert not at.exception
    shown = rows_of_chart(at)
    (title,) = shown[(shown["kind"] == "title") & shown["chosen"].eq(True)]["name"]
    assert title == box.options[other]
    # A choice outlives what does not change the runs.
    at.button_group(key="sweep.measure").set_value("gap").run()
    assert next(b for b in at.selectbox if b.label == "A run").value == other


def test_a_teachers_link_locks_knobs_and_hides_the_sweep(engine: Teaching) -> None:
    at = opened("sweep", QUERY | {"lock": "knob,values", "hide": "true"})
    assert at.selectbox(key="sweep.knob").disabled
    assert at.text_input(key="sweep/values as text").disabled
    assert not at.selectbox(key="sweep.knob2").disabled
    labels_ = [b.label for b in at.button if str(b.key).startswith("sweep/guess")]
    assert labels_ == ["λ = 2", "λ = 20", "None: the best two cannot be told apart"]
    assert not [b for b in at.button if b.key == "sweep/sweep button"]
    at.button(key="sweep/guess 0").click().run()
    button(at).click().run()
    assert "You guessed *λ = 2*" in texts(at)


def test_the_vault_counts_a_sweep_and_offers_the_best(engine: Teaching) -> None:
    at = opened("sweep", QUERY | {"vault": "true"})
    button(at).click().run()
    assert "4 networks" in texts(at)
    look = at.button(key="sweep/vault look")
    assert look.label == "Look at the best test accuracy"
    look.click().run()
    assert not at.exception
    assert "1 look" in texts(at)


def test_the_answer_to_a_guess_is_the_value_of_the_best() -> None:
    state = LESSON.start | {"values": "1,10", "seeds": 1, "hidden": (4, 3), "epochs": 3}
    configs = [config for cell in knobs.cells(state) for config in cell.configs]
    question = LESSON.question_on(state)

    def shown(*shares: float) -> list[Shown]:
        records = [right(share, c, i) for i, (share, c) in enumerate(zip(shares, configs))]
        return [Shown("", record, None, record.epochs) for record in records]

    assert question.options[:2] == ("λ = 1", "λ = 10")
    assert question.answer(shown(0.6, 0.9)) == 1
    assert question.answer(shown(0.9, 0.6)) == 0
    assert question.answer(shown(0.8, 0.8)) == 2


@pytest.mark.parametrize("knob", ["hidden", "width", "optimizer", "train_size", "epochs"])
def test_a_knob_of_every_kind_can_be_turned_on_the_page(knob: str, engine: Teaching) -> None:
    at = opened("sweep", {"knob": knob, "seeds": "1"})
    assert not at.error
    button(at).click().run()
    assert not at.exception
    assert at.get("vega_lite_chart")
