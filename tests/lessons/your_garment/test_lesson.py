"""The page on a reader's own garment: what is given, what networks see of it, what they say."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from fmviz.analysis.replies import replies
from fmviz.analysis.stopping import Shown
from fmviz.engine.watch import Update
from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.your_garment import charts, says
from fmviz.lessons.your_garment.drawings import DRAWINGS, LABELS
from fmviz.page.address import choices
from fmviz.pictures import strokes
from fmviz.pictures.own import Given, of_drawing
from fmviz.pictures.preparing import prepare
from fmviz.pictures.strokes import Stroke
from fmviz.run.data import CLASS_NAMES
from fmviz.run.store import RunStore
from fmviz.ui import live
from fmviz.ui.session import KEY
from fmviz.words import replies as words
from fmviz.words.prose import Caption
from tests.support.lessons import check_prose, check_words, drawn_rows, opened, texts
from tests.support.markdown import errors
from tests.support.records import shown, tiny
from tests.support.scripted import ScriptedEngine, shipping

NAME = "your_garment"
LESSON = LESSONS[NAME]


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """The runs that ship, as the real engine finds them."""
    engine = shipping()
    monkeypatch.setattr(live, "engine", lambda: engine)
    return engine.store


@pytest.fixture
def runs(store: RunStore) -> list[Shown]:
    found = []
    for role, config in LESSON.runs_of(LESSON.start).items():
        record = store.get(config)
        assert record is not None
        found.append(Shown(role, record, None, record.epochs))
    return found


def told_of(ground: int, garment: int) -> Callable[[], Caption]:
    grey = np.pad(np.full((40, 30), garment, np.uint8), 20, constant_values=ground)
    return lambda: says.prepared(_given(np.repeat(grey[..., None], 3, axis=2)))


def _given(colours: np.ndarray) -> Given:
    return Given(colours, prepare(colours))


BRANCHES: dict[str, Callable[[], Caption]] = {
    "prepared": told_of(255, 30),
    "prepared, dark paper": told_of(0, 200),
    "networks": lambda: says.networks([shown(0.9, 0.8, config=tiny())]),
}
OF_PAGE: dict[str, set[str]] = {
    name: set() for name in ("nothing yet", "upload note", "camera note", "marks", "marks, masked")
}


def test_prose_is_whole() -> None:
    check_prose(NAME, BRANCHES, OF_PAGE)
    check_words(NAME, BRANCHES)


def test_every_drawing_is_offered_and_each_is_a_good_one() -> None:
    assert set(choices(LESSON.view, "example")) == set(LABELS) == {"yours", *DRAWINGS}
    for name, drawing in DRAWINGS.items():
        assert strokes.read(strokes.written(drawing)) == drawing
        assert of_drawing(drawing).prepared.grey.any(), name
        flat = np.array([n for stroke in drawing for n in stroke.points])
        assert flat.min() >= 0
        assert flat.max() <= strokes.UNITS
    left, right = (of_drawing(DRAWINGS[n]).prepared.grey for n in ("sneaker", "mirrored"))
    assert np.abs(left.astype(int) - right[:, ::-1]).mean() < 6


def test_the_guess_is_about_what_the_networks_say(runs: list[Shown]) -> None:
    pixels = of_drawing(DRAWINGS["outline"]).prepared.pixels
    right = sum(CLASS_NAMES[r.answer] == "T-shirt/top" for r in replies(runs, pixels))
    assert LESSON.answer is not None
    assert LESSON.answer(runs) == 2 - right


def seen_by(at: AppTest) -> np.ndarray:
    """The picture of what networks see that the page shows, 28 × 28."""
    (address,) = [
        image.proto.imgs[0].url for image in at.get("image") if "28 × 28" in image.proto.imgs[0].alt
    ]
    picture = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    return np.asarray(picture.resize((28, 28), Image.Resampling.NEAREST))


@pytest.mark.slow
def test_the_page_opens_on_a_drawing_and_says_what_the_networks_say(runs: list[Shown]) -> None:
    at = opened(NAME)
    given = of_drawing(DRAWINGS["outline"])
    found = replies(runs, given.prepared.pixels)
    assert words.text(words.verdict(found)) in texts(at)
    assert "how sure they are does not say how right they" in texts(at)
    np.testing.assert_array_equal(seen_by(at), given.prepared.grey)
    (chart,) = at.get("vega_lite_chart")
    rows = drawn_rows(chart)
    for reply in found:
        off = rows[(rows["kind"] == "off") & (rows["run"] == reply.run)]
        np.testing.assert_allclose(off["share"], reply.off, atol=1e-6)
        on = rows[(rows["kind"] == "on") & (rows["run"] == reply.run)]
        assert reply.on is not None
        # Marks that nobody would see are left out.
        seen = np.maximum(reply.off, reply.on.means) >= charts.SEEN
        assert 1 < seen.sum() < 10
        np.testing.assert_allclose(on["share"], reply.on.means[seen], atol=1e-6)
        np.testing.assert_allclose(on["high"] - on["share"], reply.on.errors[seen], atol=1e-6)
    for run in runs:
        assert f"*{run.name}* " in texts(at)


def test_without_dropout_there_are_bars_alone(runs: list[Shown]) -> None:
    pixels = of_drawing(DRAWINGS["bag"]).prepared.pixels
    (reply, _) = replies(runs, pixels)
    kinds = {row["kind"] for row in charts.answers_rows([reply._replace(on=None)]).values}
    assert kinds == {"off", "label"}


def draw(at: AppTest, *drawing: Stroke) -> AppTest:
    """What the paper's callback does as a stroke ends."""
    at.session_state[KEY].own.draw(drawing)
    at.pills(key=f"{NAME}.example").set_value("yours").run()
    assert not at.exception
    return at


