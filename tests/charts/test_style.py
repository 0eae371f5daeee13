"""Colours have one home, and are those of Streamlit's theme where both have them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from fmviz.charts import style

ROOT = Path(__file__).parents[2]
# Six or eight digits; of three or four only after a quote, since prose and links have such, too.
COLOUR = re.compile(r"""#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6})\b|["']#[0-9a-fA-F]{3,4}["']|rgba?\(\d""")
MODULES = sorted([*ROOT.glob("fmviz/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"])


@pytest.mark.parametrize("dark", [False, True])
def test_ground_ink_and_borders_are_those_of_the_theme(dark: bool) -> None:
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    colours = theme["dark" if dark else "light"]
    assert style.GROUND[dark] == colours["backgroundColor"]
    assert style.INK[dark] == colours["textColor"]
    assert style.BORDER[dark] == colours["borderColor"]
    assert style.RUN_COLOURS[dark][1] == colours["primaryColor"]


def test_no_colour_is_written_down_outside_of_the_style() -> None:
    found = {
        str(path.relative_to(ROOT)): COLOUR.findall(path.read_text("utf-8")) for path in MODULES
    }
    assert [path for path, colours in found.items() if colours] == ["fmviz/charts/style.py"]


@pytest.mark.parametrize("colour", ["#D55E00", '"#fff"', "rgb(1, 2, 3)", "#00000000"])
def test_a_colour_is_found_where_one_is_written(colour: str) -> None:
    assert COLOUR.search(f"color = {colour}")


@pytest.mark.parametrize("dark", [False, True])
def test_signed_values_have_the_colours_of_the_first_two_runs(dark: bool) -> None:
    low, _, high = style.DIVERGING[dark]
    assert [high, low] == style.RUN_COLOURS[dark][:2]


@pytest.mark.parametrize("dark", [False, True])
def test_runs_have_a_colour_and_a_mark_each(dark: bool) -> None:
    colours = style.RUN_COLOURS[dark]
    assert len(set(colours)) == len(colours) == len(set(style.RUN_SHAPES))


def test_a_colour_has_its_three_parts() -> None:
    assert style.rgb("#D55E00") == (213, 94, 0)
    assert style.rgb(style.CLEAR) == (0, 0, 0)
