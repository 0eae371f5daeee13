"""The popover of files on every lesson's page, with a scripted engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import nbformat
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fmviz.analysis.stopping import look
from fmviz.engine.watch import Update
from fmviz.export import chart_files, tables
from fmviz.export.chart_files import Chart
from fmviz.lessons.catalogue import LESSONS
from fmviz.run.choices import PENALTIES, SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.record import Divergence
from fmviz.ui import live, take_home
from fmviz.words import prose
from fmviz.words import taking_home as words
from tests.support.lessons import made_up, opened, texts
from tests.support.markdown import errors
from tests.support.records import synthetic
from tests.support.scripted import ScriptedEngine, first_epochs

# A sweep offers files of its own.
PAGES = [name for name in LESSONS if name not in ("start", "sweep")]
LESSON = LESSONS["regularisation"]
RUNS = LESSON.runs_of(LESSON.start)
CONFIG = list(RUNS.values())[-1]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, Callable[[], bytes] | bytes]]:
    """What the download buttons of the page's last run give: label → file name, content."""
    offered: dict[str, tuple[str, Callable[[], bytes] | bytes]] = {}

    def note(_: object, label: str, name: str, mime: str, make: Any) -> None:
        offered[label] = name, make

    monkeypatch.setattr(take_home, "_download", note)
    return offered


def content(offered: tuple[str, Callable[[], bytes] | bytes]) -> bytes:
    made = offered[1]
    return made if isinstance(made, bytes) else made()


def button(at: AppTest) -> Any:
    return at.button(key="regularisation/take home make the network")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_lesson_can_be_taken_home(
    page: str, scripted: ScriptedEngine, monkeypatch: pytest.MonkeyPatch, files: dict[str, Any]
) -> None:
    drawn: list[Chart] = []

    def zipped(charts: list[Chart], subtitle: list[str], dark: bool) -> bytes:
        drawn[:] = charts
        assert subtitle
        return b"zip"

    monkeypatch.setattr(chart_files, "zipped", zipped)
    at = opened(page)
    assert prose.text("take_home", "not yet") not in texts(at)
    assert set(files) == {
        "Keras notebook",
        "PyTorch notebook",
        "History",
        "What its columns are",
        "Figures",
        "What their columns are",
        "Charts",
    }
    names = [name for name, _ in files.values()]
    assert len(set(names)) == len(names)
    for label in files:
        assert content(files[label])
    # Each chart once, with what it shows.
    alts = [chart.proto.alt for chart in at.get("vega_lite_chart")]
    assert sorted(chart.title for chart in drawn) == sorted(alts)
    assert all(len(chart.rows) for chart in drawn)


def test_no_file_has_a_test_figure_while_the_vault_is_sealed(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, Any]
) -> None:
    engine = ScriptedEngine(lambda configs: [made_up(configs, test_accuracy=0.6173)])
    monkeypatch.setattr(live, "engine", lambda: engine)

    def written() -> dict[str, bool]:
        return {label: b"0.6173" in content(files[label]) for label in files if label != "Charts"}

    opened("regularisation", {"test": "true"})
    assert sum(written().values()) == 4  # notebooks, history, figures
    opened("regularisation", {"test": "true", "vault": "true"})
    assert not any(written().values())


def test_a_sweep_can_be_taken_home_as_a_picture(
    scripted: ScriptedEngine, monkeypatch: pytest.MonkeyPatch, files: dict[str, Any]
) -> None:
    drawn: list[Chart] = []

    def zipped(charts: list[Chart], subtitle: list[str], dark: bool) -> bytes:
        drawn[:] = charts
        assert len(subtitle) == 1
        # What is swept is not shared.
        assert "20% wrong labels" in subtitle[0]
        assert "λ" not in subtitle[0]
        return b"zip"

    monkeypatch.setattr(chart_files, "zipped", zipped)
    at = opened("sweep")
    assert set(files) >= {"Charts"}
    assert not {"Keras notebook", "History"} & set(files)
    assert content(files["Charts"]) == b"zip"
    (chart,) = at.get("vega_lite_chart")
    assert [each.title for each in drawn] == [chart.proto.alt]


