"""The strip of the one image, where the runs of a page have their weights and where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from fmviz.run.config import RunConfig
from fmviz.ui import live
from tests.support.lessons import made_up, opened, texts
from tests.support.scripted import ScriptedEngine, ScriptedWatch


class WithoutWeights(ScriptedEngine):
    """Its runs are recorded without weights, and trained where those are wanted."""

    def __init__(self) -> None:
        super().__init__(lambda configs: [made_up(configs)])
        self.brief: list[bool] = []

    def watch(
        self,
        configs: Sequence[RunConfig],
        *,
        brief: bool = False,
        test: bool = False,
        outline: bool = False,
        retrain: bool = False,
    ) -> ScriptedWatch:
        self.brief.append(brief)
        update = made_up(configs)
        if brief:
            records = tuple(each.brief() for each in update.records if each is not None)
            update = replace(update, records=records)
        return ScriptedWatch([update])


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> WithoutWeights:
    engine = WithoutWeights()
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def test_weights_are_trained_where_the_reader_asks_how_sure_a_network_is(
    engine: WithoutWeights,
) -> None:
    at = opened("overfitting")
    assert all(engine.brief)
    assert "the record has answers but no weights" in texts(at)
    assert not at.get("progress")
    at.button(key="overfitting/garment").click().run()
    assert not at.exception
    assert not engine.brief[-1]
    assert "answers but no weights" not in texts(at)
    assert len(at.get("progress")) == 2
    assert "overfitting/garment" not in [button.key for button in at.button]
    # Other runs have yet to be asked for.
    at.query_params["seed"] = "9"
    at.run()
    assert engine.brief[-1]
    assert "the record has answers but no weights" in texts(at)


def test_where_a_panel_has_the_weights_trained_nobody_needs_to_ask(engine: WithoutWeights) -> None:
    at = opened("dropout", {"section": "mask"})
    assert engine.brief[-2:] == [True, False]
    assert len(at.get("progress")) == 2
    assert "dropout/garment" not in [button.key for button in at.button]
