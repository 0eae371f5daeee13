"""Whatever sentence tells of accuracy gaps, it tells of gaps that there are: of true labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmviz.analysis import comparing, seeds
from fmviz.analysis.stopping import Shown
from fmviz.lessons.compare import says as compare
from fmviz.lessons.dropout import says as dropout
from fmviz.lessons.overfitting import says as overfitting
from fmviz.lessons.regularisation import says as regularisation
from fmviz.page.lesson import BRANCHED
from fmviz.page.view import Judging
from fmviz.run import data
from fmviz.run.choices import N_CLASSES
from fmviz.run.config import RunConfig
from fmviz.words import branching, penalised, prose
from fmviz.words import seeds as of_seeds
from fmviz.words.memory import on_true_labels
from fmviz.words.prose import Caption
from tests.support.claims import confirm
from tests.support.records import synthetic, tiny
from tests.words.test_numbers import as_read

PENALTY: dict[str, Any] = {"penalty": "l2", "lam": 2.0}
LATE = {"branch": {"dropout": 0.5}, "branch_epoch": 1}


def penalty_told(runs: Sequence[Shown]) -> list[Caption]:
    return penalised.of_runs(runs[:2], True, patience=None, monitor="val_loss", test=False)


def repeated(runs: Sequence[Shown]) -> list[Caption]:
    return compare.repeats("a", [run.record for run in runs])


def over_seeds(runs: Sequence[Shown]) -> list[Caption]:
    found = seeds.over_seeds([(runs[0], runs[1]), (runs[2], runs[3])])
    what = of_seeds.what_a_seed_is([run.record.config for run in runs])
    return [*of_seeds.verdict(found, ("a", "b"), 2, counted=on_true_labels(runs)), what]


class Teller(NamedTuple):
    """What is said of gaps somewhere.

    Attributes:
        lesson: whose words.
        names: of four runs, and what sets them apart.
        say: what is said of them.
    """

    lesson: str
    names: dict[str, dict[str, Any]]
    say: Callable[[list[Shown]], list[Caption]]


PLAIN = {"no penalty": {}, "with penalty": PENALTY, "c": {"seed": 1}, "d": {"seed": 1, **PENALTY}}
SEEDS: dict[str, dict[str, Any]] = {name: {"seed": k} for k, name in enumerate("abcd")}
ROLES = {
    dropout.NONE: {},
    dropout.DROPOUT: {"dropout": 0.5},
    dropout.PENALTY: PENALTY,
    dropout.BOTH: {"dropout": 0.5, **PENALTY},
}
TELLERS = {
    "a network": Teller("overfitting", PLAIN, lambda runs: overfitting.of_one(runs[0], True)),
    "penalty": Teller("playground", PLAIN, penalty_told),
    "branch": Teller(
        "playground",
        {"trunk": {}, BRANCHED: LATE, "c": {}, "d": {}},
        lambda runs: branching.of_pair(*runs[:2]),
    ),
    "one of two": Teller(
        "dropout", ROLES, lambda runs: dropout.of_runs(runs[:2], Judging(), False)
    ),
    "two by two": Teller("dropout", ROLES, lambda runs: dropout.of_runs(runs, Judging(), False)),
    "rates": Teller(
        "dropout",
        {name: {"dropout": k / 10} for k, name in enumerate("abcd")},
        lambda runs: dropout.rates([run.record for run in runs]),
    ),
    "sizes": Teller(
        "overfitting",
        {name: {"train_size": size} for name, size in zip("abcd", (10, 20, 50, 100))},
        lambda runs: overfitting.learning_curve([run.record for run in runs]),
    ),
    "pinned": Teller("compare", SEEDS, lambda runs: compare.pair(*runs[:2])),
    "repeats": Teller("compare", SEEDS, repeated),
    "seeds": Teller(of_seeds.WORDS, PLAIN, over_seeds),
    "harmless": Teller(
        "regularisation",
        PLAIN,
        lambda runs: [regularisation.harmless([[runs[1].record]], [runs[0].record], 0.0, "L2")],
    ),
    "AdamW": Teller(
        "regularisation",
        PLAIN,
        lambda runs: [regularisation.adam_and_adamw([(runs[0].record, runs[1].record)])],
    ),
}
NOISES = [0.0, 0.2, 1.0]
SHARES = [0.0, 0.1, 0.5, 0.7, 0.8, 0.81, 0.9, 1.0]


def first(share: float, labels: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """Answers of which the first are right, this share of them."""
    wrong = np.arange(len(labels)) >= round(share * len(labels))
    return ((labels + wrong) % N_CLASSES).astype(np.uint8)


def trained(config: RunConfig, name: str, true: float, memory: float, val: float) -> Shown:
    """An ended run that is right on these shares of the training images with a true label, of those
    with a wrong one, answered as told, and of the validation images."""
    told = comparing.labels(config, "train")
    wrong = told != data.load(config.dataset).train.labels[: len(told)]
    new = comparing.labels(config, "val")
    rows = {"train": np.empty(len(told), np.uint8), "val": first(val, new)}
    rows["train"][wrong] = first(memory, told[wrong])
    rows["train"][~wrong] = first(true, told[~wrong])
    hits = rows["train"] == told
    accuracies = {
        "train": hits.mean(),
        "clean": hits[~wrong].mean() if (~wrong).any() else np.nan,
        "corrupted": hits[wrong].mean() if wrong.any() else np.nan,
        "val": (rows["val"] == new).mean(),
    }
    record = synthetic(
        config,
        examples={"train": len(told), "corrupted": int(wrong.sum())},
        **{f"{split}_accuracy": float(share) for split, share in accuracies.items()},
    )
    answers = {
        f"{split}_predictions": np.tile(row, (record.epochs + 1, 1)) for split, row in rows.items()
    }
    return Shown.at_end(replace(record, **answers), name)


class Told(NamedTuple):
    """What is said of some runs."""

    lesson: str
    runs: list[Shown]
    captions: list[Caption]

    def __repr__(self) -> str:
        """By the figures of its runs, not by their arrays."""
        names = ("train_accuracy", "clean_accuracy", "corrupted_accuracy", "val_accuracy")
        return "; ".join(
            f"{run.name}: " + ", ".join(f"{run.at(name):.3f}" for name in names)
            for run in self.runs
        )

    @property
    def texts(self) -> list[str]:
        """It in words, each without line ends."""
        return [
            " ".join(prose.text(self.lesson, c.section, c.figures).split()) for c in self.captions
        ]


@st.composite
def told(draw: st.DrawFn, name: str, close: bool = False) -> Told:
    """Something said of runs that know some of what they were told, and some of what is new; all
    about as much where they are `close`."""
    teller, noise = TELLERS[name], draw(st.sampled_from(NOISES))
    shares = st.floats(0.3, 0.4) if close else st.sampled_from(SHARES)
    runs = []
    for role, changes in teller.names.items():
        config = tiny(**{"label_noise": noise, "train_size": 50, "epochs": 2} | changes)
        runs.append(trained(config, role, draw(shares), draw(shares), draw(shares)))
    return Told(teller.lesson, runs, teller.say(runs))


@pytest.mark.parametrize("name", TELLERS)
@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_gap_is_told_of_true_labels_and_where_none_is_true_there_is_none(
    name: str, chosen: st.DataObject
) -> None:
    found = chosen.draw(told(name))
    named = {run.name for run in found.runs}
    confirm([c for c in found.captions if {k.subject for k in c.claims} <= named], found.runs)
    noise = found.runs[0].record.config.label_noise
    for text in found.texts:
        if noise and re.search(r"\bgaps?\b", text):
            assert re.search("true label|no (accuracy )?gap|label is true", text), text
        if noise == 1:
            assert not re.search(r"\bgap\W+(of|is|was|goes|there|ends|narrower)\b", text), text


# A gap that a sentence tells of a run, with its sign.
OWN = re.compile(r"gap(?:,| of) (−?[\d.]+)(?: ± [\d.]+)?(?: points)?\b")


@pytest.mark.parametrize("name", ["a network", "penalty", "one of two"])
@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_gap_keeps_its_sign(name: str, chosen: st.DataObject) -> None:
    found = chosen.draw(told(name, close=True))
    run = found.runs[0] if name == "a network" else found.runs[1]
    gap = comparing.gap(run)
    for figure in OWN.findall(" ".join(found.texts).replace("**", "")):
        assert gap is not None
        assert abs(float(figure.replace("−", "-")) - 100 * gap.value) < 0.06


@pytest.mark.parametrize("name", TELLERS)
@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_gap_below_zero_is_neither_narrow_nor_wide(name: str, chosen: st.DataObject) -> None:
    found = chosen.draw(told(name))
    gaps = {run.name: gap.value for run in found.runs if (gap := comparing.gap(run)) is not None}
    for caption, text in zip(found.captions, found.texts, strict=True):
        if not re.search(r"\b(narrow|wid)(s|er|ers|en|ens|est)\b", text):
            continue
        compared = [k for claim in caption.claims if claim.figure == "gap" for k in claim[1::2]]
        assert all(gaps[name] > -1e-9 for name in compared if name in gaps), (text, gaps)
        in_text = prose.places(found.lesson, caption.section) & {"gap", "last_gap", "baseline_gap"}
        assert not any(caption.figures[place].startswith("−") for place in in_text), text


# Two figures of a sentence, and its third, which tells of their difference.
TRIPLES = [
    ("now", "before", "change"),
    *(("gap", other, "change") for other in ("trunk_gap", "baseline_gap", "last_gap")),
    ("both_validation", "alone_validation", "gain"),
    ("best_validation", "validation", "gain"),
    ("wide_gap", "narrow_gap", "change"),
    ("fewest_gap", "most_gap", "change"),
    ("training", "validation", "gap"),
]


@pytest.mark.parametrize("name", TELLERS)
@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_sentences_tell_of_two_figures_is_their_difference(
    name: str, chosen: st.DataObject
) -> None:
    found = chosen.draw(told(name, close=True))
    for caption in found.captions:
        if not prose.has(found.lesson, caption.section):
            continue
        figures, places = caption.figures, prose.places(found.lesson, caption.section)
        for triple in TRIPLES:
            if set(triple) <= places and "told labels" not in caption.section:
                one, other, size = (as_read(figures[place]) for place in triple)
                assert abs(one - other) == pytest.approx(abs(size), abs=1e-9), caption