def test_the_files_are_those_of_the_chosen_run(
    scripted: ScriptedEngine, files: dict[str, Any]
) -> None:
    at = opened("regularisation", {"patience": "2", "test": "true"})
    records = made_up(list(RUNS.values())).records
    view = (LESSON.start | {"patience": 2}).view.judging
    runs = [
        look(record, role, **view.early_stopping)
        for role, record in zip(RUNS, records, strict=True)
        if record is not None
    ]
    for index in (1, 0):
        own, stem = runs[index], tables.stem(list(RUNS.values())[index])
        assert files["History"][0] == f"{stem}-history.csv"
        assert content(files["History"]) == tables.history(own.record).csv()
        assert content(files["Figures"]) == tables.figures(runs, 1e-3, test=True).csv()
        for kind, label in (("keras", "Keras notebook"), ("pytorch", "PyTorch notebook")):
            assert files[label][0] == f"{stem}-{kind}.ipynb"
            nbformat.validate(nbformat.reads(content(files[label]).decode(), 4))
        assert words.sentence(own.record.config) in texts(at)
        assert "3. Choose *Runtime → Run all*" in texts(at)
        (choice,) = (box for box in at.selectbox if "/take home " in str(box.key))
        choice.set_value(next(iter(RUNS))).run()
    assert not at.exception


def test_test_figures_go_home_only_where_they_are_shown(
    scripted: ScriptedEngine, files: dict[str, Any]
) -> None:
    opened("regularisation")
    assert b"test_accuracy" not in content(files["Figures"])


def test_runs_that_have_not_ended_are_said_not_to_have(
    scripted: ScriptedEngine, files: dict[str, Any]
) -> None:
    def unfinished(configs: Any) -> list[Update]:
        done = made_up(configs)
        records = tuple(first_epochs(record, 1) for record in done.records if record is not None)
        return [replace(done, state="training", records=records)]

    scripted.script = unfinished
    at = opened("regularisation")
    assert prose.text("take_home", "not yet") in texts(at)
    assert files == {}
    scripted.script = lambda configs: [*unfinished(configs), made_up(configs)]
    at.run()
    assert prose.text("take_home", "not yet") not in texts(at)
    assert "History" in files
    files.clear()
    scripted.script = lambda configs: [replace(unfinished(configs)[0], state="failed", message="x")]
    at.run()
    assert prose.text("take_home", "failed") in texts(at)
    assert files == {}


def test_a_network_is_made_on_request(scripted: ScriptedEngine, files: dict[str, Any]) -> None:
    at = opened("regularisation")
    assert scripted.ordered == []
    button(at).click().run()
    assert not at.exception
    ((config, name, epoch, weights),) = scripted.ordered
    assert (config, epoch) == (CONFIG, CONFIG.epochs)
    assert name == tables.stem(CONFIG, f"epoch{CONFIG.epochs}")
    record = made_up(list(RUNS.values())).records[-1]
    assert record is not None
    for given, own in zip(weights, record.weights, strict=True):
        np.testing.assert_array_equal(given, own)
    assert files["Download the network"] == (f"{name}.keras", b"file")
    # It is of that run and epoch alone.
    files.clear()
    at.query_params["seed"] = "1"
    at.run()
    assert "Download the network" not in files
    assert button(at)


def test_weights_that_are_not_kept_are_trained_again_and_said_to_be(
    scripted: ScriptedEngine, files: dict[str, Any]
) -> None:
    def script(configs: Any) -> list[Update]:
        epochs = configs[0].epochs
        falling = np.linspace(2, 1, epochs)
        early = abs(np.arange(epochs) - 4.0)
        return [made_up(configs, val_crossentropy=falling, val_loss=early)]

    scripted.script = script
    at = opened("regularisation", {"patience": "3"})
    assert "No weights of epoch 5 are kept" in texts(at)
    button(at).click().run()
    assert scripted.ordered[-1][2:] == (5, ())
    assert files["Download the network"][0].endswith("-epoch5.keras")
    assert "No weights of epoch 5 are kept" not in texts(at)


def test_records_without_weights_are_trained_again(scripted: ScriptedEngine) -> None:
    def brief(configs: Any) -> list[Update]:
        done = made_up(configs)
        return [replace(done, records=tuple(r.brief() for r in done.records if r is not None))]

    scripted.script = brief
    at = opened("optimizers")
    assert "kept, so the run is first trained again up to there" in texts(at)
    at.button(key="optimizers/take home make the network").click().run()
    config, _, epoch, weights = scripted.ordered[-1]
    assert (epoch, weights) == (config.epochs, ())


