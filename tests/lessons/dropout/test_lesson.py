"""Dropout: the words fit the figures, the page opens, and real runs bear the lesson out."""

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

from fmviz.analysis import comparing, masks, memory
from fmviz.analysis.significance import Comparison
from fmviz.analysis.stopping import Shown
from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.dropout import charts, says
from fmviz.lessons.dropout.lesson import BOTH, DROPOUT, NONE, PENALTY
from fmviz.page.view import Judging
from fmviz.run import data
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate
from fmviz.run.record import Divergence, RunRecord
from fmviz.training import stock
from fmviz.ui import live
from fmviz.words import keras_lines, prose, shared
from fmviz.words.prose import Caption
from fmviz.words.running import running
from tests.pages.test_recorded import AXIS
from tests.support.charts import fields
from tests.support.claims import confirm
from tests.support.lessons import check_prose, drawn_rows, made_up, opened, texts
from tests.support.records import shown, synthetic, tiny
from tests.support.scripted import ScriptedEngine
from tests.support.trained import as_shown
from tests.support.verdicts import check_verdicts, faults
from tests.words.test_keras_lines import as_made, assert_same, made
from tests.words.test_prose import against, on_test, told_false

LESSON = LESSONS["dropout"]

# The presets are trained before the first test that looks at them.
pytestmark = pytest.mark.timeout(900)


# Which runs stand side by side


def roles(**changes: Any) -> dict[str, RunConfig]:
    return LESSON.runs_of(LESSON.start | changes)


def test_twins_differ_in_the_rate_alone() -> None:
    runs = roles()
    assert list(runs) == [NONE, DROPOUT]
    assert runs[NONE] == runs[DROPOUT].replace(dropout=0.0)
    assert runs[DROPOUT].dropout == 0.5


def test_with_a_penalty_there_are_two_by_two() -> None:
    runs = roles(lam=2.0)
    assert list(runs) == [NONE, DROPOUT, PENALTY, BOTH]
    assert [(r.dropout, r.lam) for r in runs.values()] == [(0, 0), (0.5, 0), (0, 2), (0.5, 2)]
    assert len({r.replace(dropout=0.0, penalty="none") for r in runs.values()}) == 1


def test_without_dropout_the_runs_that_have_it_are_left_out() -> None:
    assert list(roles(dropout=0.0)) == [NONE]
    assert list(roles(dropout=0.0, lam=2.0)) == [NONE, PENALTY]
    assert list(roles(hidden=())) == [NONE]


# Words


def run_of(gap: float, name: str, accuracy: float = 0.8, **config: Any) -> Shown:
    """A run still going on, on 10,000 images a side."""
    record = synthetic(
        tiny(epochs=9, **config),
        epochs=3,
        train_accuracy=accuracy + gap,
        val_accuracy=accuracy,
        examples={"train": 10_000, "validation": 10_000},
    )
    return Shown(name, record, None, 3)


def four(section: str, both: float, accuracy: float = 0.8) -> Callable[[], Caption]:
    """What is said of both together beside dropout alone, which has a gap of 8 points and is right
    on 80% of validation images."""
    ends = {NONE: (0.13, 0.8), DROPOUT: (0.08, 0.8), PENALTY: (0.12, 0.8), BOTH: (both, accuracy)}
    runs = {
        role: run_of(gap, role, right, penalty="l2", lam=2.0, seed=seed)
        for seed, (role, (gap, right)) in enumerate(ends.items())
    }
    return lambda: next(c for c in says.two_by_two(runs) if c.section == section)


def on_off(section: str, on: float, keras_says: float) -> Callable[[], Caption]:
    run = shown(0.9, 0.8, config=tiny(train_size=5_000, dropout=0.5), running_accuracy=keras_says)
    measured = masks.OnOff(0.9, on + np.tile([-0.005, 0.0, 0.005], 6))
    return lambda: next(c for c in says.on_off(measured, 1_250, run) if c.section == section)


