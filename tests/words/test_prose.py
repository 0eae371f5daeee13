"""The lessons' texts: every place is filled, and what is missing is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.analysis.comparing import labels
from fmviz.analysis.stopping import Shown
from fmviz.run.config import RunConfig
from fmviz.theory.saturation import Prediction
from fmviz.words import penalised, prose
from fmviz.words import shared as shared_
from fmviz.words.prose import Caption, LessonError
from fmviz.words.running import running
from tests.run.test_config import settings_of_runs
from tests.support.lessons import TWICE
from tests.support.records import shown, tiny
from tests.support.verdicts import check_verdicts
from tests.words.test_diagnosis import DIVERGED, STUCK
from tests.words.test_memory import BRANCHES as MEMORY
from tests.words.test_shared import AGAINST, stopped
from tests.words.test_shared import penalised as penalised_run
from tests.words.test_weights import BRANCHES as WEIGHTS

LESSON = "regularisation"
FILE = prose.path("regularisation")


def against(section: str) -> Callable[[], Caption]:
    run, baseline, _ = next(case for case in AGAINST if case[2] == section)
    return lambda: shared_.against_baseline(penalised_run(*run), shown(*baseline))


def rule(section: str, **changes: Any) -> Callable[[], Caption]:
    config = RunConfig(**{"penalty": "l2", "lam": 1.0, "optimizer": "sgd", **changes})
    return lambda: next(c for c in shared_.rule(config) if c.section == section)


def told_false(
    training: float, validation: float, everything: bool = False, **history: Any
) -> Shown:
    """A run with false labels."""
    run = shown(training, validation, **history)
    wrong = run.record.examples["train"] if everything else 200
    run.record.examples["corrupted"] = wrong  # type: ignore[index]
    return run


def label_noise(repeated: float = 0.5, everything: bool = False) -> Caption:
    caption = shared_.label_noise(told_false(0.9, 0.8, everything, corrupted_accuracy=repeated))
    assert caption is not None
    return caption


def on_test(accuracy: float, before: float) -> Caption:
    """Both networks are right on the first images, so many of them."""

    def predicting(share: float, config: RunConfig) -> Shown:
        truth = labels(config, "test")
        row = np.where(np.arange(len(truth)) < share * len(truth), truth, (truth + 1) % 10)
        run = shown(0.9, 0.8, config=config)
        predictions = np.tile(row.astype(np.uint8), (run.record.epochs + 1, 1))
        return run._replace(record=replace(run.record, test_predictions=predictions))

    pair = predicting(accuracy, tiny(penalty="l2", lam=1.0)), predicting(before, tiny())
    caption = shared_.on_test(*pair)
    told = float(caption.figures["change"].split()[0])
    assert told == pytest.approx(100 * (accuracy - before), abs=0.05)
    return caption


def learns_late() -> Caption:
    caption = shared_.learns_late(shown([0.1, 0.1, 0.5], [0.1, 0.1, 0.5]))
    assert caption is not None
    return caption


CLIMBING, FALLING = [0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]


def keras_says(
    section: str, keras: float, measured: float, **changes: Any
) -> Callable[[], Caption]:
    """Of a run with this running accuracy, this measured one, and 0.8 on validation."""
    config = tiny(train_size=5_000, **changes)
    run = shown(measured, 0.8, config=config, images=1_000, running_accuracy=keras)
    return lambda: next(c for c in running(run) if c.section == section)


# Every section that narrate can return, with records that make it return it.
BRANCHES: dict[str, Callable[[], Caption]] = {
    "running": keras_says("running", 0.85, 0.9),
    "running below validation": keras_says("running below validation", 0.7, 0.9),
    "running agrees": keras_says("running agrees", 0.9, 0.901),
    "running same": keras_says("running same", 0.9, 0.9),
    "running above": keras_says("running above", 0.9, 0.85),
    "running, epochs below": keras_says("running, epochs below", 0.7, 0.9),
    "running told": keras_says("running told", 0.7, 0.9, label_noise=0.2),
    "running why": keras_says("running why", 0.7, 0.9),
    "running why dropout": keras_says("running why dropout", 0.7, 0.9, dropout=0.5),
    "running why dropout, branched": keras_says(
        "running why dropout, branched", 0.7, 0.9, branch={"dropout": 0.5}, branch_epoch=1
    ),
    "gap": lambda: shared_.gap(shown(0.95, 0.85)),
    "gap of told labels": lambda: shared_.gap(told_false(0.9, 0.6)),
    "below a guess": lambda: shared_.gap(told_false(1.0, 0.02, everything=True)),
    "test": lambda: shared_.on_test(shown(0.95, 0.85), None),
    "test differs": lambda: on_test(0.8, 0.7),
    "test could be noise": lambda: on_test(0.8, 0.7994),
    "test same": lambda: shared_.on_test(*[shown(0.95, 0.85)] * 2),
    "same answers": lambda: shared_.against_baseline(*[shown(0.95, 0.85)] * 2),
    "gap could be noise": lambda: shared_.gap(shown(0.95, 0.85, images=30)),
    "gap reversed": lambda: shared_.gap(shown(0.85, 0.95)),
    "learns late": learns_late,
    "nothing learnt": lambda: shared_.gap(shown(0.1, 0.1)),
    "label noise": label_noise,
    "label noise, hardly": lambda: label_noise(0.02),
    "label noise, all wrong": lambda: label_noise(everything=True),
    "label noise, all wrong, hardly": lambda: label_noise(0.02, everything=True),
    **{
        section: against(section)
        for section in (
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
    },
    "other epochs, validation unclear": lambda: shared_.against_baseline(
        shown(0.9, 0.8)._replace(kept=1), shown(0.9, 0.8)
    ),
    "other epochs, validation differs": lambda: shared_.against_baseline(
        shown(0.9, 0.8)._replace(kept=1), shown(0.9, 0.7)
    ),
    **{
        f"no true label, {how}": lambda held_out=held_out: shared_.against_baseline(
            told_false(0.9, held_out, everything=True, config=tiny(seed=1)),
            told_false(0.9, 0.8, everything=True),
        )
        for how, held_out in (("higher", 0.9), ("alike", 0.801), ("lower", 0.7))
    },
    "no true label, same": lambda: shared_.against_baseline(
        *[told_false(0.9, 0.8, everything=True)] * 2
    ),
    "no true label, other epochs": lambda: shared_.against_baseline(
        told_false(0.9, 0.8, everything=True)._replace(kept=1),
        told_false(0.9, 0.8, everything=True),
    ),
    **{
        f"cross-entropy {how}": lambda now=now: penalised.crossentropy(
            shown(0.9, 0.8, val_crossentropy=now), shown(0.9, 0.8, val_crossentropy=0.5)
        )
        for how, now in (("falls", 0.4), ("rises", 0.6), ("alike", 0.501))
    },
    "stopping off": lambda: stopped(CLIMBING, None, restore=True),
    "stopping never": lambda: stopped(FALLING, 9, restore=True),
    "stopping never, restored": lambda: stopped(CLIMBING, 9, restore=True),
    "stopping fired": lambda: stopped(CLIMBING, 2, restore=False),
    "stopping restored": lambda: stopped(CLIMBING, 2, restore=True),
    "saturation": lambda: shared_.saturation(shown(0.9, 0.8), None),
    "saturation predicted": lambda: shared_.saturation(shown(0.9, 0.8), Prediction(0.3, 0.05)),
    "zero activations": lambda: shared_.saturation(
        shown(0.9, 0.8, config=tiny(activation="relu")), None
    ),
    "flat activations": lambda: shared_.saturation(
        shown(0.9, 0.8, config=tiny(activation="gelu")), None
    ),
    "never flat": lambda: shared_.saturation(
        shown(0.9, 0.8, config=tiny(activation="leaky_relu")), None
    ),
    "no hidden layer": lambda: shared_.saturation(shown(0.9, 0.8, config=tiny(hidden=())), None),
    "rule none": rule("rule none", penalty="none"),
    "rule l1": rule("rule l1", penalty="l1"),
    "rule l2": rule("rule l2"),
    "rule l2 overshoots": rule("rule l2 overshoots", lam=10_000.0, learning_rate=1.0),
    **{f"rule {p}": rule(f"rule {p}", penalty=p) for p in ("l1_l2", "l1_proximal", "weight_decay")},
    "rule weight_decay overshoots": rule(
        "rule weight_decay overshoots", penalty="weight_decay", lam=10_000.0, learning_rate=1.0
    ),
    "rule under lion": rule("rule under lion", optimizer="lion"),
    "rule under apart, decay": rule(
        "rule under apart, decay", penalty="weight_decay", optimizer="adam"
    ),
    "rule under apart, proximal": rule(
        "rule under apart, proximal", penalty="l1_proximal", optimizer="adam"
    ),
    "rule l1_l2 overshoots": rule(
        "rule l1_l2 overshoots", penalty="l1_l2", lam=10_000.0, learning_rate=2.0
    ),
    "rule under adam": rule("rule under adam", optimizer="adam"),
    "rule under momentum": rule("rule under momentum", optimizer="nesterov"),
    "rule under a schedule": rule("rule under a schedule", schedule="cosine"),
    **WEIGHTS,
    **MEMORY,
}
# What pages show of themselves, and the figures they give.
OF_PAGES: dict[str, set[str]] = {
    **{key: set() for key in ("no penalty", "nothing yet", "no wrong label", "true gap")},
    "repeated by": {"epoch", "repeated", "wrong"},
    "not by heart": {"epoch"},
}


@pytest.mark.parametrize("section", sorted(BRANCHES))
def test_every_caption_has_a_section_whose_places_it_fills(section: str) -> None:
    caption = BRANCHES[section]()
    assert caption.section == section
    text = prose.text(LESSON, caption.section, caption.figures)
    assert text
    assert "{{" not in text
    assert "1 epochs" not in text
    assert not re.search(TWICE, text.replace("\n", " ")), text
    for name in prose.places(LESSON, section):
        assert caption.figures[name] in text


def test_no_shared_section_is_never_shown_or_not_tested_here() -> None:
    elsewhere = {"diverged", "stuck saturated", "stuck alike", "share", "locked"}
    elsewhere |= {"diverged, in short", "nothing learnt, in short"}
    elsewhere |= {"diverged by the penalty and momentum", "stuck on noise"}
    elsewhere |= {"stuck saturated by training", "stuck with dead units, warmed up"}
    shared = {
        section
        for section in set(prose.sections(prose.SHARED)) - elsewhere
        # test_guessing, test_vault, tests/pages/test_branch.py
        if not section.startswith(("guess ", "vault ", "branch"))
    }
    assert shared <= set(BRANCHES) | set(OF_PAGES) | set(DIVERGED) | set(STUCK)


# Sections that follow the verdict of another one, a formula, or a warning's name.
DETAILS = {
    "stopping off",
    "cross-entropy alike",
    "running, epochs below",
    "running told",
    "running why",
    "running why dropout",
    "running why dropout, branched",
    "pictures",
}


def test_every_caption_leads_with_a_short_verdict() -> None:
    captions = {name: make for name, make in BRANCHES.items() if not name.startswith("rule ")}
    check_verdicts(prose.SHARED, captions, DETAILS)


def test_what_follows_a_verdict_folds_away() -> None:
    told = prose.told(["**One.** Two.\n\nThree.", "Four.", "**Five.**"])
    assert told == ("**One.** Two.  \n**Five.**", "Three.\n\nFour.")
    assert prose.told(["Nothing in bold.", "Or here."]).folded == ""
    assert prose.told([]) == ("", "")


@given(
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(1, 10_000),
    st.integers(0, 2),
    st.integers(0, 2),
)
@settings(max_examples=60, deadline=None)
def test_whatever_was_measured_there_are_words_for_it(
    a: float, b: float, c: float, d: float, images: int, kept: int, other: int
) -> None:
    run = shown(a, b, images=images)._replace(kept=kept)
    baseline = shown(c, d, images=images)._replace(kept=other)
    for caption in (shared_.gap(run), shared_.against_baseline(run, baseline)):
        assert prose.text(LESSON, caption.section, caption.figures)


@given(settings_of_runs())
@settings(max_examples=100, deadline=None)
def test_whatever_was_set_there_are_words_for_its_rule(given_settings: dict[str, Any]) -> None:
    config = RunConfig(**given_settings)
    for caption in shared_.rule(config):
        assert prose.text(LESSON, caption.section, caption.figures)


@pytest.mark.parametrize("section", sorted(OF_PAGES))
def test_sections_that_a_page_shows_itself_want_no_other_figures(section: str) -> None:
    assert prose.places(LESSON, section) == OF_PAGES[section]
    assert prose.text(LESSON, section, dict.fromkeys(OF_PAGES[section], "1"))


def test_every_double_brace_of_the_lesson_is_a_place() -> None:
    content = FILE.read_text(encoding="utf-8")
    assert re.sub(r"\{\{[a-z0-9_]+\}\}", "", content).count("{{") == 0
    assert content.count("{{") == len(prose.PLACE.findall(content))


def test_a_section_is_cut_at_the_next_heading() -> None:
    question = prose.text(LESSON, "question")
    assert question == "What does a penalty on large weights do to a network that memorises?"
    assert "##" not in "".join(prose.sections(LESSON).values())
    headings = re.findall(r"(?m)^## (.+)$", FILE.read_text(encoding="utf-8"))
    assert list(prose.sections(LESSON)) == headings


def test_no_section_is_named_twice() -> None:
    headings = re.findall(r"(?m)^## (.+)$", FILE.read_text(encoding="utf-8"))
    assert len(headings) == len(set(headings))


def test_a_section_that_is_not_there_is_an_error_that_names_it() -> None:
    with pytest.raises(LessonError, match="'regularisation' has no section 'gaps'"):
        prose.text(LESSON, "gaps")


@pytest.fixture
def own_lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A lesson as a teacher may have edited it."""
    content = "# Mine\n\n## one\n\nλ is {{lam}}, again {{lam}}, at {{place}}.\n\n## two\n\n{{a}}\n"
    folder = tmp_path / "lessons" / "mine"
    folder.mkdir(parents=True)
    (folder / "words.md").write_text(content, encoding="utf-8")
    (tmp_path / "words").mkdir()
    monkeypatch.setattr(prose, "FOLDER", tmp_path)
    prose.sections.cache_clear()
    return "mine"


