"""Whatever was measured, what is said of it holds: claims derived again from made-up records."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.analysis.stopping import Shown
from fmviz.run.config import RunConfig
from fmviz.run.record import HISTORY
from fmviz.words import diagnosis, penalised, prose, shared
from fmviz.words.prose import Caption, Claim
from fmviz.words.running import running
from tests.support.claims import confirm
from tests.support.records import answering, shown, synthetic, tiny
from tests.support.verdicts import faults
from tests.words.test_shared import stopped

# What no text may contain, however its figures came about.
GARBLED = re.compile(
    r"\{\{|\b(nan|inf|None)\b|\b1 (epochs|labels|images|layers|units)\b|± 0(\.0+)?(?![\d.]*\d)"
)


class Pair(list[Shown]):
    """Runs that Hypothesis names by their figures, not by their arrays."""

    def __repr__(self) -> str:
        return "; ".join(
            f"{run.record.config!r} after {run.kept}, {run.record.examples}, "
            + ", ".join(f"{k}={run.record.history[k].tolist()}" for k in HISTORY)
            for run in self
        )


@st.composite
def shares(draw: st.DrawFn) -> float:
    """An accuracy, at its ends and at chance more often than by chance."""
    return draw(st.one_of(st.sampled_from([0.0, 0.1, 0.111, 0.5, 0.995, 1.0]), st.floats(0, 1)))


@st.composite
def pairs(draw: st.DrawFn) -> list[Shown]:
    """A baseline and a run with a penalty: of one seed or the same figures, on few images or many,
    with false labels or without, after the same epoch or not."""
    noise = draw(st.sampled_from([0.0, 0.0, 0.2, 1.0]))
    images = draw(st.sampled_from([20, 100, 1_250]))
    epochs = draw(st.integers(1, 3))
    config = tiny(
        penalty="l2",
        lam=draw(st.sampled_from([0.01, 1.0, 1e4])),
        train_size=max(images, 20),
        label_noise=noise,
        epochs=epochs,
        hidden=draw(st.sampled_from([(), (1,), (4, 3)])),
        activation=draw(st.sampled_from(["tanh", "sigmoid", "relu", "leaky_relu"])),
    )
    same = draw(st.booleans())
    runs = []
    for name, each in (("no penalty", config.baseline), ("with penalty", config)):
        if not runs or not same:
            figures: dict[str, Any] = {
                f"{split}_accuracy": [draw(shares()) for _ in range(epochs)]
                for split in ("train", "val", "corrupted", "clean", "running")
            }
            losses = st.sampled_from([0.0, 0.5, 2.303, 40.0])
            figures["val_crossentropy"] = [draw(losses) for _ in range(epochs)]
        wrong = round(noise * images)
        if not wrong:
            figures["corrupted_accuracy"] = [np.nan] * epochs
        if wrong == images:
            figures["clean_accuracy"] = [np.nan] * epochs
        record = synthetic(each, examples={"train": images, "corrupted": wrong}, **figures)
        # Made-up answers do not fit the accuracies.
        none = np.empty((0, 0), np.uint8)
        record = replace(record, train_predictions=none, val_predictions=none)
        runs.append(Shown(name, record, None, draw(st.integers(1, epochs))))
    return Pair(runs)


@pytest.mark.slow
@given(pairs())
@settings(max_examples=150, deadline=None)
def test_what_is_said_of_a_run_and_its_baseline_holds(runs: list[Shown]) -> None:
    captions = penalised.of_runs(runs, True, patience=1, monitor="val_loss", test=False)
    captions += [caption] if (caption := diagnosis.stuck(runs[-1])) is not None else []
    confirm(captions, runs)
    for caption in captions:
        text = prose.text(prose.SHARED, caption.section, caption.figures)
        assert GARBLED.search(text) is None, text
        assert faults(prose.SHARED, caption) == []
    by_section = {caption.section: caption for caption in captions}
    now, before = runs[-1], runs[0]
    if "underfits" in by_section:
        # Worse on training images with a true label and on validation images, and no gap to speak
        # of.
        corrupted = now.record.examples["corrupted"]
        training = "clean_accuracy" if corrupted else "train_accuracy"
        for name in (training, "val_accuracy"):
            assert now.at(name) < before.at(name)
        assert now.at(training) - now.at("val_accuracy") < 0.05
    if "nothing learnt" in by_section:
        assert 0.0 <= now.at("val_accuracy") < 0.13
    if "gap" in by_section:
        assert not now.record.examples["corrupted"]


@given(st.integers(0, 2_500), st.integers(0, 2_500))
@settings(max_examples=30, deadline=None)
def test_what_is_said_of_answers_image_by_image_holds(a: int, b: int) -> None:
    runs = [answering("a", a / 2_500), answering("b", b / 2_500)]
    caption = shared.against_baseline(runs[1], runs[0])
    assert confirm([caption], runs)


@given(
    st.lists(st.sampled_from([0.1, 0.2, 0.3]), min_size=1, max_size=8),
    st.one_of(st.none(), st.integers(0, 9)),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_what_is_said_of_early_stopping_holds(
    values: list[float], patience: int | None, restore: bool
) -> None:
    caption = stopped(values, patience, restore)
    text = prose.text(prose.SHARED, caption.section, caption.figures)
    assert GARBLED.search(text) is None, text
    assert faults(prose.SHARED, caption) == []
    if patience is None:
        assert caption.section == "stopping off"
        return
    # Counted again: epochs since the last improvement, of which patience 0 bears as few as 1.
    best = end = 0
    for end, value in enumerate(values, start=1):
        if not best or value < values[best - 1]:
            best = end
        elif end - best >= max(patience, 1):
            break
    else:
        kept = best if restore else end
        assert caption.section == f"stopping never{'' if kept == end else ', restored'}"
        return
    kept = best if restore else end
    assert caption.section == ("stopping fired" if kept == end else "stopping restored")
    assert caption.figures["stopped"] == str(end)
    assert caption.figures["kept"] == str(kept)
    left = len(values) - end
    assert caption.figures["saved"] == {0: "no epochs", 1: "1 epoch"}.get(left, f"{left} epochs")


@given(
    st.lists(st.tuples(shares(), shares(), shares()), min_size=1, max_size=3),
    st.sampled_from([0.0, 0.5]),
    st.sampled_from([0.0, 0.2]),
)
@settings(max_examples=60, deadline=None)
def test_what_is_said_of_kerass_accuracy_holds(
    epochs: list[tuple[float, float, float]], rate: float, noise: float
) -> None:
    keras, measured, validation = (list(each) for each in zip(*epochs, strict=True))
    config = tiny(epochs=len(epochs), dropout=rate, label_noise=noise, train_size=1_000)
    examples = {"train": 1_000, "validation": 2_500}
    record = synthetic(
        config,
        running_accuracy=keras,
        train_accuracy=measured,
        val_accuracy=validation,
        examples=examples,
    )
    captions = running(Shown("the run", record, None, len(epochs)))
    for caption in captions:
        text = prose.text(prose.SHARED, caption.section, caption.figures)
        assert GARBLED.search(text) is None, text
        assert faults(prose.SHARED, caption) == []
    told = {caption.section for caption in captions}
    if told & {"running", "running below validation"}:
        assert keras[-1] < measured[-1]
    if "running below validation" in told:
        assert keras[-1] < validation[-1]
    if "running above" in told:
        assert keras[-1] > measured[-1]
    # Both are of the same 1,000 images: an image more or less is a difference, and no chance.
    assert "running agrees" not in told
    assert ("running same" in told) == (abs(keras[-1] - measured[-1]) < 0.0005)
    assert captions[0].figures["over"] == "both over the same 1,000 training images"
    below = sum(k < v for k, v in zip(keras, validation, strict=True))
    assert ("running, epochs below" in told) == (below > 0)
    assert ("running why dropout" in told) == (rate > 0)


@given(
    before=st.sampled_from([0.0, 0.25, 0.5]),
    after=st.sampled_from([0.0, 0.25, 0.5]),
    branch=st.integers(1, 3),
    epoch=st.integers(1, 4),
)
def test_units_are_said_to_be_missing_in_the_epochs_that_they_miss(
    before: float, after: float, branch: int, epoch: int
) -> None:
    config = tiny(epochs=4, dropout=before, branch={"dropout": after}, branch_epoch=branch)
    record = synthetic(config, running_accuracy=0.5, train_accuracy=0.7, val_accuracy=0.6)
    caption = running(Shown("the run", record, None, epoch))[-1]
    text = " ".join(prose.text(prose.SHARED, caption.section, caption.figures).split())
    kept = after if epoch > branch else before
    told = re.findall(r"0\.\d+(?!\d*%)|\b0(?= in)", text)
    if before == kept:
        assert told == [f"{kept:g}"] * (kept > 0)
    else:
        assert told == [f"{before:g}", f"{kept:g}"]


@pytest.mark.parametrize("direction", [-1, 0, 1])
def test_a_claim_that_the_record_contradicts_is_found(direction: int) -> None:
    runs = [shown(0.9, 0.8, name="a"), shown(0.9, 0.7, name="b")]
    claim = Claim("val_accuracy", "b", direction, "a")
    if direction == -1:
        assert confirm([Caption("x", {}, (claim,))], runs) == 1
    else:
        with pytest.raises(AssertionError, match="val_accuracy"):
            confirm([Caption("x", {}, (claim,))], runs)


def test_the_wrong_labels_of_a_run_are_no_knowledge() -> None:
    told = shown(0.95, 0.5, config=RunConfig(label_noise=0.4, train_size=1_000))
    told.record.examples["corrupted"] = 500  # type: ignore[index]
    assert shared.gap(told).section == "gap of told labels"
    everything = shown(0.95, 0.02)
    everything.record.examples["corrupted"] = 10_000  # type: ignore[index]
    assert shared.gap(everything).section == "below a guess"
