"""L2 and L1: its words are whole, its page opens, and its claims hold on the runs it shows."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from fmviz.analysis import comparing, network
from fmviz.analysis.significance import SAME, normal
from fmviz.analysis.stopping import Shown
from fmviz.analysis.sweeps import points_of_sweep, weight_rms
from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.regularisation import formula_says as law
from fmviz.lessons.regularisation import geometry, lesson, pruning
from fmviz.lessons.regularisation import says as told
from fmviz.lessons.regularisation.page import QUESTIONS, rule_title
from fmviz.lessons.regularisation.pruning import Pruned
from fmviz.page.lesson import Preset
from fmviz.run import data, measure
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate, Flips
from fmviz.run.record import RunRecord, n_weights
from fmviz.theory import penalties
from fmviz.ui import live
from fmviz.ui.panels.figures import gap_bars, zeros_told
from fmviz.words import penalised, prose, weights
from fmviz.words.prose import Caption
from tests.lessons.regularisation import test_tickets as tickets
from tests.lessons.regularisation.test_small import BRANCHES as SMALL
from tests.lessons.regularisation.test_small import OTHERS as SMALL_OTHERS
from tests.lessons.regularisation.test_small import read
from tests.support import corners
from tests.support.claims import confirm
from tests.support.corners import Kind
from tests.support.lessons import (
    check_prose,
    check_words,
    leads,
    made_up,
    opened,
    sections_of,
    texts,
)
from tests.support.records import answering, shown, tiny
from tests.support.scripted import ScriptedEngine
from tests.support.trained import as_shown, train
from tests.words.test_prose import BRANCHES as SHARED_BRANCHES

NAME = "regularisation"


def pruned(lost: float, share: float = 0.9) -> Caption:
    points = [
        Pruned(0.0, Estimate(0.8, 0.01), SAME),
        Pruned(0.9, Estimate(0.8 - lost, 0.01), normal(lost, 0.005)),
        Pruned(1.0, Estimate(0.1, 0.01), normal(0.7, 0.01)),
    ]
    return told.pruning(tiny(penalty="l1", lam=1.0), points, share)


def idle() -> Caption:
    """Of a network that has learnt nothing: it loses nothing with its weights."""
    points = [Pruned(at, Estimate(0.1, 0.01), SAME) for at in (0.0, 0.5, 1.0)]
    return told.pruning(tiny(penalty="l1", lam=1.0), points, 0.5)


def ended(
    validation: float, training: float = 0.95, *, images: int = 10_000, **config: Any
) -> RunRecord:
    return shown(training, validation, images=images, config=tiny(**config)).record


def lied_to(record: RunRecord) -> RunRecord:
    """The same of which no label is true."""
    return replace(record, examples={**record.examples, "corrupted": record.examples["train"]})


BASE = ended(0.8)
L2S = {"penalty": "l2", "lam": 2.0}


def with_zeros(exact: int, near: int, **config: Any) -> RunRecord:
    """A record in which so many weights of each kernel are zero, and near it."""
    record = ended(0.8, **config)
    layers = dict(record.layers)
    counts = np.full_like(layers["near_zeros"], near)
    counts[..., 0] = exact
    return replace(record, layers={**layers, "near_zeros": counts})


def zeros(exact: int = 5, tolerance: float = 1e-3, **config: Any) -> list[Caption]:
    plain = with_zeros(0, 6, penalty="l1", lam=1.0, optimizer="sgd", **config)
    proximal = with_zeros(exact, 6, penalty="l1_proximal", lam=1.0, optimizer="sgd", **config)
    return told.zeros(plain, proximal, tolerance)


def like(first: tuple[float, int], second: tuple[float, int]) -> Caption:
    """Two networks with this validation accuracy, and so many weights near zero in each kernel."""
    records = [
        replace(ended(accuracy, seed=seed), layers=with_zeros(0, near).layers)
        for seed, (accuracy, near) in enumerate((first, second))
    ]
    return told.like(records[0], records[1], ("L2", "L1"), 1e-3)


def flips(gained: int, lost: int) -> Caption:
    before = np.repeat([False, True], 50)
    after = before.copy()
    after[:gained], after[50 : 50 + lost] = True, False
    which = Flips(np.arange(gained), np.arange(50, 50 + lost))
    return told.flips(which, [after, before], "validation")


def stopped(now: int, before: int) -> Caption:
    caption = told.flips_of_epochs(
        shown(0.9, 0.8)._replace(kept=now), shown(0.9, 0.8)._replace(kept=before)
    )
    assert caption is not None
    return caption


SGD = RunConfig(penalty="l2", lam=10.0, train_size=1_000, optimizer="sgd", learning_rate=0.5)

# Every section that the lesson's `says` can make, with what makes it be said.
SAID: dict[str, Callable[[], list[Caption]]] = {
    **tickets.SAID,
    "pruned for nothing": lambda: [pruned(0.005)],
    "pruned at a price": lambda: [pruned(0.2)],
    "pruned for the better": lambda: [pruned(-0.2)],
    "pruned, not yet": lambda: [pruned(0.2, share=0.0)],
    "pruned, nothing learnt": lambda: [idle()],
    "like accuracy": lambda: [like((0.8, 3), (0.801, 9))],
    "like accuracy, as sparse": lambda: [like((0.8, 3), (0.801, 3))],
    "unlike accuracy": lambda: [like((0.8, 3), (0.7, 9))],
    "pixels": lambda: [told.pixels(700, None, 0.0)],
    "pixels beside": lambda: [told.pixels(700, 784, 1e-3)],
    "flips gain": lambda: [flips(30, 2)],
    "flips lose": lambda: [flips(2, 30)],
    "flips could be noise": lambda: [flips(10, 9)],
    "flips none": lambda: [flips(0, 0)],
    "flips of other epochs": lambda: [stopped(1, 3)],
    "law": lambda: law.law(0.5, SGD, 800),
    "law zero": lambda: law.law(0.0, SGD, 800),
    "law across": lambda: law.law(0.5, SGD.replace(lam=1_200.0), 800),
    "law overshoots": lambda: law.law(1.0, SGD.replace(lam=2_000.0), 800),
    "law too weak": lambda: law.law(1.0, SGD.replace(lam=1e-9), 800),
    "law elsewhere": lambda: law.law_notes(SGD.replace(optimizer="adam"))[:1],
    "geometry free": lambda: [law.two_weights(geometry.BOWL, 0.0)],
    "geometry inside": lambda: [law.two_weights(geometry.BOWL, 0.3)],
    "geometry corner": lambda: [law.two_weights(geometry.BOWL, 1.0)],
    "geometry all zero": lambda: [law.two_weights(geometry.BOWL, 3.0)],
    "sweep wins": lambda: told.best_of_sweep({"L2": [[ended(0.9, **L2S)]]}, [BASE]),
    "sweep could be noise": lambda: told.best_of_sweep({"L2": [[ended(0.8, **L2S)]]}, [BASE]),
    "sweep changes nothing": lambda: told.best_of_sweep({"L2": [[BASE]]}, [BASE]),
    "sweep loses": lambda: told.best_of_sweep({"L2": [[ended(0.7, **L2S)]]}, [BASE]),
    "sweep, all diverged": lambda: told.best_of_sweep({"L2": []}, [BASE]),
    "harmless": lambda: [told.harmless([[ended(0.8, **L2S)]], [BASE], 1e-3, "L2")],
    "harmless, no true label": lambda: [
        told.harmless([[lied_to(ended(0.8, **L2S))]], [lied_to(BASE)], 1e-3, "L2")
    ],
    "harmless none": lambda: [told.harmless([[ended(0.7, **L2S)]], [BASE], 1e-3, "L2")],
    "zeros": zeros,
    "zeros alike": lambda: zeros(exact=0),
    "zeros near": lambda: zeros(tolerance=1e-2),
    "zeros, accuracy could be noise": zeros,
    "zeros, accuracy differs": lambda: told.zeros(
        ended(0.8, penalty="l1", lam=1.0), ended(0.7, penalty="l1_proximal", lam=1.0), 1e-3
    ),
    "adamw differs": lambda: [told.adam_and_adamw([(ended(0.7, **L2S), ended(0.8))])],
    "adamw differs, no true label": lambda: [
        told.adam_and_adamw([(lied_to(ended(0.7, **L2S)), lied_to(ended(0.8)))])
    ],
    "adamw alike": lambda: [told.adam_and_adamw([(ended(0.8, **L2S), ended(0.8))])],
    "adamw alike, no true label": lambda: [
        told.adam_and_adamw([(lied_to(ended(0.8, **L2S)), lied_to(ended(0.8)))])
    ],
    "adamw none": lambda: [told.adam_and_adamw([])],
    **SMALL,
}
# Tables, and what is folded away: no verdicts.
NO_VERDICT: dict[str, Callable[[], list[Caption]]] = {
    "law, L1 first": lambda: law.law(0.5, SGD, 800),
    "law, L2 first": lambda: law.law(5.0, SGD, 800),
    "law, both alike": lambda: law.law(-1.0, SGD, 800),
    # ηλ/n = 0.5 / 100.
    "zeros, hops above tolerance": lambda: zeros(tolerance=1e-3, learning_rate=0.5),
    "about law": lambda: law.law_notes(SGD),
    "about pixels": lambda: [told.about_pixels(3, 1_000)],
    **SMALL_OTHERS,
    **tickets.OTHERS,
}


def branch(make: Callable[[], list[Caption]], section: str) -> Callable[[], Caption]:
    return lambda: next(caption for caption in make() if caption.section == section)


BRANCHES: dict[str, Callable[[], Caption]] = {
    section: branch(make, section) for section, make in (SAID | NO_VERDICT).items()
}
TRANSLATED = set(law.translated(20.0, 1_000, 0.001, 55_000))
OF_PAGE: dict[str, set[str]] = {
    "look small weights": set(),
    "look zeros": set(),
    "guess ticket": set(),
    "nudge intro": {"images"},
    "about nudge": set(),
    "nudge of none": set(),
    "line intro": set(),
    "about line": {"sigma"},
    "pruning intro": set(),
    "about pruning": {"images"},
    "about pruning, L2 and L1": {"times"},
    "flips right": {"count"},
    "flips wrong": {"count"},
    "needs a penalty": set(),
    "about geometry": set(),
    "translator": TRANSLATED,
    "sweep intro": {"images"},
    "about sweep": set(),
    "sweep seeds": {"seeds"},
    "proximal intro": {"eta", "lam", "tolerance"},
    "runs diverged": {"runs"},
    "adamw intro": set(),
}


def test_every_section_has_its_words_and_its_figures() -> None:
    check_prose(NAME, SHARED_BRANCHES | BRANCHES, OF_PAGE)


def test_verdicts_lead_and_words_are_plain() -> None:
    check_words(NAME, BRANCHES)
    for section, make in BRANCHES.items():
        caption = make()
        said = prose.text(NAME, section, caption.figures)
        assert leads(said) == (section in SAID), section
        assert not re.search(r"(?<![\d.,])1 (steps|pixels|images|runs|epochs)\b", said), said


# A verdict against what its condition has established


def test_the_first_lambda_that_costs_says_nothing_of_the_others() -> None:
    runs = [[ended(0.7, penalty="l2", lam=1.0)], [ended(0.8, penalty="l2", lam=2.0)]]
    caption = told.harmless(runs, [BASE], 1e-3, "L2")
    assert caption.section == "harmless none"
    assert caption.figures["lam"] == "1"
    assert "every" not in prose.text(NAME, caption.section, caption.figures).lower()


@pytest.mark.parametrize(
    ("share", "lost", "most"),
    [(0.5, 0.2, "less than 50%"), (0.5, 0.0, "up to 50%")],
    ids=["none", "some"],
)
def test_what_can_go_is_told_as_it_was_measured(share: float, lost: float, most: str) -> None:
    whole = Pruned(0.0, Estimate(0.8, 0.01), SAME)
    cut = Pruned(share, Estimate(0.8 - lost, 0.01), normal(lost, 0.01))
    all_of_it = Pruned(1.0, Estimate(0.1, 0.01), normal(0.7, 0.01))
    caption = told.pruning(tiny(penalty="l1", lam=1.0), [whole, cut, all_of_it], 1.0)
    assert caption.figures["most"] == most
    assert caption.figures["share"] == "100%"


def test_the_better_and_the_sparser_network_are_named() -> None:
    assert like((0.8, 3), (0.7, 9)).figures["better"] == "L2"
    assert like((0.7, 3), (0.8, 9)).figures["better"] == "L1"
    assert like((0.8, 3), (0.8, 9)).figures["sparser"] == "L1"
    assert like((0.8, 9), (0.8, 3)).figures["sparser"] == "L2"


@pytest.mark.parametrize("tolerance", [0.0, 1e-3, 1.0])
def test_near_zero_is_told_apart_from_zero_only_where_it_is_another_thing(tolerance: float) -> None:
    said = {caption.section for caption in zeros(tolerance=tolerance)}
    assert ("zeros near" in said) == (tolerance > 0)


@given(st.floats(0, 1), st.floats(0, 1), st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_is_said_of_two_accuracies_a_second_reading_finds(
    one: float, other: float, ended_: bool
) -> None:
    """Judged image by image where the answers are known, else by their errors alone."""
    make = answering if ended_ else lambda name, share, config: shown(0.9, share, config=config)
    first, second = (
        make("", share, tiny(penalty=penalty, lam=1.0))
        for share, penalty in ((one, "l1"), (other, "l1_proximal"))
    )
    records = first.record, second.record

    def named(*names: str) -> list[Shown]:
        return [run._replace(name=name) for run, name in zip((first, second), names, strict=True)]

    confirm([told.like(*records, ("L2", "L1"), 1e-3)], named("L2", "L1"))
    confirm(told.zeros(*records, 1e-3), named("plain L1", "the proximal step"))
    caption = told.adam_and_adamw([records])
    # Said of a larger difference only, for it is the first of several.
    assert confirm([caption], named("Adam + L2", "AdamW")) == len(caption.claims)
    assert (caption.section == "adamw differs") == bool(caption.claims)


def test_stopping_is_named_where_it_has_a_part_in_what_flips() -> None:
    run, other = shown(0.9, 0.8), shown(0.9, 0.8)
    assert told.flips_of_epochs(run, other) is None
    assert told.flips_of_epochs(run._replace(kept=1), other) is not None


def by_hand(size: float, pull: float, penalty: str, steps: int) -> float:
    """One weight after plain steps on the penalty alone, step by step."""
    weight = size
    for _ in range(steps):
        weight -= pull * (float(np.sign(weight)) if penalty == "l1" else weight)
    return abs(weight)


@given(
    st.sampled_from([0.0, 0.01, 0.1, 0.3, 0.7, 1.0, 1.1, 5.0, 10.0]),
    st.sampled_from([1e-6, 0.01, 0.05, 0.1, 0.2, 0.5, 0.7, 0.99, 1.0, 1.5, 3.0]),
    st.integers(1, 300),
)
@settings(max_examples=120, deadline=None)
def test_the_law_of_one_weight_is_what_its_steps_come_to(
    size: float, pull: float, steps: int
) -> None:
    config = RunConfig(
        penalty="l2", lam=1_000 * pull, train_size=1_000, optimizer="sgd", learning_rate=1.0
    )
    caption = law.law(size, config, steps)[0]
    first = by_hand(size, pull, "l1", 1)
    if caption.section == "law zero":
        assert size == 0
    elif caption.section == "law overshoots":
        # A step of L2 does not leave the weight on its side of zero.
        assert size - pull * size <= 0
    elif caption.section == "law across":
        assert size - pull < 0 < size - pull * size
        assert first <= pull
    else:
        assert caption.section == "law"
        arrival, half = (
            int(caption.figures[name].split()[0].replace(",", "")) for name in ("arrival", "half")
        )
        # L1 gets to zero, or across it, in that step and not before.
        assert size - pull * arrival <= 1e-9 < size - pull * (arrival - 1) + 2e-9
        assert (1 - pull) ** half <= 0.5 + 1e-9
        assert half == 1 or (1 - pull) ** (half - 1) > 0.5
        exactly = math.isclose(size / pull, round(size / pull), rel_tol=1e-9)
        for penalty in ("l2",) if exactly else ("l1", "l2"):  # landing on zero is up to rounding
            left = by_hand(size, pull, penalty, steps)
            assert read(caption.figures[penalty]) == pytest.approx(left, rel=6e-3, abs=1e-9)


@given(st.floats(0, 3))
@settings(max_examples=60, deadline=None)
def test_what_is_said_of_two_weights_holds_at_every_strength(strength: float) -> None:
    ridge, lasso = (geometry.optimum(geometry.BOWL, p, strength) for p in ("l2", "l1"))
    section = law.two_weights(geometry.BOWL, strength).section
    assert (ridge != 0).all()
    zero = int((lasso == 0).sum())
    if strength == 0:
        assert section == "geometry free"
    else:
        assert section == ("geometry inside", "geometry corner", "geometry all zero")[zero]
        assert (np.abs(ridge) < geometry.BOWL.lowest).all() or strength < 1e-9
        assert (np.abs(lasso) < geometry.BOWL.lowest).all() or strength < 1e-9


def test_the_figures_of_a_law_are_hand_worked() -> None:
    figures = law.law(0.5, SGD, 800)[0].figures
    # ηλ/n = 0.005: L1 needs 100 steps from 0.5; L2 halves in ln 2 / 0.005.
    assert figures["arrival"] == "100 steps"
    assert figures["half"] == f"{math.ceil(math.log(0.5) / math.log(0.995))} steps"
    assert figures["factor"] == "1 − 0.005"
    assert law.law(0.005, SGD, 1)[0].figures["arrival"] == "1 step"


# The runs of the closer looks


def test_the_ladder_has_rungs_of_one_two_five() -> None:
    assert lesson.ladder(1.0, 8) == (1, 2, 5, 10, 20, 50, 100, 200)
    assert lesson.ladder(0.05, 4) == (0.05, 0.1, 0.2, 0.5)
    assert lesson.ladder(55.0, 2) == (50, 100)
    assert lesson.ladder(0.00049, 2) == (0.0005, 0.001)


@pytest.mark.parametrize("n", [10, 200, 1_000, 10_000])
@pytest.mark.parametrize("seeds", [1, 3])
def test_a_sweep_has_eight_lambdas_of_each_kind_and_the_present_one(n: int, seeds: int) -> None:
    config = RunConfig(penalty="l1", lam=0.37, train_size=n)
    points = lesson.swept(config, seeds)
    for seed in range(seeds):
        of_seed = [(name, c) for name, c in points if c.seed == seed]
        assert sum(name == lesson.BASELINE for name, _ in of_seed) == 1
        assert sum(name == lesson.L2 for name, _ in of_seed) == 8
        lams = [c.lam for name, c in of_seed if name == lesson.L1]
        assert len(lams) == 9
        assert 0.37 in lams
    assert config in [c for _, c in points]
    for name, swept in points:
        assert swept.replace(penalty="none", seed=0) == config.baseline, name


@pytest.mark.parametrize("penalty", ["l1", "l2", "l1_proximal", "l1_l2", "weight_decay", "none"])
def test_what_is_set_beside_a_run_differs_from_it_in_the_penalty_alone(penalty: str) -> None:
    config = RunConfig(penalty=penalty, lam=20.0, train_size=1_000)
    for beside in lesson.kinds(config).values():
        assert beside.baseline == config.baseline
    three = lesson.proximal(config)
    assert {c.baseline for c in three.values()} == {three[lesson.BASELINE]}
    assert three[lesson.L1].optimizer == "sgd"
    assert three[lesson.L1].lam == three[lesson.PROXIMAL].lam > 0
    both = lesson.adamw(config)
    assert {c.optimizer for _, c in both} == {"adam", "adamw"}
    decays = {c.lam for name, c in both if name == lesson.ADAMW}
    assert decays >= set(lesson.ADAMW_LAMBDAS)


def test_l2_and_l1_are_set_beside_each_other_at_their_measured_ratio() -> None:
    beside = lesson.kinds(RunConfig(penalty="l2", lam=20.0))
    assert (beside[lesson.L2].lam, beside[lesson.L1].lam) == (20.0, 1.0)
    beside = lesson.kinds(RunConfig(penalty="l1", lam=1.0))
    assert (beside[lesson.L2].lam, beside[lesson.L1].lam) == (20.0, 1.0)
    assert lesson.kinds(RunConfig(penalty="l1", lam=10_000.0))[lesson.L2].lam == 10_000.0


def test_a_sweep_of_several_seeds_speaks_of_their_means() -> None:
    """Beside SciPy's paired t test."""
    none = [ended(share, seed=seed) for seed, share in enumerate((0.80, 0.83, 0.78))]
    for ahead, section in (
        ((0.82, 0.852, 0.80), "sweep wins"),
        ((0.85, 0.82, 0.80), "sweep could be noise"),
    ):
        with_l2 = [ended(share, seed=seed, **L2S) for seed, share in enumerate(ahead)]
        apart = scipy.stats.ttest_rel(ahead, (0.80, 0.83, 0.78)).pvalue < 0.05
        caption = told.best_of_sweep({"L2": [with_l2]}, none)[0]
        assert caption.section == section
        assert apart == (section == "sweep wins")
        mean = float(caption.figures["accuracy"].partition(" ± ")[0])
        assert mean == pytest.approx(100 * np.mean(ahead), abs=0.05)
        assert told.harmless([with_l2], none, 1e-3, "L2").section == "harmless"