def mask(answers: list[int]) -> Callable[[], Caption]:
    factors = [np.array([0.0, 2.0, 2.0]), np.array([0.0, 0.0])]
    return lambda: says.mask(factors, np.array(answers), 1, 4, 4, 0.5)


def rates(section: str, *ends: tuple[float, float]) -> Callable[[], Caption]:
    """(training, validation) of one run a rate, from 0 on."""
    records = [
        replace(
            run_of(t - v, "").record,
            config=tiny(dropout=k / 10),
            history={
                **synthetic(tiny()).history,
                "train_accuracy": np.full(3, t),
                "val_accuracy": np.full(3, v),
            },
        )
        for k, (t, v) in enumerate(ends)
    ]
    return lambda: next(c for c in says.rates(records) if c.section == section)


AGAINST = (
    "gap narrows",
    "gap widens",
    "gap below zero",
    "change could be noise",
    "learns more",
    "validation rises",
    "validation falls",
    "underfits",
    "both fall",
)
BRANCHES: dict[str, Callable[[], Caption]] = {
    **{section: against(section) for section in AGAINST},
    **{
        f"other epochs, validation {kind}": (
            lambda section=f"other epochs, validation {kind}", v=v: next(
                c
                for c in says.of_runs(
                    [shown(0.9, v, name=NONE), shown(0.9, 0.8, name=DROPOUT)._replace(kept=1)],
                    Judging(),
                    False,
                )
                if c.section == section
            )
        )
        for kind, v in (("unclear", 0.8), ("differs", 0.7))
    },
    **{
        f"no true label, {how}": lambda held_out=held_out, kept=kept: shared.against_baseline(
            told_false(0.9, held_out, everything=True, config=tiny(seed=1))._replace(kept=kept),
            told_false(0.9, 0.8, everything=True),
        )
        for how, held_out, kept in (
            ("higher", 0.9, 3),
            ("alike", 0.801, 3),
            ("lower", 0.7, 3),
            ("other epochs", 0.801, 1),
        )
    },
    "no true label, same": lambda: shared.against_baseline(
        *[told_false(0.9, 0.8, everything=True)] * 2
    ),
    "test differs": lambda: on_test(0.8, 0.7),
    "test could be noise": lambda: on_test(0.8, 0.7994),
    "no dropout": lambda: says.of_runs([shown(0.9, 0.8, name=NONE)], Judging(), False)[1],
    "nothing to drop": lambda: says.rule(tiny(hidden=()))[0],
    "both, further": four("both, further", 0.04),
    "both, no further": four("both, no further", 0.08),
    "both, less": four("both, less", 0.12),
    "both, below zero": four("both, below zero", -0.04),
    "both, better": four("both, better", 0.08, 0.85),
    "both, as good": four("both, as good", 0.08),
    "both, worse": four("both, worse", 0.08, 0.75),
    "masks cost": on_off("masks cost", 0.8, 0.8),
    "masks cost nothing": on_off("masks cost nothing", 0.9, 0.9),
    "masks help": on_off("masks help", 0.95, 0.95),
    "masks explain it": on_off("masks explain it", 0.8, 0.8),
    "masks or chance": on_off("masks or chance", 0.9, 0.9),
    "moving weights too": on_off("moving weights too", 0.8, 0.7),
    "more than masks": on_off("more than masks", 0.8, 0.9),
    "riddle": lambda: says.riddle(shown(0.9, 0.8, running_accuracy=0.7)),
    "mask": mask([4, 6, 4]),
    "mask, of one mind": mask([6, 6, 6]),
    "rates, narrower": rates("rates, narrower", (0.95, 0.8), (0.85, 0.8)),
    "rates, same": rates("rates, same", (0.95, 0.8), (0.95, 0.8)),
    "rates, wider": rates("rates, wider", (0.85, 0.8), (0.95, 0.8)),
    "rates, below zero": rates("rates, below zero", (0.95, 0.8), (0.75, 0.8)),
    "rates, gain": rates("rates, gain", (0.95, 0.8), (0.95, 0.84)),
    "rates, no gain": rates("rates, no gain", (0.95, 0.8), (0.95, 0.801)),
    "rates, none best": rates("rates, none best", (0.95, 0.8), (0.95, 0.7)),
    "rates, harm": rates("rates, harm", (0.95, 0.8), (0.95, 0.81), (0.9, 0.7), (0.6, 0.5)),
    "rates too few": rates("rates too few", (0.95, 0.8)),
    "rule": lambda: says.rule(tiny(dropout=0.2))[0],
    "rule, penalty apart": lambda: says.rule(tiny(dropout=0.2, penalty="l1_proximal", lam=1.0))[1],
    "rule off": lambda: says.rule(tiny())[0],
}
OF_PAGE: dict[str, set[str]] = {
    name: set()
    for name in (
        *("weights not kept", "mask note", "no mask"),
        *(
            "network",
            "network, nothing dropped",
            "guess riddle",
            "riddle measured",
            "riddle unmeasured",
        ),
    )
}


