"""The locked test vault: what has been tried, looks counted, the last word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from fmviz.analysis.stopping import Shown
from fmviz.charts.vault import vault_rows
from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.page import vault_words as words
from fmviz.page.vault import Tried, Vault, drop
from fmviz.run.config import RunConfig
from fmviz.run.measure import accuracy
from fmviz.run.record import Divergence
from fmviz.ui import live
from fmviz.words import prose
from fmviz.words.prose import SHARED
from tests.support import records
from tests.support.lessons import every_section, made_up, opened, texts
from tests.support.records import shown, synthetic, tiny
from tests.support.scripted import ScriptedEngine


def tried(validation: float, test: float, seed: int = 0) -> Tried:
    config = RunConfig(seed=seed)
    return Tried(config, 29, accuracy(validation, 2_500), accuracy(test, 5_000), 5_000)


def said(vault: Vault) -> str:
    return " ".join(prose.text(SHARED, c.section, c.figures) for c in words.opened(vault))


def runs(count: int) -> list[Shown]:
    return [shown(0.9, 0.8, config=tiny(seed=seed)) for seed in range(count)]


def untested(run: Shown) -> Shown:
    return run._replace(record=records.untested(run.record))


def test_a_network_counts_once_however_often_it_is_seen() -> None:
    vault = Vault().saw(runs(2)).saw(runs(3)).saw(runs(1))
    assert [each.config.seed for each in vault.tried] == [0, 1, 2]
    record = runs(1)[0].record
    first = vault.tried[0]
    assert first.validation == record.estimate("val_accuracy", first.epoch)
    assert vault.saw(runs(2)) is vault


@pytest.mark.parametrize(("epoch", "chosen"), [(3, False), (1, True)])
def test_an_epoch_before_the_last_was_chosen_on_validation(epoch: int, chosen: bool) -> None:
    (run,) = runs(1)
    text = said(Vault().saw([run._replace(kept=epoch)]).open().judged([run.record]))
    assert ("Nothing was chosen" in text) != chosen
    assert (f"Its epoch, {epoch}, was chosen on validation" in text) == chosen


def test_networks_are_judged_when_the_vault_is_opened() -> None:
    first, second = runs(2)
    vault = Vault().saw([untested(first), untested(second), untested(first)._replace(kept=1)])
    assert vault.unjudged == (first.record.config, second.record.config)
    with pytest.raises(ValueError, match="have not been measured"):
        _ = vault.tried[0].score
    half = vault.open().judged([first.record])
    assert half.unjudged == (second.record.config,)
    whole = half.judged([second.record])
    assert whole.unjudged == ()
    for each, run in zip(whole.tried, (first, second, first), strict=True):
        assert each.score == run.record.estimate("test_accuracy", each.epoch)
        assert each.images == 5_000


def test_another_epoch_of_a_network_is_another_choice() -> None:
    (run,) = runs(1)
    vault = Vault().saw([run, run._replace(kept=1), run._replace(kept=0)])
    assert [each.epoch for each in vault.tried] == [run.kept, 1]


def test_looks_are_counted_once_for_the_same_networks() -> None:
    first, second = RunConfig(), RunConfig(seed=1)
    vault = Vault().peek([first]).peek([first])
    assert len(vault.peeked) == 1
    assert vault.shows((first.key,))
    assert not vault.shows((second.key,))
    assert len(vault.peek([first, second]).peeked) == 2


def test_open_it_shows_everything_and_counts_no_more() -> None:
    vault = Vault().saw(runs(1)).open()
    assert vault.shows(("whatever",))
    assert vault.peek([RunConfig()]) is vault
    assert vault.saw(runs(3)) is vault


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12))
def test_the_best_is_chosen_on_validation_alone(scores: list[tuple[float, float]]) -> None:
    vault = Vault(tuple(tried(v, t, i) for i, (v, t) in enumerate(scores)))
    assert vault.best.validation.value == max(v for v, _ in scores)
    assert drop(vault.best).value == pytest.approx(
        vault.best.validation.value - vault.best.score.value
    )
    assert "{{" not in said(vault)
    rows = vault_rows(vault, [str(i) for i in range(len(scores))]).table.to_pandas()
    assert (rows["kind"] == "best on validation").sum() == sum(e == vault.best for e in vault.tried)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([(0.85, 0.84)], "You tried one network: 85.0 ± 0.7% on validation, 84.0 ± 0.5% on 5,000"),
        ([(0.85, 0.845), (0.8, 0.8)], "differ by 0.5 ± 0.9 points,\nwhich could be chance"),
        ([(0.87, 0.84), (0.8, 0.8)], "3.0 ± 0.8 points less"),
        ([(0.80, 0.84), (0.7, 0.7)], "4.0 ± 1.0 points more"),
        ([(0.86, 0.83), (0.85, 0.84)], "the other one scores higher than"),
        ([(0.86, 0.84), (0.85, 0.83)], "the other one scores no higher."),
        ([(0.86, 0.83), (0.85, 0.84), (0.7, 0.7)], "one of the other 2 scores higher than"),
        ([(0.86, 0.83), (0.85, 0.84), (0.8, 0.84)], "2 of the other 2 score higher than"),
        ([(0.86, 0.84), (0.8, 0.8), (0.7, 0.7)], "none of the other 2 scores higher."),
    ],
)
def test_the_last_word_is_true_of_the_figures(
    scores: list[tuple[float, float]], expected: str
) -> None:
    vault = Vault(tuple(tried(v, t, i) for i, (v, t) in enumerate(scores)), opened=True)
    assert expected in said(vault)
    assert "You never looked" in said(vault)


def test_an_epoch_that_was_chosen_is_said_to_flatter() -> None:
    one = tried(0.85, 0.84)
    for epoch, word in ((one.config.epochs, "Nothing was chosen"), (3, "Its epoch, 3, was chosen")):
        assert word in said(Vault((one._replace(epoch=epoch),), opened=True))


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def button(at: AppTest, page: str, what: str) -> Any:
    return at.button(key=f"{page}/vault {what}")


@pytest.mark.slow
def test_a_class_with_a_vault_sees_no_test_figure_before_it_looks(
    scripted: ScriptedEngine,
) -> None:
    at = opened("regularisation", {"vault": "true", "test": "true"})
    assert "of 5,000 test images" not in texts(at)
    assert "judged 2 networks" in texts(at)
    assert "have not looked" in texts(at)
    button(at, "regularisation", "look").click().run()
    assert "with 1 look into" in texts(at)
    assert texts(at).count("of 5,000 test images.") >= 2
    assert button(at, "regularisation", "look").disabled
    # Other networks are other test figures.
    at.button(key="regularisation/preset l1").click().run()
    assert "of 5,000 test images" not in texts(at)
    assert not button(at, "regularisation", "look").disabled
    # On every page, and open once for all.
    at.switch_page("pages/dropout.py").run()
    assert at.query_params["vault"] == "true"
    assert "with 1 look into" in texts(at)
    button(at, "dropout", "open").click().run()
    assert "The vault is open" in texts(at)
    assert "You took 1 look before" in texts(at)
    assert not at.exception


def test_a_vault_with_nothing_tried_cannot_be_opened_for_good(
    scripted: ScriptedEngine,
) -> None:
    def broken(configs: Any) -> list[Update]:
        done = made_up(configs)
        gone = [synthetic(c, epochs=0, diverged=Divergence(1, 1, 0, "loss")) for c in configs]
        made = [replace(g, made=r.made) for g, r in zip(gone, done.records) if r is not None]
        return [replace(done, records=tuple(made))]

    scripted.script = broken
    at = opened("regularisation", {"vault": "true"})
    assert not at.exception
    assert "judged 0 networks" in texts(at)
    assert button(at, "regularisation", "open").disabled


def test_without_a_vault_there_is_none(scripted: ScriptedEngine) -> None:
    assert "vault" not in texts(opened("regularisation", {"test": "true"})).lower()


# A figure that nothing else on a page has.
TELLTALE = 0.6173


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in LESSONS if "test" in LESSONS[name].start])
def test_no_page_shows_a_test_figure_while_the_vault_is_sealed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ScriptedEngine(lambda configs: [made_up(configs, test_accuracy=TELLTALE)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    free = opened(name, {"test": "true"})
    seen = any("61.7" in texts(free) for _ in every_section(free, name))
    assert seen or name in ("initialisation", "optimizers", "schedules", "your_garment")
    sealed = opened(name, {"test": "true", "vault": "true"})
    for section in every_section(sealed, name):
        assert "61.7" not in texts(sealed), section