def test_a_sweep_whose_seeds_all_answer_alike_changes_nothing() -> None:
    def wrong(kind: Kind, **config: Any) -> list[RunRecord]:
        kinds: list[Kind] = [kind, "wrong", "wrong"]
        return [corners.made_up(tiny(seed=seed, **config), k, seed) for seed, k in enumerate(kinds)]

    def section(kind: Kind) -> str:
        return told.best_of_sweep({"L2": [wrong(kind, **L2S)]}, wrong("wrong"))[0].section

    assert section("wrong") == "sweep changes nothing"
    assert section("chance") == "sweep could be noise"


def test_a_point_of_a_sweep_is_the_mean_of_its_seeds_with_their_range() -> None:
    records = [("L2", ended(v, penalty="l2", lam=2.0, seed=i)) for i, v in enumerate((0.7, 0.8))]
    diverged = replace(records[0][1], diverged=(0, 0, 0, "loss"))  # type: ignore[arg-type]
    named = [*records, ("L2", diverged), ("L1", None)]
    training, validation = points_of_sweep(named, "accuracy", 1e-3)
    assert (validation.split, validation.lam) == ("validation", 2.0)
    assert (validation.value, validation.low, validation.high) == pytest.approx((0.75, 0.7, 0.8))
    assert training.value == pytest.approx(0.95)
    (gap,) = points_of_sweep(named, "gap", 1e-3)
    assert gap.value == pytest.approx(0.2)
    (rms,) = points_of_sweep(records[:1], "rms", 1e-3)
    record = records[0][1]
    total = sum(k.size for k in record.kernels)
    assert rms.value == weight_rms(record, 3)
    assert rms.value == pytest.approx(
        math.sqrt((record.layers["kernel_norm"][2] ** 2).sum() / total)
    )