def test_what_is_drawn_is_answered_and_stands_in_no_address(runs: list[Shown]) -> None:
    at = opened(NAME)
    line = Stroke(points=(200, 300, 800, 700), width=80)
    draw(at, line)
    given = of_drawing((line,))
    np.testing.assert_array_equal(seen_by(at), given.prepared.grey)
    assert words.text(words.verdict(replies(runs, given.prepared.pixels))) in texts(at)
    assert dict(at.query_params) in ({"example": "yours"}, {"example": ["yours"]})
    # It is there again after a walk to another page.
    at.switch_page("pages/start.py").run()
    at.switch_page(f"pages/{NAME}.py").run()
    np.testing.assert_array_equal(seen_by(at), given.prepared.grey)


def test_empty_paper_asks_for_a_garment() -> None:
    at = opened(NAME, {"example": "yours"})
    assert not at.exception
    assert "Draw a garment, upload a picture" in texts(at)
    assert not at.get("vega_lite_chart")


def png(grey: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()


DARK_AREA = np.pad(np.full((40, 30), 20, np.uint8), 20, constant_values=250)


def test_a_file_is_answered_and_one_that_cannot_be_used_gets_a_sentence(
    runs: list[Shown],
) -> None:
    at = opened(NAME, {"source": "upload"})
    assert not at.get("vega_lite_chart")
    uploads = at.file_uploader(key=f"{NAME}/upload")
    uploads.set_value(("a.png", png(DARK_AREA), "image/png")).run()
    assert not at.exception
    own = at.session_state[KEY].own
    np.testing.assert_array_equal(seen_by(at), own.file.prepared.grey)
    assert words.text(words.verdict(replies(runs, own.file.prepared.pixels))) in texts(at)
    assert at.get("vega_lite_chart")
    liar = ("a.gif", png(DARK_AREA), "image/gif")
    at.file_uploader(key=f"{NAME}/upload").set_value(liar).run()
    assert "is called 'a.gif', but what it holds is PNG" in errors(at)[0]
    assert not at.get("vega_lite_chart")
    at.file_uploader(key=f"{NAME}/upload").set_value(None).run()
    assert not errors(at)
    assert at.session_state[KEY].own.file is None


def test_a_camera_s_picture_is_answered_and_shown_in_a_frame(runs: list[Shown]) -> None:
    at = opened(NAME, {"source": "camera"})
    at.session_state[KEY].own.take(png(DARK_AREA), "camera.png")
    at.run()
    assert not at.exception
    assert any("frame around" in i.proto.imgs[0].alt for i in at.get("image"))
    grey = at.session_state[KEY].own.file.prepared.grey
    np.testing.assert_array_equal(seen_by(at), grey)


def test_a_run_whose_weights_are_not_there_yet_leaves_no_answer(
    runs: list[Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    brief = [replace(run.record.brief(), weights=()) for run in runs]
    engine = ScriptedEngine(
        lambda configs: [Update("done", tuple(brief), ("recorded",) * len(configs), "", 0.0)]
    )
    monkeypatch.setattr(live, "engine", lambda: engine)
    at = opened(NAME)
    assert not at.exception
    assert not at.get("vega_lite_chart")


def test_one_network_answers_alone_where_there_is_no_penalty() -> None:
    at = opened(NAME, {"lam": "0"})
    assert not at.exception
    assert "**No penalty says " in texts(at)