def test_prose_is_whole() -> None:
    check_prose("dropout", BRANCHES, OF_PAGE)


def test_every_caption_leads_with_a_short_verdict() -> None:
    captions = {name: make for name, make in BRANCHES.items() if not name.startswith("rule")}
    check_verdicts("dropout", captions)


def test_what_masks_leave_unexplained_is_told_to_be_so_not_to_be_nothing() -> None:
    # 90% with all units, 80% without some, 79% by Keras: a point is left, and could be chance.
    left = on_off("masks explain it", 0.8, 0.79)()
    # What masks cost is known to within a tenth of a point, and has two decimals for that.
    assert (left.figures["masks"], left.figures["behind"]) == ("10.00", "11.00")
    assert left.figures["rest"].startswith("1.00 ± ")
    # Where Keras's figure is above dropout on, or masks cost nothing, they explain no part of it.
    for on, said in ((0.8, 0.81), (0.9, 0.895), (0.95, 0.949)):
        assert on_off("masks or chance", on, said)().figures["rest"]


def test_the_mean_of_many_draws_is_judged_by_the_error_of_the_mean() -> None:
    # One draw scatters by 0.6 points, the mean of twenty by 0.13: half a point is a difference.
    run = shown(0.9, 0.8, config=tiny(dropout=0.5, train_size=5_000), running_accuracy=0.9)
    draws = np.resize([0.895 - 0.0058, 0.895 + 0.0058], 20)
    measured = masks.OnOff(0.9, draws)
    assert measured.spread == pytest.approx(np.std(draws, ddof=1))
    assert measured.error == pytest.approx(np.std(draws, ddof=1) / np.sqrt(20))
    caption = says.on_off(measured, 1_250, run)[0]
    assert caption.section == "masks cost"
    assert caption.figures["cost"] == "0.5 ± 0.1 points"


def test_units_of_a_layer_are_counted_right() -> None:
    factors = [np.array([0.0]), np.array([2.0, 2.0])]
    figures = says.mask(factors, np.array([4]), 0, 4, 4, 0.5).figures
    assert figures["dropped"] == "1 of 1 unit in layer 1 and 0 of 2 units in layer 2"
    assert figures["draws"] == "1 draw"
    rule = says.rule(tiny(hidden=(1,), dropout=0.5))[0].figures
    assert (rule["units"], rule["all_units"]) == ("1 unit", "1 hidden unit")