# The page


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


SMALL_RUN = {"hidden": "16", "train_size": "200", "epochs": "4"}


def charts(at: AppTest) -> int:
    return len(at.get("vega_lite_chart"))


def looked(at: AppTest, **query: str) -> AppTest:
    """The same page at another address."""
    for name, text in query.items():
        at.query_params[name] = text
    at.run()
    assert not at.exception, (query, at.exception)
    return at


@pytest.mark.slow
@pytest.mark.parametrize(
    "query",
    [{}, {"lam": "0"}, {"penalty": "l1", "patience": "1", "hidden": "none", "test": "true"}],
    ids=["L2", "no penalty", "L1, stopped, no hidden layer"],
)
def test_every_closer_look_opens(scripted: ScriptedEngine, query: dict[str, str]) -> None:
    alone = query.get("lam") == "0"
    expected = {"law": 0 if alone else 1, "geometry": 2, "pixels": 1 if alone else 2}
    expected |= {"nudge": 2, "wiggle": 2}
    expected |= {"pruning": 1, "ticket": 1, "sweep": 3, "proximal": 1, "adamw": 3}
    at = opened(NAME, SMALL_RUN | query)
    for section in sections_of(NAME):
        looked(at, section=section)
        assert charts(at) - 4 == expected.get(section, 0), section  # curves and the three cards
        if section in ("flips", "law") and alone:
            assert "nothing to compare" in texts(at)


