"""Charts as files: drawn by vl-convert, read by other parsers."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile

import pandas as pd
import pytest
from PIL import Image

from fmviz.analysis.stopping import Shown
from fmviz.charts import curves, figures
from fmviz.charts.series import Rows
from fmviz.charts.style import GROUND
from fmviz.export import chart_files
from fmviz.export.chart_files import Chart, ChartError
from tests.support.outside import HOSTILE
from tests.support.records import synthetic, tiny

pytestmark = pytest.mark.slow

NAMES = ("no penalty", "with penalty")
RUNS = [Shown(name, synthetic(tiny(epochs=8), seed=k), None, 8) for k, name in enumerate(NAMES)]


def pair(dark: bool) -> list[Chart]:
    return [
        Chart(
            "Accuracy on training images (solid) after each epoch: no penalty, with penalty.",
            curves.curves_spec(NAMES, 8, dark),
            curves.curves_rows(RUNS),
        ),
        Chart("Gap & more.", figures.gap_spec(NAMES, dark), figures.gap_rows(RUNS)),
    ]


@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_comes_as_svg_and_png(dark: bool) -> None:
    content = chart_files.zipped(pair(dark), ["All: <5,000> images, η = 0.001"], dark)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "01-accuracy-on-training-images.svg",
            "01-accuracy-on-training-images.png",
            "02-gap-more.svg",
            "02-gap-more.png",
        ]
        files = {name: archive.read(name) for name in archive.namelist()}
    ground = tuple(bytes.fromhex(GROUND[dark][1:]))
    for stem, title in (
        ("01-accuracy-on-training-images", "Accuracy on"),
        ("02-gap-more", "Gap &"),
    ):
        root = ET.fromstring(files[f"{stem}.svg"])
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
        assert any(text.startswith(title) for text in texts)
        assert "All: <5,000> images, η = 0.001" in texts
        assert all(any(text.startswith(name) for text in texts) for name in NAMES)
        assert files[f"{stem}.png"].startswith(b"\x89PNG\r\n\x1a\n")
        picture = Image.open(io.BytesIO(files[f"{stem}.png"])).convert("RGB")
        assert picture.width == pytest.approx(
            chart_files.SCALE * float(root.attrib["width"]), abs=2
        )
        assert picture.getpixel((2, 2)) == ground
        # Letters are drawn: the line of the title has ink in it.
        title_line = picture.crop((0, 0, picture.width, 90))
        assert len(title_line.getcolors(1 << 16) or []) > 8


def test_names_of_pins_are_text_in_a_picture() -> None:
    names = HOSTILE[:6]
    runs = [run._replace(name=name) for name, run in zip(names, RUNS * 3)]
    chart = Chart(
        f"Accuracy: {', '.join(names)}.",
        curves.curves_spec(names, 8, False),
        curves.curves_rows(runs),
    )
    with zipfile.ZipFile(io.BytesIO(chart_files.zipped([chart], list(names), False))) as archive:
        (picture,) = (name for name in archive.namelist() if name.endswith(".svg"))
        root = ET.fromstring(archive.read(picture))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags & {"image", "a", "script", "foreignObject", "use"} == set()
    texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    # At the ends of the lines, where long ones are cut.
    assert all(any(text.startswith(name[:10]) for text in texts) for name in names)


def test_a_specification_holds_its_data_and_both_configs() -> None:
    chart = pair(False)[0]
    spec = chart_files.whole(chart, ["a " * 100], False)
    rows = pd.DataFrame(spec["data"]["values"])
    drawn = chart.rows.table.to_pandas()
    assert rows["accuracy"].tolist() == pytest.approx(drawn["accuracy"], nan_ok=True)
    gap = chart_files.whole(pair(False)[1], ["a"], False)
    assert gap["config"]["legend"]["disable"]  # the chart's own
    assert spec["config"]["legend"]["labelColor"] == chart_files.looks(False)["axis"]["labelColor"]
    assert max(map(len, spec["title"]["subtitle"])) <= chart_files.LINE
    assert "usermeta" not in spec
    assert "usermeta" in chart.spec  # left as it was
    json.dumps(spec)


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        (
            "wait after each epoch that ran, and patience as a line.",
            "wait-after-each-epoch-that-ran",
        ),
        ("Validation accuracy: SGD, Adam.", "validation-accuracy"),
        ("λ?", "chart"),
        ("a/b\\c " + "x" * 200, "a-b-c-" + "x" * 54),
    ],
)
def test_a_picture_is_called_after_what_it_shows(title: str, stem: str) -> None:
    assert Chart(title, {}, Rows([])).stem == stem


def test_a_chart_that_cannot_be_drawn_says_why() -> None:
    with pytest.raises(ChartError, match="vl-convert failed"):
        chart_files.draw([{"mark": "no such mark"}])


def test_it_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart_files, "TIMEOUT_SECONDS", 0.01)
    with pytest.raises(ChartError, match="no pictures within"):
        chart_files.draw([])


def test_the_engine_of_javascript_stays_out_of_this_process() -> None:
    code = (
        "import sys; from fmviz.export import chart_files; chart_files.draw([]); "
        "assert 'vl_convert' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