@given(
    st.lists(st.tuples(*[st.sampled_from([0.0, 0.1, 0.5, 0.8, 0.83, 1.0])] * 2), min_size=4),
    st.sampled_from([20, 10_000]),
)
@settings(max_examples=40, deadline=None)
def test_what_is_said_of_four_networks_holds(ends: list[tuple[float, float]], n: int) -> None:
    config = {"penalty": "l2", "lam": 2.0}
    four = [
        shown(*end, images=n, name=role, config=tiny(dropout=0.5, seed=seed, **config))
        for seed, (role, end) in enumerate(zip((NONE, DROPOUT, PENALTY, BOTH), ends, strict=False))
    ]
    captions = says.of_runs(four, Judging(), False)
    assert confirm(captions, four)
    for caption in captions:
        assert faults("dropout", caption) == []
    sections = {caption.section for caption in captions}
    # The step is about the two together: that leads, and nothing is said of one of them alone.
    assert [caption.section for caption in captions if caption.leads] == [captions[0].section]
    assert {claim.subject for caption in captions for claim in caption.claims} == {BOTH}
    narrower = min(ends[1][0] - ends[1][1], ends[2][0] - ends[2][1])
    both = ends[3][0] - ends[3][1]
    assert "both, further" not in sections or 0 <= both < narrower
    assert "both, less" not in sections or both > narrower


def test_from_which_rate_on_it_harms_is_told_of_an_unbroken_end() -> None:
    ends = [(0.95, 0.8), (0.95, 0.7), (0.9, 0.8), (0.6, 0.7), (0.6, 0.5)]
    caption = rates("rates, harm", *ends)()
    assert caption.figures["harm"] == "0.3"


def test_a_mask_is_told_with_its_counts_and_its_votes() -> None:
    figures = mask([4, 6, 4])().figures
    assert figures["dropped"] == "1 of 3 units in layer 1 and 2 of 2 units in layer 2"
    assert figures["factor"] == "2"
    assert figures["answer"] == "Shirt"
    assert figures["votes"] == "Coat 2, Shirt 1"


def test_the_rule_tells_how_many_units_are_there_at_a_time() -> None:
    figures = says.rule(tiny(hidden=(100, 50), dropout=0.2))[0].figures
    # Binomial: 100 · 0.8 = 80, √(100 · 0.8 · 0.2) = 4.
    assert (figures["kept"], figures["spread"], figures["factor"]) == ("80", "4.0", "1.25")
    assert figures["all_number"] == "150"


def test_a_diverged_run_is_compared_with_nothing() -> None:
    run = run_of(0.1, DROPOUT, dropout=0.5)
    broken = run._replace(record=replace(run.record, diverged=Divergence(2, 0, 0, "loss")))
    captions = says.of_runs([run_of(0.1, NONE), broken], Judging(), False)
    assert [c.section for c in captions] == ["gap"]


@pytest.mark.parametrize(
    "config",
    [
        tiny(dropout=0.2),
        tiny(hidden=(5,), dropout=0.5),
        tiny(dropout=0.5, penalty="l2", lam=2.0),
        tiny(dropout=0.5, penalty="weight_decay", lam=2.0),
        tiny(dropout=0.5, initializer="normal", init_std=0.3, penalty="l1_l2", lam=2.0),
    ],
)
def test_the_keras_lines_build_the_network_of_the_run(config: RunConfig) -> None:
    caption, *others = says.rule(config)
    text = prose.text("dropout", caption.section, caption.figures)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {
        "keras": keras,
        "Dense": keras.layers.Dense,
        "Dropout": keras.layers.Dropout,
    }
    exec(code, names)
    # Kernels are set there.
    begins = keras.initializers.serialize(
        made(keras_lines.initializer(config, keras_lines.numbers(config)), config)
    )
    theirs = stock.as_keras(config).layers
    for ours, other in zip(names["model"].layers, theirs, strict=True):
        found, expected = as_made(ours), as_made(other)
        if "kernel_initializer" in found:
            expected["kernel_initializer"] = begins
        for kernel in (found, expected):
            kernel.get("kernel_initializer", {}).get("config", {}).pop("seed", None)
        assert_same(found, expected, 1e-5)
    # Weight decay is the optimizer's.
    assert bool(others) == (config.penalty == "weight_decay")


def test_rates_of_a_network_without_hidden_layers_are_one_run() -> None:
    record = synthetic(tiny(hidden=()))
    assert [caption.section for caption in says.rates([record] * 3)] == ["nothing to drop"]