@pytest.mark.slow
@pytest.mark.parametrize("penalty", ["l1_l2", "l1_proximal", "weight_decay"])
def test_every_penalty_has_its_closer_looks(scripted: ScriptedEngine, penalty: str) -> None:
    at = opened(NAME, SMALL_RUN | {"penalty": penalty, "section": "pruning"})
    for section in ("pruning", "proximal", "adamw", "law", "sweep"):
        assert charts(looked(at, section=section)) > 4, section


def test_only_the_chosen_look_asks_for_runs(scripted: ScriptedEngine) -> None:
    at = opened(NAME, SMALL_RUN)
    before = len(scripted.asked)
    looked(at, section="law")
    assert [len(asked) for asked in scripted.asked[before:]] == [2]
    looked(at, section="sweep")
    assert [len(asked) for asked in scripted.asked[before + 1 :]] == [
        2,
        1 + 8 + 8,
    ]  # λ is on the ladder


def test_the_two_questions_share_the_closer_looks_between_them(scripted: ScriptedEngine) -> None:
    assert tuple(name for looks in QUESTIONS.values() for name in looks) == sections_of(NAME)
    at = opened(NAME, SMALL_RUN)
    first, second = (w for w in at.button_group if "section of" in str(w.key))
    assert (first.value, second.value) == ("wiggle", None)
    second.set_value("law").run()
    assert not at.exception
    assert at.query_params["section"] == "law"
    first, second = (w for w in at.button_group if "section of" in str(w.key))
    assert (first.value, second.value) == (None, "law")
    # A second click on it leaves it chosen.
    second.set_value(None).run()
    assert at.query_params["section"] == "law"


