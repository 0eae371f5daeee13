"""A branch beside a page's runs: in the address, on the picture, in words, and the way back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from fmviz.analysis.stopping import Shown
from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.page.lesson import BRANCHED
from fmviz.page.state import query
from fmviz.run.config import RunConfig
from fmviz.run.record import Divergence
from fmviz.ui import branch, live
from fmviz.words import branching, prose
from tests.support.claims import confirm
from tests.support.lessons import drawn_rows, leads, made_up, opened, texts
from tests.support.records import answering, synthetic, tiny
from tests.support.scripted import ScriptedEngine
from tests.words.test_gaps import trained

# Each page that has the control, and a branch that its runs can take.
BRANCHES: dict[str, dict[str, str]] = {
    "regularisation": {"lam": "0", "branch": "penalty-l2~lam-20"},
    "dropout": {"branch": "dropout-0"},
    "schedules": {"branch": "learning_rate-0.01"},
    "optimizers": {"branch": "optimizer-sgd~learning_rate-0.1"},
    "playground": {"branch": "batch_size-1024"},
}
SMALL = {"epochs": "6", "branch_epoch": "3"}
TRUNKS = {
    "regularisation": "no penalty",
    "dropout": "dropout",
    "schedules": "constant η",
    "optimizers": "Adam",
    "playground": "with penalty",
}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    scripted = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: scripted)
    return scripted


def with_branch(page: str, **options: Any) -> AppTest:
    return opened(page, {**SMALL, **BRANCHES[page]}, **options)


@pytest.mark.parametrize("page", BRANCHES)
def test_a_branch_stands_beside_the_run_that_goes_on_without(page: str) -> None:
    lesson = LESSONS[page]
    state, problems = lesson.parse({**SMALL, **BRANCHES[page]})
    assert not problems
    runs, every = lesson.runs_of(state), lesson.all_runs_of(state)
    assert list(every) == [*runs, BRANCHED]
    assert all(not config.branch for config in runs.values())
    assert every[BRANCHED].trunk == runs[TRUNKS[page]]
    assert every[BRANCHED].branch_epoch == 3
    # The address has it, and brings it back.
    assert lesson.parse(query(state, lesson.start)).state == state


@pytest.mark.slow
@pytest.mark.parametrize("page", BRANCHES)
def test_the_main_picture_shows_both_futures_and_where_they_part(
    page: str, engine: ScriptedEngine
) -> None:
    at = with_branch(page)
    chart = next(c for c in at.get("vega_lite_chart") if f'"{BRANCHED}"' in c.proto.spec)
    if page != "schedules":
        rows = drawn_rows(chart)
        assert set(rows[rows["kind"] == "branch"]["epoch"]) == {3}
        assert BRANCHED in set(rows["run"])
    assert "Branched after epoch 3: " in texts(at)
    (asked,) = {configs[-1] for configs in engine.asked if configs[-1].branch}
    assert asked.branch_epoch == 3
    (undo,) = [button for button in at.button if button.label == "Undo the branch"]
    undo.click().run()
    assert not at.exception
    assert "Branched" not in texts(at)
    assert "branch" not in at.query_params


# Of the charts below a page's main picture, what those say that show all of its runs.
COMPARE = {
    "regularisation": ("(filled) of each run", "Share of weights with", "Density of the weights"),
    "dropout": ("(filled) of each run",),
    "playground": ("(filled) of each run", "Share of weights with", "Share of flat"),
}


@pytest.mark.slow
@pytest.mark.parametrize("page", BRANCHES)
def test_the_branch_is_where_the_runs_are_or_the_page_says_that_it_is_not(
    page: str, engine: ScriptedEngine
) -> None:
    at = with_branch(page)
    for said in COMPARE.get(page, ()):
        (chart,) = (c for c in at.get("vega_lite_chart") if said in (c.proto.alt or ""))
        assert BRANCHED in set(drawn_rows(chart)["run"]), said
    assert "The branch is left out here" in texts(at)
    assert "What follows is told of the runs without the branch" in texts(at)
    assert "The branch is left out here" not in texts(opened(page, SMALL))
    # Of the image of the course, too.
    said = [caption.value for caption in at.caption]
    (strip,) = (k for k, text in enumerate(said) if text.startswith("Validation image "))
    assert said[strip + 1].startswith("The branch is left out here")


@pytest.mark.slow
def test_what_keras_reports_is_told_of_the_branch_with_the_settings_after_it(
    engine: ScriptedEngine,
) -> None:
    at = with_branch("dropout")
    assert f"Keras's training accuracy, {BRANCHED}" in {metric.label for metric in at.metric}
    # All units are there after the branch, and were not in the first epoch.
    said = texts(at).replace("\n", " ")
    assert "a share of the hidden units is missing, 0.5 in epoch 1 and 0 in epoch 6" in said
    assert "a share of 0.5 of the hidden units" not in said


@pytest.mark.slow
def test_first_layers_are_those_of_the_two_futures(engine: ScriptedEngine) -> None:
    at = opened("regularisation", {**SMALL, "lam": "1", "branch": "lam-100"})
    captions = [image.caption for images in at.get("image") for image in images.proto.imgs]
    assert [caption.partition(",")[0] for caption in captions if caption] == [
        "With penalty",
        "Branched",
    ]
    assert "these pictures" not in texts(at)


@pytest.mark.slow
def test_the_table_of_a_race_has_the_branch_with_both_of_its_rates(engine: ScriptedEngine) -> None:
    table = next(e.value for e in with_branch("optimizers").markdown if "training loss" in e.value)
    (line,) = (line for line in table.splitlines() if line.startswith(f"| {BRANCHED}"))
    assert ", then 0.1 |" in line


@pytest.mark.slow
def test_both_futures_are_guessed_before_they_are_seen(engine: ScriptedEngine) -> None:
    at = with_branch("regularisation", guesses=True)
    options = [button for button in at.button if (button.key or "").startswith("regularisation/gu")]
    assert [button.label for button in options[:3]] == [
        "Higher",
        "The two cannot be told apart",
        "Lower",
    ]
    assert not engine.asked
    options[1].click().run()
    assert not at.exception
    assert "Your guess was" in texts(at)
    assert engine.asked


@pytest.mark.slow
def test_a_run_that_is_shortened_has_no_branch_past_its_end(engine: ScriptedEngine) -> None:
    at = opened("regularisation", {"epochs": "2", "branch_epoch": "3", "branch": "dropout-0.5"})
    (error,) = [each.value for each in at.error] + [each.value for each in at.warning]
    assert "branch_epoch must be below epochs, which is 2, not 3" in error.replace("\\", "")
    assert "Branched" not in texts(at)


@pytest.mark.parametrize("page", ["start", "overfitting", "initialisation"])
def test_other_pages_say_that_their_runs_have_no_branch(page: str) -> None:
    _, problems = LESSONS[page].parse({"branch": "dropout-0.5", "branch_epoch": "2"})
    assert len(problems) == 2
    assert all("is no parameter of this page" in problem for problem in problems)


PLAIN = tiny(epochs=6)
LATE = PLAIN.replace(branch={"penalty": "l2", "lam": 10.0}, branch_epoch=3)
OTHER = PLAIN.replace(branch={"optimizer": "lion"}, branch_epoch=3)
PLAINER = PLAIN.replace(branch={"optimizer": "sgd"}, branch_epoch=3)
ENTERED = PLAIN.replace(branch={"schedule": "cosine"}, branch_epoch=3)
WATCHED = PLAIN.replace(branch={"schedule": "plateau"}, branch_epoch=3)


@pytest.mark.parametrize(
    ("share", "config", "sections"),
    [
        (0.9, LATE, ["branch, higher", "branch, slots kept"]),
        (0.8, LATE, ["branch, alike", "branch, gap alike", "branch, slots kept"]),
        (0.7, LATE, ["branch, lower", "branch, slots kept"]),
        (0.9, OTHER, ["branch, higher", "branch, slots anew"]),
        (0.9, PLAINER, ["branch, higher", "branch, slots gone"]),
        (0.9, ENTERED, ["branch, slots kept", "branch, schedule entered"]),
        (0.9, WATCHED, ["branch, slots kept", "branch, plateau watches anew"]),
    ],
)
def test_what_is_said_of_a_branch(share: float, config: Any, sections: list[str]) -> None:
    trunk, branched = answering("trunk", 0.8, PLAIN), answering(BRANCHED, share, config)
    captions = branching.of_pair(trunk, branched)
    assert [c.section for c in captions if c.section in sections] == sections
    assert confirm(captions, [trunk, branched]) == 2
    first, *_ = (prose.text("regularisation", c.section, c.figures) for c in captions)
    assert leads(first)


GONE = synthetic(LATE, epochs=4, diverged=Divergence(5, 0, 0, "loss"))
# Training and validation accuracy of the trunk and of the branch.
GAPS = {
    "narrower": (0.95, 0.8),
    "alike": (0.99, 0.8),
    "wider": (0.99, 0.7),
    "below zero": (0.5, 0.8),
}


def test_every_caption_of_a_branch_is_said_of_some() -> None:
    trunk = answering("trunk", 0.8, PLAIN, train_accuracy=0.99)
    said = [
        *branching.of_pair(trunk, Shown(BRANCHED, GONE, None, 4)),
        *(
            caption
            for training, held_out in GAPS.values()
            for config in (LATE, OTHER, PLAINER, ENTERED, WATCHED)
            for caption in branching.of_pair(
                trunk, answering(BRANCHED, held_out, config, train_accuracy=training)
            )
        ),
        *branching.of_pair(trunk, answering(BRANCHED, 0.9, LATE, train_accuracy=0.99)),
        # What was trained elsewhere differs by rounding from the first epoch on.
        *branching.of_pair(trunk, answering(BRANCHED, 0.9, LATE, val_crossentropy=0.5)),
    ]
    # Beside a third run that stands there.
    branched = answering(BRANCHED, 0.8, LATE)
    for name, share in {"other": 0.7, "near": 0.801, "better": 0.9, "same": 0.8}.items():
        third = answering(name, share, PLAIN.replace(penalty="l2", lam=1.0))
        found = branching.of_pair(trunk, branched, third)
        (beside,) = (caption for caption in found if caption.section.startswith("branch beside"))
        assert confirm([beside], [trunk, branched, third]) == 1
        said += found
    own = {s for s in prose.sections(prose.SHARED) if s.startswith(("branch,", "branch beside"))}
    assert {caption.section for caption in said} == own
    for caption in said:
        leads(prose.text(prose.SHARED, caption.section, caption.figures))


def test_the_epoch_of_a_branch_can_be_swept_from_its_page() -> None:
    address = branch._swept(LATE)
    state, problems = LESSONS["sweep"].parse(address)
    assert not problems
    runs = list(LESSONS["sweep"].runs_of(state | {"seeds": 1}).values())
    assert [run.branch_epoch for run in runs] == [0, 1, 3, 4]
    assert runs[0] == LATE.after
    assert runs[2] == LATE


def test_the_branch_is_on_the_clock_of_every_picture() -> None:
    from fmviz.charts import film

    runs = [answering("trunk", 0.8, PLAIN), answering(BRANCHED, 0.9, LATE)]
    assert film.clock("page", runs, rest=4)["branch"] == 3
    assert "branch" not in film.clock("page", runs[:1])
    json.dumps(film.curves(runs, 6))


@pytest.mark.slow
@pytest.mark.parametrize("page", BRANCHES)
def test_what_the_picture_shows_leads_what_is_said_of_a_branch(
    page: str, engine: ScriptedEngine
) -> None:
    def script(configs: Sequence[RunConfig]) -> list[Update]:
        # New images are answered alike, training images by the branch alone worse.
        records = tuple(
            trained(config, "", 0.7 if config.branch else 1.0, 0.0, 0.7).record
            for config in configs
        )
        return [Update("done", records, ("store",) * len(configs), "", 0.0)]

    engine.script = script
    told = texts(with_branch(page))
    validation, gap = (told.index(part) for part in ("accuracy differs no more", "its gap ends"))
    assert (gap < validation) == (LESSONS[page].row == "gap")
