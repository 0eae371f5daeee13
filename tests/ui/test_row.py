"""The row below a page's main slider: what the store has of it, in sight when results may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from fmviz.lessons.catalogue import LESSONS
from fmviz.page.row import KnobRow, row_of
from fmviz.run.config import RunConfig
from fmviz.run.store import RECORDED_FOLDER, RunStore
from fmviz.ui import live
from fmviz.ui.panels import row as panel
from fmviz.words.numbers import points
from tests.support.lessons import made_up, opened
from tests.support.records import shipped, synthetic
from tests.support.scripted import ScriptedEngine

L2 = LESSONS["regularisation"]


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def row(**changes: Any) -> KnobRow:
    found = row_of(L2, L2.start | changes)
    assert found is not None
    return found


def chart(at: AppTest) -> Any:
    """The row's chart; None where there is none."""
    found = at.get("vega_lite_chart")
    return next((c.proto for c in found if "along the slider" in c.proto.alt), None)


def drawn(at: AppTest) -> pd.DataFrame:
    return pa.ipc.open_stream(chart(at).data.data).read_pandas()


def trained(at: AppTest) -> list[int]:
    rows = drawn(at)
    return sorted(rows[rows["kind"] == "trained"]["position"].astype(int))


def clocks(at: AppTest) -> int:
    return sum("fmviz.tick" in str(each.proto) for each in at.get("bidi_component"))


def recorded(row: KnobRow) -> list[int]:
    """The positions whose runs ship with fmviz."""
    return [
        index
        for index, position in enumerate(row.positions)
        if all((RECORDED_FOLDER / f"{c.key}.npz").exists() for c in position.runs.values())
    ]


def test_what_has_been_trained_is_drawn_and_the_rest_is_not(scripted: ScriptedEngine) -> None:
    at = opened("regularisation")
    here = row()
    assert len(recorded(here)) >= 3
    assert trained(at) == recorded(here)
    rows = drawn(at)
    for position in set(recorded(here)) - {0, here.at}:  # those are on the screen
        record = shipped(here.positions[position].runs["with penalty"])
        found = rows[(rows["position"] == position) & (rows["split"] == "validation")]
        assert found["accuracy"].tolist() == [record.at_end("val_accuracy")]
    assert rows[rows["kind"] == "present"]["position"].tolist() == [here.at]


def test_the_present_point_is_the_run_on_the_screen(scripted: ScriptedEngine) -> None:
    at = opened("regularisation", {"lam": "0.05"})
    rows, config = drawn(at), (L2.start | {"lam": 0.05}).config
    present = row(lam=0.05).at
    shown = made_up([config.baseline, config]).records[-1]
    assert shown is not None
    found = rows[(rows["position"] == present) & (rows["kind"] == "run")]
    assert found["accuracy"].tolist() == [
        shown.at_end("train_accuracy"),
        shown.at_end("val_accuracy"),
    ]
    assert points(shown.estimate("val_accuracy", shown.epochs)) in chart(at).alt


@pytest.fixture
def some(scripted: ScriptedEngine, tmp_path: Path) -> ScriptedEngine:
    """A store that has three of the row's positions, and nothing that ships."""
    scripted.store = RunStore(tmp_path / "some", recorded=None)
    for position in (0, 4, 7):
        for config in row().positions[position].runs.values():
            scripted.store.put(synthetic(config))
    return scripted


def test_every_position_of_a_lessons_main_slider_ships() -> None:
    at = opened("regularisation")
    assert trained(at) == [*range(len(row().positions))]
    assert clocks(at) == 0


def test_it_grows_with_the_store_and_asks_for_nothing(some: ScriptedEngine) -> None:
    at = opened("regularisation")
    before, asked = trained(at), len(some.asked)
    (new,) = row().positions[10].runs.values()
    some.store.put(synthetic(new), ahead=True)
    at.run()
    assert trained(at) == sorted([*before, 10])
    wanted = {config for configs in some.asked[asked:] for config in configs}
    assert wanted == set(L2.runs_of(L2.start).values())


def test_a_clock_strikes_only_while_something_is_missing(some: ScriptedEngine) -> None:
    at = opened("regularisation")
    assert clocks(at) == 1
    assert "so far" in " ".join(caption.value for caption in at.caption)
    for config in row().configs:
        some.store.put(synthetic(config))
    at.run()
    assert clocks(at) == 0
    assert len(trained(at)) == len(row().positions)
    assert "so far" not in " ".join(caption.value for caption in at.caption)


@pytest.mark.parametrize(
    "query",
    [
        {"vault": "true"},  # nobody has chosen to try these networks
        {"lock": "lam"},
        {"lock": "all"},
        {"train_size": "3000"},  # nothing but the present run is known
    ],
    ids=lambda query: "-".join(query.values()),
)
def test_there_is_no_row_where_it_would_show_what_was_not_tried_or_cannot_be(
    query: dict[str, str],
) -> None:
    assert chart(opened("regularisation", query)) is None


@pytest.mark.parametrize("query", [{}, {"hide": "true", "lam": "50"}])
def test_a_row_waits_for_the_guess(query: dict[str, str]) -> None:
    at = opened("regularisation", query, guesses=True)
    assert chart(at) is None
    assert clocks(at) == 0
    at.button(key="regularisation/guess 0").click().run()
    assert chart(at) is not None


def test_it_is_judged_as_the_page_judges_its_runs() -> None:
    at = opened("regularisation", {"patience": "2"})
    assert "as early stopping leaves it" in behind(at)
    assert "as early stopping" not in behind(opened("regularisation"))


def behind(at: AppTest) -> str:
    """What stands behind the small print of a page."""
    return " ".join(caption.proto.help for caption in at.caption)


def test_each_of_several_runs_has_its_point() -> None:
    rows = drawn(opened("optimizers"))
    at_present = rows[(rows["kind"] == "run") & rows["accuracy"].notna()]
    assert set(at_present["run"]) == {"SGD", "Adam", "SGD + momentum", "RMSprop"}
    assert set(at_present["split"]) == {"validation"}


def test_a_store_is_asked_once_for_what_it_has(tmp_path: Path) -> None:
    store = RunStore(tmp_path, recorded=None)
    config = RunConfig(epochs=1, train_size=100)
    store.put(synthetic(config))
    found = panel.outlines(store).find(config)
    assert panel.outlines(store).find(config) is found