def test_a_nudge_trains_nothing_and_is_watched_on_one_image(scripted: ScriptedEngine) -> None:
    at = opened(NAME, SMALL_RUN | {"section": "nudge"})
    asked = set(scripted.asked)
    at.slider(key=f"{NAME}.nudge").set_value(0.0).run()
    assert "ε = 0 is no noise" in texts(at)
    at.number_input(key=f"{NAME}.image").set_value(999).run()
    assert not at.exception
    truth = data.CLASS_NAMES[data.load().validation.labels[999]]
    assert f"True class: {truth}" in texts(at)
    assert set(scripted.asked) == asked


def all_zero(configs: Sequence[RunConfig]) -> list[Update]:
    """Every run answered with a network whose weights are all zero."""
    made = made_up(configs)
    records = []
    for record in made.records:
        assert record is not None
        none = tuple(np.zeros_like(array) for array in record.weights)
        pictures = np.zeros_like(record.snapshots)
        records.append(replace(record, weights=none, best_weights=none, snapshots=pictures))
    return [replace(made, records=tuple(records))]


def test_networks_without_any_weight_have_their_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "engine", lambda: ScriptedEngine(all_zero))
    at = opened(NAME, SMALL_RUN | {"hidden": "1", "prune": "1"})
    assert "there is no picture left" in " ".join(texts(at).split())
    for section, words in {
        "nudge": "every image gets the same answer",
        "pixels": "0 of 784, without a penalty 0",
        "pruning": "all of its weights can go",
    }.items():
        assert words in " ".join(texts(looked(at, section=section)).split()), section


