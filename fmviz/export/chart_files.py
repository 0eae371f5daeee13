"""Charts as files, SVG and PNG.

What browsers draw is Vega-Lite with Streamlit's looks; here vl-convert draws the same with the same
looks. It brings a JavaScript engine, which takes some 100 MB, so it runs in a process of its own
that ends with its work: `python -m fmviz.export.chart_files`, specifications in, pictures out, as
JSON.
"""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fmviz.charts.series import Rows
from fmviz.charts.style import BORDER, GROUND, HOLLOW, INK

# Pixels of the page to pixels of a PNG: sharp on a slide.
SCALE = 2.0
WIDTH = 760
# Characters of the title and of the smaller type below it that go into that width.
TITLE_LINE, LINE = 92, 125
TIMEOUT_SECONDS = 120.0


class ChartError(Exception):
    """Charts could not be drawn; the message says why."""


class Chart(NamedTuple):
    """One chart as it stands on a page.

    Attributes:
        title: what it shows, in words.
        spec: Vega-Lite, without its data.
        rows: the data.
    """

    title: str
    spec: dict[str, Any]
    rows: Rows

    @property
    def stem(self) -> str:
        """A file name: the first words of its title."""
        first = re.split(r"[:;,.(]", self.title)[0].lower()
        return re.sub(r"[^a-z0-9]+", "-", first).strip("-")[:60].strip("-") or "chart"


class Picture(NamedTuple):
    """A chart drawn."""

    svg: bytes
    png: bytes


def looks(dark: bool) -> dict[str, Any]:
    """Vega-Lite's `config` for the looks that charts have on a page."""
    ink, faded = INK[dark], BORDER[dark]
    plain = {"labelColor": ink, "titleColor": ink, "titleFontWeight": "normal"}
    return {
        "background": GROUND[dark],
        # vl-convert brings Liberation Sans, which is as wide as Arial and Helvetica.
        "font": "Arial, Helvetica, Liberation Sans, sans-serif",
        "axis": plain
        | {"labelFontSize": 13, "titleFontSize": 14, "titlePadding": 12, "labelPadding": 8}
        | {"ticks": False, "domain": False, "gridColor": faded, "labelOverlap": True},
        "legend": plain | {"labelFontSize": 14, "titleFontSize": 14, "padding": 8},
        "header": plain | {"labelFontSize": 13, "titleFontSize": 14},
        "title": {"color": ink, "subtitleColor": ink, "fontSize": 15, "subtitleFontSize": 12}
        | {"anchor": "start", "offset": 18, "subtitlePadding": 6, "subtitleLineHeight": 16},
        "view": {"stroke": HOLLOW, "continuousHeight": 350, "continuousWidth": WIDTH},
        "axisDiscrete": {"grid": False},
        "axisXPoint": {"grid": False},
        "axisXBand": {"grid": False},
        "bar": {"discreteBandSize": {"band": 0.85}},
        "text": {"color": ink},
    }


def whole(chart: Chart, subtitle: Sequence[str], dark: bool) -> dict[str, Any]:
    """A chart's specification with data, looks, title and what its runs are below that."""
    spec = {k: v for k, v in chart.spec.items() if k not in ("usermeta", "datasets")}
    spec["data"] = {"values": chart.rows.values}
    spec["config"] = _merged(looks(dark), spec.get("config", {}))
    spec["description"] = chart.title
    spec["title"] = {
        "text": textwrap.wrap(chart.title, TITLE_LINE) or [""],
        "subtitle": [line for text in subtitle for line in textwrap.wrap(text, LINE)],
    }
    if not {"hconcat", "vconcat", "concat", "facet", "repeat"} & set(spec):
        spec.setdefault("width", WIDTH)
    spec["padding"] = 16
    return spec


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {k: _merged(base[k], over[k]) for k in base if isinstance(over.get(k), dict)}
    return base | over | both


def draw(specs: Sequence[dict[str, Any]]) -> list[Picture]:
    """Draw whole specifications, in a process of its own.

    Raises:
        ChartError: it failed, or took too long.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "fmviz.export.chart_files"],
            input=json.dumps(list(specs)).encode(),
            capture_output=True,
            cwd=Path(__file__).parents[2],
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ChartError(f"no pictures within {TIMEOUT_SECONDS:.0f} seconds") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise ChartError(f"vl-convert failed (exit code {done.returncode}): {said[-1]}")
    pictures = json.loads(done.stdout)
    return [Picture(svg.encode(), base64.b64decode(png)) for svg, png in pictures]


def zipped(charts: Sequence[Chart], subtitle: Sequence[str], dark: bool) -> bytes:
    """A ZIP file with an SVG and a PNG of each chart, numbered in their order.

    Args:
        subtitle: lines below each title, such as the settings of the runs.
        dark: whether the charts have the colours for a dark ground; then they are given one.

    Raises:
        ChartError: as `draw`.
    """
    pictures = draw([whole(chart, subtitle, dark) for chart in charts])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (chart, picture) in enumerate(zip(charts, pictures, strict=True), start=1):
            archive.writestr(f"{number:02}-{chart.stem}.svg", picture.svg)
            archive.writestr(f"{number:02}-{chart.stem}.png", picture.png)
    return buffer.getvalue()


def main() -> None:
    """Specifications on standard input to pictures on standard output."""
    import vl_convert

    found = []
    for spec in json.load(sys.stdin):
        svg = vl_convert.vegalite_to_svg(spec)
        found.append((svg, base64.b64encode(vl_convert.svg_to_png(svg, scale=SCALE)).decode()))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