@given(
    st.lists(
        st.tuples(*[st.sampled_from([0.0, 0.1, 0.5, 0.8, 0.83, 1.0])] * 2), min_size=1, max_size=5
    )
)
@settings(max_examples=40, deadline=None)
def test_what_is_said_of_the_rates_holds(ends: list[tuple[float, float]]) -> None:
    # Told of running records, whose answers are not known: the error is that of separate images.
    records = [
        run_of(train - val, "", dropout=k / 10, accuracy=val).record
        for k, (train, val) in enumerate(ends)
    ]
    captions = says.rates(records)
    told = {caption.section: caption.figures for caption in captions}
    for caption in captions:
        assert faults("dropout", caption) == []
    if len(ends) < 2:
        assert set(told) == {"rates too few"}
        return
    # The last rate stands beside none, or the last before those that cost validation accuracy.
    first, at = ends[0], round(10 * float(captions[0].figures["last"]))
    harm = round(10 * float(told["rates, harm"]["harm"])) if "rates, harm" in told else len(ends)
    assert at == (harm - 1 if harm > 1 else len(ends) - 1)
    last = ends[at]
    change = (last[0] - last[1]) - (first[0] - first[1])
    assert "rates, narrower" not in told or change < 0
    assert "rates, wider" not in told or change > 0
    highest = max(val for _, val in ends)
    assert ("rates, none best" in told) == (first[1] == highest)
    if "rates, gain" in told:
        best = told["rates, gain"]["best_validation"].removesuffix("%")
        assert float(best) == pytest.approx(100 * highest, abs=0.05)
    if "rates, harm" in told:
        lowest = float(told["rates, harm"]["harm"])
        assert all(val < first[1] for _, val in ends[round(10 * lowest) :])


# Charts


def test_charts_read_only_columns_that_their_rows_have() -> None:
    measured = [("dropout on", "training", Estimate(0.8, 0.01))]
    a, f = np.array([0.5, 1.0, 0.0]), np.array([2.0, 0.0, 2.0])
    p = np.full(10, 0.1)
    for spec, rows in (
        (charts.on_off_spec(1, False), charts.on_off_rows(measured).table.to_pandas()),
        (charts.units_spec(3, True), charts.units_rows(a, f).table.to_pandas()),
        (charts.answers_spec(False), charts.answers_rows(p, p).table.to_pandas()),
    ):
        assert len(rows)
        assert fields(spec) <= set(rows.columns)


def test_units_are_drawn_as_the_mask_leaves_them() -> None:
    rows = charts.units_rows(np.array([0.5, 1.0, 0.0]), np.array([2.0, 0.0, 2.0])).table.to_pandas()
    assert rows.state.tolist() == ["kept", "dropped", "kept"]
    assert rows.after.tolist() == [1.0, 0.0, 0.0]
    assert rows.strength.tolist() == [1.0, 0.0, 0.0]
    wide = charts.units_rows(np.ones(70), np.zeros(70)).table.to_pandas()
    assert (wide.column.max(), wide.line.max()) == (31, 2)
    assert wide.strength.tolist() == [0.0] * 70


# The page


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def test_the_page_asks_for_its_runs_and_draws_them(scripted: ScriptedEngine) -> None:
    at = opened("dropout", {"section": "mask"})
    assert scripted.asked[-1] == tuple(roles().values())
    # The network, the row of rates, curves, three cards, two layers of units, the answers.
    assert len(at.get("vega_lite_chart")) == 9
    assert "L2 penalty, λ" in {slider.label for slider in at.select_slider}