def test_what_only_looks_trains_nothing(scripted: ScriptedEngine) -> None:
    at = opened(NAME, SMALL_RUN | {"section": "pruning"})
    asked = set(scripted.asked)
    at.slider[0].set_value(0.5).run()
    tolerance = next(s for s in at.select_slider if s.label.startswith("Tolerance"))
    tolerance.set_value(0.01).run()
    assert not at.exception
    assert set(scripted.asked) == asked
    assert "With 50% gone" in " ".join(texts(at).split())


def test_flips_are_of_validation_images_until_the_reader_asks_for_test(
    scripted: ScriptedEngine,
) -> None:
    at = opened(NAME, SMALL_RUN | {"section": "flips"})
    assert re.search(r"validation\s+images turn.* of 2,500;", texts(at))
    assert re.search(r"test\s+images turn.* of 5,000;", texts(looked(at, test="true")))


def test_the_translator_reads_any_spelling(scripted: ScriptedEngine) -> None:
    query = {"section": "translator", "spelling": "keras_l2", "amount": "5e-5"}
    at = opened(NAME, SMALL_RUN | query | {"train_size": "1000"})
    assert "| λ of the notes | **0.1** |" in texts(at)
    assert "**0.0001**" in texts(at)
    # The lesson's check: λ = 5 at n = 50,000 is the same coefficient, so 5.5 at 55,000.
    assert "λ = 5.5" in texts(at)


# The lesson's claims, on its presets trained for real

PRESETS: dict[str, RunConfig] = {
    preset.name: lesson.LESSON.state_of(preset).config for preset in lesson.LESSON.presets
}


