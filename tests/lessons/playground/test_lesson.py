"""The playground: every setting has a control, every panel draws, what goes wrong is explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fmviz.charts import layers as charts
from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.page.address import choices
from fmviz.run import measure
from fmviz.run.config import RunConfig
from fmviz.run.record import Divergence
from fmviz.run.settings import SETTINGS
from fmviz.ui import live
from fmviz.ui.panels.layers import most_confused
from fmviz.words import diagnosis
from fmviz.words.prose import Caption
from tests.support.lessons import check_prose, drawn_rows, made_up, opened, plain
from tests.support.markdown import errors
from tests.support.records import synthetic
from tests.support.scripted import ScriptedEngine
from tests.support.trained import as_shown
from tests.support.verdicts import check_verdicts

LESSON = LESSONS["playground"]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    engine = ScriptedEngine(lambda configs: [made_up(configs)])
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine


def confused() -> Caption:
    return most_confused(np.array([[5, 2], [1, 9]]))


def test_prose_is_whole() -> None:
    branches = {
        "answers": confused,
        "answers, all right": lambda: most_confused(np.eye(10, dtype=np.int64)),
    }
    check_prose("playground", branches, {"layers": set(), "distributions": {"images"}})
    of_page = {
        "layers": lambda: Caption("layers", {}),
        "distributions": lambda: Caption("distributions", {"images": "500"}),
    }
    check_verdicts("playground", branches | of_page)


def test_every_setting_of_a_run_has_a_control(scripted: ScriptedEngine) -> None:
    at = opened("playground", {"penalty": "l1_l2", "schedule": "polynomial"})
    other = opened("playground", {"schedule": "plateau"})
    third = opened("playground", {"schedule": "warmup"})
    fourth = opened("playground", {"schedule": "step"})
    keys = {
        str(widget.key)
        for page in (at, other, third, fourth)
        for kind in ("select_slider", "selectbox", "number_input", "radio", "text_input", "toggle")
        for widget in getattr(page, kind)
    }
    controls = {key.removeprefix("playground.") for key in keys}
    # Widths are typed, and what is in no group is set another way.
    grouped = {field for field, row in SETTINGS.items() if row.group is not None}
    assert grouped - {"hidden"} <= controls
    assert "playground/hidden as text" in keys


@pytest.mark.slow
@pytest.mark.parametrize("section", choices(LESSON.view, "section"))
@pytest.mark.parametrize(
    "query", [{}, {"hidden": "none"}, {"hidden": "16-8", "activation": "relu"}]
)
def test_every_panel_draws(scripted: ScriptedEngine, section: str, query: dict[str, str]) -> None:
    at = opened("playground", {"section": section, **query})
    assert not at.exception
    assert len(at.get("vega_lite_chart")) >= 3


def test_an_unknown_section_is_explained(scripted: ScriptedEngine) -> None:
    at = opened("playground", {"section": "secrets"})
    assert "section must be one of layers, answers, distributions" in errors(at)[0]


def test_confusion_counts_pairs() -> None:
    rng = np.random.default_rng(1)
    truth, answers = rng.integers(0, 10, (2, 400))
    expected = Counter(zip(truth.tolist(), answers.tolist(), strict=True))
    matrix = measure.confusion(truth, answers, 10)
    assert {pair: int(matrix[pair]) for pair in np.ndindex(10, 10) if matrix[pair]} == expected
    rows = charts.matrix_rows(matrix).table.to_pandas()
    assert rows.groupby("truth")["share"].sum().round(9).eq(1).all()
    assert confused().figures["count"] == "2"


def test_the_presets_do_what_their_words_say() -> None:
    runs = {p.name: LESSON.runs_of(LESSON.state_of(p)) for p in LESSON.presets}
    wanted = {name: list(runs[name].values())[-1] for name in ("deep", "exploding")}
    deep, exploding = as_shown(list(wanted.values()))
    # Through five layers of σ = 0.01 next to nothing passes before training.
    assert deep.start_layers["gradient_norm"].max() < diagnosis.VANISHED
    assert deep.at("val_accuracy", 1) < 0.3
    assert deep.at_end("val_accuracy") > 0.6
    assert exploding.diverged is not None
    sections = [caption.section for caption in diagnosis.diverged(exploding)]
    assert sections == ["diverged", "diverged from the start"]


def test_the_run_before_stands_behind_the_present_one(scripted: ScriptedEngine) -> None:
    def ghosts(at: AppTest) -> int:
        # The row's chart stands above it, at the left.
        tables = [drawn_rows(chart) for chart in at.get("vega_lite_chart")]
        return sum(int((rows["kind"] == "ghost").sum()) for rows in tables if "kind" in rows)

    at = opened("playground")
    assert not ghosts(at)
    lam = next(s for s in at.select_slider if s.key == "playground.lam")
    lam.set_value(1.0).run()
    assert not at.exception
    epochs = LESSON.start.config.epochs
    assert ghosts(at) == 2 * epochs
    # What only looks at a run leaves no trace.
    next(s for s in at.select_slider if s.key == "playground.tolerance").set_value(1e-2).run()
    assert ghosts(at) == 2 * epochs


def test_what_went_wrong_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(configs: Sequence[RunConfig]) -> list[Update]:
        broken = [synthetic(c, epochs=1, diverged=Divergence(2, 1, 0, "weight")) for c in configs]
        return [Update("done", tuple(broken), ("store",) * len(broken), "", 0.0)]

    engine = ScriptedEngine(gone)
    monkeypatch.setattr(live, "engine", lambda: engine)
    at = opened("playground")
    said = [plain(each.value) for each in at.markdown]
    assert said.index("**This run diverged in epoch 2.**") < 6
    assert any(plain(each.value).startswith("The likely cause") for each in at.caption)