def test_a_network_that_cannot_be_made_is_explained(
    scripted: ScriptedEngine, files: dict[str, Any]
) -> None:
    scripted.file = "the worker process ended"
    at = opened("regularisation")
    button(at).click().run()
    assert errors(at) == ["No file: the worker process ended."]
    assert "Download the network" not in files
    # Another run of the page does not ask for it again.
    at.run()
    assert not at.error
    assert button(at).label == "Make the .keras file"
    button(at).click().run()
    assert button(at).label == "Try again"
    scripted.file = b"file"
    button(at).click().run()
    assert not at.error
    assert "Download the network" in files


def test_a_run_that_diverged_at_once_has_no_network(
    scripted: ScriptedEngine, files: dict[str, Any]
) -> None:
    def broken(configs: Any) -> list[Update]:
        done = made_up(configs)
        gone = synthetic(configs[-1], epochs=0, diverged=Divergence(1, 2, 0, "loss"))
        gone = replace(gone, made=done.records[0].made)  # type: ignore[union-attr]
        return [replace(done, records=(*done.records[:-1], gone))]

    scripted.script = broken
    at = opened("regularisation")
    assert not at.exception
    assert prose.text("take_home", "no epoch") in texts(at)
    assert "Keras notebook" not in files
    assert content(files["History"]).count(b"\r\n") == 2


def captions() -> Iterator[tuple[RunConfig, bool]]:
    for penalty in PENALTIES:
        for schedule in SCHEDULES:
            for kept in (True, False):
                yield RunConfig(penalty=penalty, lam=1.0, schedule=schedule), kept


def test_what_a_file_leaves_out_is_said_of_the_runs_that_have_it() -> None:
    spoken = set()
    for config, kept in captions():
        found = words.model_file(config, 3, kept, 1.0)
        sections = {caption.section for caption in found}
        spoken |= sections
        for caption in found:
            assert "{{" not in prose.text("take_home", caption.section, caption.figures)
        assert ("model trained again" in sections) != kept
        assert ("model without proximal step" in sections) == (config.penalty == "l1_proximal")
        assert ("model decays biases" in sections) == (config.penalty == "weight_decay")
        assert ("model without plateau" in sections) == (config.schedule == "plateau")
    framed = {"not yet", "failed", "no epoch", "notebooks", "colab", "charts"}
    assert set(prose.sections("take_home")) == spoken | framed


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_a_file_leaves_out_what_was_in_force_in_its_epoch(epoch: int) -> None:
    kinds = ("l1_proximal", "weight_decay", "none")
    for before, after in permutations(kinds, 2):
        for schedule in ("constant", "plateau"):
            change = {"penalty": after, "lam": 1.0, "schedule": schedule}
            config = RunConfig(penalty=before, lam=1.0, epochs=4, branch=change, branch_epoch=2)
            own = config.in_epoch(epoch)
            assert words.model_file(config, epoch, True, 1.0) == words.model_file(
                own, epoch, True, 1.0
            )


def test_runs_are_told_apart_by_what_differs() -> None:
    base = RunConfig()
    assert words.lines({"one": base}) == [words.sentence(base)]
    noisy = base.replace(label_noise=0.2, hidden=(), penalty="l1_l2", lam=3.0, l1_share=0.25)
    first, second, third = words.lines({"plain": base, "noisy": noisy})
    assert first == "plain: no penalty, no wrong labels, 784-128-10 tanh"
    assert second == "noisy: L1 + L2, λ = 3, 25% of it L1, 20% wrong labels, 784-10"
    assert third.startswith("All: 5,000 training images, normal start, σ = 0.05, Adam")
    # A role that says it needs no line.
    racers = {"SGD": base.replace(optimizer="sgd"), "Adam": base}
    assert [line.split(":")[0] for line in words.lines(racers)] == ["All"]
    assert words.lines({"a": base, "b": base}) == [words.sentence(base)]


def test_a_setting_without_words_of_its_own_is_told_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(words, "_IN_WORDS", words._IN_WORDS - {"label_noise"})
    told = words.sentence(RunConfig(label_noise=0.2))
    assert told.endswith("seed 0, label noise 20%")
    assert words.sentence(RunConfig()).endswith("seed 0")