@pytest.fixture(scope="module")
def trained() -> dict[RunConfig, Shown]:
    """Every run of every preset, and those that its closer look sets beside it."""
    wanted: list[RunConfig] = []
    for preset in lesson.LESSON.presets:
        wanted += lesson.LESSON.runs_of(lesson.LESSON.state_of(preset)).values()
    wanted += lesson.kinds(PRESETS["twins"]).values()
    wanted += lesson.proximal(PRESETS["proximal"]).values()
    wanted.append(PRESETS["adamw"].replace(penalty="l2", optimizer="adam"))
    configs = list(dict.fromkeys(wanted))
    kernels = {*lesson.kinds(PRESETS["twins"]).values(), PRESETS["alone"], PRESETS["l1"]}
    return {
        record.config: Shown("", record, None, record.epochs)
        for record in as_shown(configs, weights=kernels)
        if record.diverged is None
    }


def accuracy(run: Shown, split: str) -> float:
    return run.record.at(f"{split}_accuracy", run.kept)


def sparsity(run: Shown) -> float:
    return run.record.sparsity(1e-3, run.kept)


def test_the_free_network_knows_its_images_by_heart(trained: dict[RunConfig, Shown]) -> None:
    free = trained[PRESETS["alone"]]
    assert accuracy(free, "train") > 0.99
    assert free.record.gap(free.kept).value > 0.15


def test_l2_narrows_the_gap_and_the_weights_at_like_validation_accuracy(
    trained: dict[RunConfig, Shown],
) -> None:
    free, l2 = trained[PRESETS["alone"]], trained[PRESETS["twins"]]
    narrowed = comparing.gap_change(l2, free)
    assert narrowed.value < -0.05
    assert not narrowed.could_be_noise
    assert comparing.change(l2, free, "val").could_be_noise
    assert weight_rms(l2.record, l2.kept) < weight_rms(free.record, free.kept) / 3
    assert lesson.answer([free, l2]) == 0
    # Cross-entropy on validation images falls, the pictures turn smoother, the histogram narrows.
    assert penalised.crossentropy(l2, free).section == "cross-entropy falls"
    rough = [measure.roughness(run.record.weights[0], data.SHAPE) for run in (l2, free)]
    assert weights.roughness(*rough).section == "roughness falls"
    assert rough[0] < 0.75 * rough[1]
    assert weights.spread(l2, free).section == "spread narrower"


def test_too_much_lambda_underfits(trained: dict[RunConfig, Shown]) -> None:
    free, much = trained[PRESETS["alone"]], trained[PRESETS["underfits"]]
    for split in ("train", "val"):
        change = comparing.change(much, free, split)
        assert change.value < 0
        assert not change.could_be_noise
    assert accuracy(much, "train") < 0.85
    assert much.record.gap(much.kept).value < 0.06


def test_l1_is_sparser_than_l2_at_like_accuracy(trained: dict[RunConfig, Shown]) -> None:
    kinds = lesson.kinds(PRESETS["twins"])
    assert kinds[lesson.L1] == PRESETS["l1"]
    l2, l1 = trained[kinds[lesson.L2]], trained[kinds[lesson.L1]]
    assert comparing.change(l1, l2, "val").could_be_noise
    assert sparsity(l1) > 0.8
    assert sparsity(l2) < 0.25
    caption = told.like(l2.record, l1.record, ("L2", "L1"), 1e-3)
    assert caption.section == "like accuracy"
    # Some weights stay large under L1, larger than under L2; none is drawn to 1.
    largest = {run: max(np.abs(k).max() for k in run.record.kernels) for run in (l1, l2)}
    assert largest[l1] > largest[l2]


def test_more_of_an_l1_network_can_be_pruned(trained: dict[RunConfig, Shown]) -> None:
    images = data.load().validation
    shares = {}
    for name, config in lesson.kinds(PRESETS["twins"]).items():
        record = trained[config].record
        curve = pruning.curve(record.weights, config.activation, images)
        assert curve[0].accuracy.value == pytest.approx(record.at_end("val_accuracy"), abs=1e-3)
        shares[name] = pruning.prunable(curve)
    assert shares[lesson.L1] >= 0.9 > shares[lesson.L2]
    assert shares[lesson.L1] > shares[lesson.L2] >= shares[lesson.BASELINE]


def test_pixels_survive_everywhere_without_a_penalty_and_not_under_l1(
    trained: dict[RunConfig, Shown],
) -> None:
    free, l1 = (
        (pruning.surviving(trained[PRESETS[name]].record.weights[0], 1e-3) > 0)
        for name in ("alone", "l1")
    )
    assert free.all()
    assert 20 < (~l1).sum() < 400
    # It is the rim that goes.
    inner = np.zeros(data.SHAPE, bool)
    inner[6:22, 6:22] = True
    assert l1.reshape(data.SHAPE)[inner].mean() > l1.reshape(data.SHAPE)[~inner].mean()