def test_the_axis_stays_while_the_width_is_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    # Another one would have browsers build the chart anew, which is blank for so long.
    def script(configs: Sequence[RunConfig]) -> list[Update]:
        right = 0.75 if configs[0].hidden == (128, 128) else 0.85
        return [made_up(configs, train_accuracy=right, val_accuracy=right)]

    engine = ScriptedEngine(script)
    monkeypatch.setattr(live, "engine", lambda: engine)

    def begins(at: AppTest) -> set[str]:
        return {
            m[1]
            for c in at.get("vega_lite_chart")
            for m in re.finditer(AXIS, str(json.loads(c.proto.spec)))
        }

    at = opened("dropout")
    assert begins(at) == {"0.7"}
    (width,) = (each for each in at.select_slider if each.label == "Width of the hidden layers")
    width.set_value(64).run()
    assert not at.exception
    assert engine.asked[-1][0].hidden == (64, 64)
    assert begins(at) == {"0.7"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"dropout": "0", "section": "mask"}, "Move the rate to see what a mask does"),
        ({"hidden": "none"}, "nothing to drop"),
        ({"patience": "1", "image": "9999", "draw": "20", "section": "mask"}, "Patience 1 on"),
        ({"test": "true"}, "Test accuracy"),
        ({"penalty": "l1", "lam": "1", "dropout": "0"}, "this is the run without dropout"),
        ({"penalty": "none", "hidden": "5-4-3", "section": "mask"}, "in layer 3"),
    ],
)
def test_the_page_opens_in_every_corner(
    scripted: ScriptedEngine, query: dict[str, str], told: str
) -> None:
    at = opened("dropout", query)
    assert told in texts(at)
    assert "{{" not in texts(at)


def test_another_draw_trains_nothing(scripted: ScriptedEngine) -> None:
    at = opened("dropout", {"section": "mask"})
    asked = len(scripted.asked)
    before = texts(at)
    (draw,) = (slider for slider in at.slider if slider.label == "Draw")
    draw.set_value(2).run()
    assert not at.exception
    assert set(scripted.asked[asked:]) <= {tuple(roles().values())}
    assert texts(at) != before


# What the lesson claims, on real runs


@pytest.fixture(scope="module")
def runs() -> dict[str, dict[str, Shown]]:
    """Every preset's runs, as the page shows them, by role."""
    wanted = {p.name: LESSON.runs_of(LESSON.state_of(p)) for p in LESSON.presets}
    configs = list(dict.fromkeys(c for group in wanted.values() for c in group.values()))
    records: dict[RunConfig, RunRecord] = dict(zip(configs, as_shown(configs), strict=True))
    return {
        name: {role: Shown(role, records[c], None, c.epochs) for role, c in group.items()}
        for name, group in wanted.items()
    }


def test_the_network_is_there_before_the_guess(scripted: ScriptedEngine) -> None:
    at = opened("dropout", guesses=True)
    (chart,) = at.get("vega_lite_chart")
    assert "50% are dropped" in chart.proto.alt
    assert scripted.asked == []


def test_without_units_to_drop_there_is_no_network(scripted: ScriptedEngine) -> None:
    at = opened("dropout", {"hidden": "none"}, guesses=True)
    assert all("are dropped" not in chart.proto.alt for chart in at.get("vega_lite_chart"))


ON_OFF = "Training accuracy, dropout on"
WHY = "a share of 0.5 of the hidden"


def test_every_figure_under_a_penalty_is_of_the_run_with_both(scripted: ScriptedEngine) -> None:
    at = opened("dropout", {"lam": "2"})
    labels = [metric.label for metric in at.metric]
    assert labels == [
        f"Accuracy gap, {BOTH}",
        f"Keras's training accuracy, {BOTH}",
        f"{ON_OFF}, with the penalty",
    ]
    assert "The cards below" in texts(at)
    # The code on the screen has the penalty that the run shown has.
    assert "kernel_regularizer=keras.regularizers.L2(" in texts(at)


def test_without_dropout_there_is_no_card_of_switching_it_on(scripted: ScriptedEngine) -> None:
    at = opened("dropout", {"dropout": "0"})
    assert [metric.label for metric in at.metric] == [
        f"Accuracy gap, {NONE}",
        f"Keras's training accuracy, {NONE}",
    ]
    # Nor does its picture speak of masks.
    assert "The rate is 0: none is ever dropped." in texts(at)
    assert "its own masks" not in texts(at)