def test_figures_are_put_in_their_places(own_lesson: str) -> None:
    figures = {"lam": r"10\,1", "place": "{{lam}}", "unused": "x"}
    assert prose.text(own_lesson, "one", figures) == r"λ is 10\,1, again 10\,1, at {{lam}}."
    prose.sections.cache_clear()


@pytest.mark.parametrize("figures", [None, {}, {"lam": "1"}])
def test_a_figure_that_is_not_given_is_an_error_that_names_all_there_is_to_know(
    own_lesson: str, figures: dict[str, str] | None
) -> None:
    with pytest.raises(LessonError) as caught:
        prose.text(own_lesson, "one", figures)
    message = str(caught.value)
    assert "'one'" in message
    assert "'mine'" in message
    assert "place" in message
    assert ("lam, place" in message) == (not figures)
    assert ("no figures" in message) == (not figures)
    prose.sections.cache_clear()


def test_what_leads_is_in_sight_and_the_rest_is_folded() -> None:
    told = prose.told(["**So it is.** By much.\n\nWhy.", "A figure.", "**And so.**"])
    assert told == ("**So it is.** By much.  \n**And so.**", "Why.\n\nA figure.")


def test_the_verdict_of_a_section_is_what_it_begins_with_in_bold() -> None:
    assert prose.lead("**So *it*\nis.** By much.\n\nWhy.") == "**So *it* is.**"
    assert prose.lead("**It is narrower:** by much.") == "**It is narrower.**"
    assert prose.lead("No **verdict**\nhere.\n\nMore.") == "No **verdict** here."


def test_where_nothing_leads_nothing_is_folded() -> None:
    assert prose.told(["One.", "Two **bold** words."]).folded == ""
    assert prose.told([]) == ("", "")