def test_only_the_proximal_step_gives_exact_zeros(trained: dict[RunConfig, Shown]) -> None:
    three = lesson.proximal(PRESETS["proximal"])
    plain, proximal = (trained[three[name]].record for name in (lesson.L1, lesson.PROXIMAL))
    assert three[lesson.PROXIMAL] == PRESETS["proximal"]
    assert plain.sparsity(0.0, plain.epochs) < 0.001
    assert proximal.sparsity(0.0, proximal.epochs) > 0.5
    assert plain.sparsity(1e-3, plain.epochs) > 0.6
    # The hops of plain L1 stay below the tolerance that the page opens with.
    assert penalties.pull(plain.config) < 1e-3
    assert told.zeros(plain, proximal, 1e-3)[0].section == "zeros"


def test_the_adamw_preset_says_what_a_hundred_times_the_lambda_does() -> None:
    """Two recorded runs bear the text out."""
    decoupled, coupled = as_shown([PRESETS["adamw"], PRESETS["twins"]])
    assert (decoupled.config.lam, coupled.config.lam) == (2_000.0, 20.0)
    assert weight_rms(coupled, coupled.epochs) < weight_rms(decoupled, decoupled.epochs)
    assert "λ = 2,000 shrinks the weights less here than L2 with λ = 20" in " ".join(
        prose.source(NAME, "preset adamw").split()
    )


@pytest.mark.parametrize(
    ("changes", "plain"),
    [
        ({"optimizer": "sgd", "penalty": "l2"}, False),
        ({"optimizer": "adam", "penalty": "l2"}, True),
        ({"optimizer": "momentum", "penalty": "l1"}, True),
        # These act apart from the optimizer's step.
        ({"optimizer": "adamw", "penalty": "weight_decay"}, False),
        ({"optimizer": "adam", "penalty": "l1_proximal"}, False),
    ],
)
def test_a_rule_that_the_run_does_not_take_is_called_that_of_plain_sgd(
    changes: dict[str, Any], plain: bool
) -> None:
    title = rule_title(tiny(lam=1.0, **changes))
    assert ("plain SGD" in title) == plain
    assert "this run's numbers" in title


@pytest.mark.parametrize(
    ("near", "exact", "said"),
    [
        (0.8, 0.0, "80.0% of the {n} weights are nearly zero, 0% exactly."),
        (0.8, 0.8, "80.0% of the {n} weights are exactly zero."),
    ],
)
def test_exact_zeros_are_told_from_near_ones(
    near: float, exact: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shown(0.9, 0.8)
    monkeypatch.setattr(RunRecord, "sparsity", lambda *_: exact)
    text = zeros_told(run.record, run.kept, near)
    assert text == f"**{said.format(n=f'{n_weights(run.record.config):,}')}**"


def test_a_training_end_that_was_measured_whole_is_said_to_have_no_error() -> None:
    whole, sample = (
        shown(0.9, 0.8, config=tiny(train_size=n), images=1_000).record for n in (1_000, 5_000)
    )
    assert (
        whole.estimate("train_accuracy", 3).error == 0 < sample.estimate("train_accuracy", 3).error
    )
    assert "All training images were measured" in gap_bars([whole, whole])
    assert "none" not in gap_bars([sample])
    assert "Where all training images were measured" in gap_bars([sample, whole])


def test_adam_with_l2_is_not_adamw(trained: dict[RunConfig, Shown]) -> None:
    decoupled = PRESETS["adamw"]
    coupled = decoupled.replace(penalty="l2", optimizer="adam")
    assert (decoupled.optimizer, coupled.optimizer) == ("adamw", "adam")
    weak, strong = trained[decoupled], trained[coupled]
    # The λ that AdamW needs to show at all leaves an L2 penalty with nothing.
    assert accuracy(strong, "train") < 0.2
    assert accuracy(weak, "train") > 0.95
    caption = told.adam_and_adamw([(strong.record, weak.record)])
    assert caption.section == "adamw differs"
    free = trained[PRESETS["alone"]]
    assert weight_rms(weak.record, weak.kept) < 0.8 * weight_rms(free.record, free.kept)


def test_under_plain_sgd_l2_and_weight_decay_are_one_and_the_same() -> None:
    l2 = RunConfig(
        penalty="l2",
        lam=5.0,
        train_size=200,
        hidden=(16,),
        epochs=5,
        batch_size=20,
        optimizer="sgd",
        learning_rate=0.1,
    )
    one, other = train([l2, l2.replace(penalty="weight_decay")])
    for a, b in zip(one.weights, other.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_presets_are_in_the_order_that_the_script_for_the_teacher_counts_them() -> None:
    names = [preset.name for preset in LESSONS[NAME].presets]
    assert names == ["twins", "alone", "underfits", "l1", "ticket", "proximal", "adamw", "late"]
    assert LESSONS[NAME].presets[0] == Preset("twins")


def test_the_networks_answers_are_those_that_flips_are_made_of(
    trained: dict[RunConfig, Shown],
) -> None:
    record = trained[PRESETS["twins"]].record
    images = data.load().validation
    answers = network.predict(record.weights, "tanh", images.pixels)
    assert (answers != record.val_predictions[-1]).mean() < 0.002