def brief(configs: Sequence[RunConfig]) -> Update:
    update = made_up(configs, running_accuracy=1.0)
    return replace(update, records=tuple(r and r.brief() for r in update.records))


def test_a_run_on_record_without_weights_is_trained_again_only_where_the_reader_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nobody is asked for a guess, so that no riddle waits.
    engine = ScriptedEngine(lambda configs: [brief(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    at = opened("dropout")
    asked = tuple(roles().values())
    assert engine.asked.count(asked) == 1
    assert "What dropout on costs is not on record" in texts(at)
    ways = next(c for c in at.get("vega_lite_chart") if "with dropout off" in c.proto.alt)
    assert drawn_rows(ways)["way"].tolist() == ["Keras's accuracy", "dropout off", "dropout off"]
    at.button(key="dropout/riddle measure").click().run()
    assert not at.exception
    # Once more, with weights; this engine has none.
    assert engine.asked.count(asked) == 3
    assert "Now it is measured" in texts(at)


def riddled(monkeypatch: pytest.MonkeyPatch, below: bool = True, **query: str) -> AppTest:
    """The page past its own guess, where Keras's training accuracy is the lower one."""
    history = {"running_accuracy": 0.1 if below else 1.0, "val_accuracy": 0.5}
    engine = ScriptedEngine(lambda configs: [made_up(configs, **history)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    at = opened("dropout", query, guesses=True)
    at.button(key="dropout/guess none").click().run()
    return at


def test_the_riddle_is_a_guess_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    at = riddled(monkeypatch)
    assert "A riddle: in 30 of 30 epochs" in texts(at)
    assert ON_OFF not in {metric.label for metric in at.metric}
    assert WHY not in texts(at)
    at.button(key="dropout/riddle 0").click().run()
    assert not at.exception
    assert "A riddle: in" not in texts(at)
    assert ON_OFF in {metric.label for metric in at.metric}
    assert WHY in texts(at)
    # It is asked once.
    at.run()
    assert ON_OFF in {metric.label for metric in at.metric}


def test_the_riddle_can_be_skipped_and_is_none_where_keras_s_figure_is_higher(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = riddled(monkeypatch)
    at.button(key="dropout/riddle none").click().run()
    assert ON_OFF in {metric.label for metric in at.metric}
    assert "You guessed" not in texts(at)
    plain = riddled(monkeypatch, below=False)
    assert ON_OFF in {metric.label for metric in plain.metric}


def test_a_guess_at_the_riddle_is_judged_by_what_was_measured() -> None:
    right, wrong = (says.solved(BRANCHES["masks cost"](), k) for k in (1, 0))
    assert [c.section for c in (*right, *wrong)] == ["guess was right", "guess was wrong"]
    assert right[0].figures["guess"] == wrong[0].figures["answer"]
    for guessed, measured in ((None, "masks cost"), (-1, "masks cost"), (1, "masks cost nothing")):
        assert says.solved(BRANCHES[measured](), guessed) == []


def beyond_noise(change: Comparison) -> bool:
    return change.sign > 0


def below(run: Shown) -> int:
    """Epochs in which Keras's training accuracy lies below validation accuracy."""
    history = run.record.history
    return int((history["running_accuracy"] < history["val_accuracy"]).sum())


def test_dropout_narrows_the_gap_and_more_of_it_more(runs: dict[str, dict[str, Shown]]) -> None:
    none, fifth = runs["little"].values()
    half, much = runs["half"][DROPOUT], runs["much"][DROPOUT]
    gaps = [run.record.gap(run.kept).value for run in (none, fifth, half, much)]
    assert gaps == sorted(gaps, reverse=True)
    for run in (fifth, half, much):
        assert beyond_noise(comparing.gap_change(none, run))


def test_half_does_validation_no_harm(runs: dict[str, dict[str, Shown]]) -> None:
    change = comparing.change(runs["half"][DROPOUT], runs["half"][NONE], "val")
    assert change.value > 0 or change.could_be_noise
    assert LESSON.answer is not None
    assert LESSON.answer(list(runs["half"].values())) == int(change.could_be_noise)


def test_too_much_underfits(runs: dict[str, dict[str, Shown]]) -> None:
    none, much = runs["much"].values()
    for split in ("train", "val"):
        assert beyond_noise(comparing.change(none, much, split))
    assert "underfits" in [c.section for c in says.of_runs([none, much], Judging(), True)]


def test_keras_training_accuracy_is_below_validation_though_training_is_known_better(
    runs: dict[str, dict[str, Shown]],
) -> None:
    none, half = runs["half"].values()
    assert 3 * below(half) >= half.record.epochs
    assert below(none) <= 3
    narrow = runs["narrow"][DROPOUT]
    assert below(narrow) >= narrow.record.epochs - 3
    for run in (half, narrow):
        assert beyond_noise(comparing.gap(run))
        history = run.record.history
        assert (history["train_accuracy"] > history["running_accuracy"]).all()
    sections = [c.section for c in running(narrow)]
    assert {"running, epochs below", "running why dropout"} <= set(sections)


def test_masks_cost_accuracy_and_explain_keras(runs: dict[str, dict[str, Shown]]) -> None:
    run = runs["half"][DROPOUT]
    sample = memory.training_sample(run.record.config)
    validation = data.load().validation
    for pixels, labels, name in (
        (sample.images.pixels, sample.told, "train_accuracy"),
        (validation.pixels, validation.labels, "val_accuracy"),
    ):
        measured = masks.on_and_off(run.record.weights, "relu", pixels, labels, 0.5)
        # The recorded accuracy, by TensorFlow: an image on the edge may fall to the other side.
        assert measured.off == pytest.approx(run.record.at(name, run.kept), abs=0.0017)
        assert measured.off - measured.mean > 2 * measured.error
    # What is left between dropout on and Keras's figure is small beside what the masks cost.
    measured = masks.on_and_off(run.record.weights, "relu", sample.images.pixels, sample.told, 0.5)
    keras_says = run.record.at("running_accuracy", run.kept)
    assert abs(measured.mean - keras_says) < measured.off - measured.mean


def test_two_by_two_is_told_as_it_is(runs: dict[str, dict[str, Shown]]) -> None:
    four = runs["penalty"]
    assert list(four) == [NONE, DROPOUT, PENALTY, BOTH]
    assert beyond_noise(comparing.gap_change(four[NONE], four[BOTH]))
    assert beyond_noise(comparing.gap_change(four[NONE], four[DROPOUT]))
    caption, on_new = says.two_by_two(four)
    narrower = min((DROPOUT, PENALTY), key=lambda role: four[role].record.gap(30).value)
    further = comparing.gap_change(four[BOTH], four[narrower])
    expected = (
        "no further" if further.could_be_noise else "further" if further.value < 0 else "less"
    )
    assert caption.section == f"both, {expected}"
    assert on_new.section in ("both, better", "both, as good", "both, worse")


def test_the_page_tells_of_the_real_runs(
    runs: dict[str, dict[str, Shown]], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {run.record.config: run.record for group in runs.values() for run in group.values()}

    def answered(configs: Sequence[RunConfig]) -> list[Update]:
        if any(config not in known for config in configs):
            return [made_up(configs)]  # of the page that AppTest opens first
        records = tuple(known[config] for config in configs)
        return [Update("done", records, ("store",) * len(configs), "", 0.0)]

    engine = ScriptedEngine(answered)
    monkeypatch.setattr(live, "engine", lambda: engine)
    at = opened("dropout")
    assert "Dropout on costs" in texts(at)
    half = runs["half"][DROPOUT].record
    assert f"{100 * half.at('running_accuracy', 30):.1f}%" in [m.value for m in at.metric]
    at = opened("dropout", {"lam": "2"})
    assert "Two by two" in texts(at)
    both = runs["penalty"][BOTH].record
    assert f"{100 * both.at('running_accuracy', 30):.1f}%" in [m.value for m in at.metric]
