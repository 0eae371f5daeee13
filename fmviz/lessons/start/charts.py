"""Charts of the first page: one image's way through a network, at rest and as it learns."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.analysis.garment import Garment
from fmviz.charts import axes, film, marks
from fmviz.charts.marks import tip
from fmviz.charts.scales import by_name
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import GREY, PIXEL_RAMP, RUN_COLOURS, SHARES_SCHEME
from fmviz.lessons.start.growth import Growth
from fmviz.run.data import CLASS_NAMES, SHAPE
from fmviz.words.numbers import percent

Array = npt.NDArray[np.floating[Any]]

UNITS_HEIGHT = 380
# Of the chart that stands in for the picture that moves; the page's style has the place's height.
STAND_IN_HEIGHT = 300
UNITS_A_ROW = 16


@specification
def units_spec(dark: bool) -> Any:
    """Activations of the hidden layer, a square a unit; the brighter, the more active."""
    scale = alt.Scale(scheme=SHARES_SCHEME, reverse=dark)
    squares = marks.rows().encode(
        x=alt.X("column:O", axis=None),
        y=alt.Y("row:O", axis=None),
        color=alt.Color("activation:Q", scale=scale, title="activation"),
        tooltip=["unit:Q", tip("activation", ".2f")],
    )
    chart = squares.mark_rect(stroke=GREY, strokeWidth=0.4).properties(height=UNITS_HEIGHT)
    return chart.configure_legend(orient="bottom", gradientLength=140).configure_view(stroke=None)


def units_rows(activations: Array) -> Rows:
    """Rows for `units_spec`.

    Args:
        activations: (units,) of one image in the first hidden layer.
    """
    units = np.arange(len(activations))
    return Rows(
        {
            "unit": units,
            "row": units // UNITS_A_ROW,
            "column": units % UNITS_A_ROW,
            "activation": activations.astype(float),
        }
    )


@specification
def answer_spec(dark: bool, height: int = UNITS_HEIGHT) -> Any:
    """Shares of the ten classes; the true class has the colour of the run."""
    colours, title = [RUN_COLOURS[dark][1], GREY], "probability that the network gives"
    base = marks.rows().encode(
        y=axes.names(alt.Y, "class", CLASS_NAMES, labelOverlap=False),
        tooltip=["class:N", tip("share", marks.PERCENT)],
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=axes.share(alt.X, "share", title, 1.15, values=[0, 0.5, 1]),
        color=by_name(alt.Color, "kind", ["true class", "other"], colours),
    )
    labels = marks.label(base, align="left", dx=5, color=GREY).encode(
        x="share:Q", text=alt.Text("share:Q", format=marks.PERCENT)
    )
    chart = alt.layer(bars, labels).properties(height=height)
    return chart.configure_legend(orient="bottom")


def answer_rows(shares: Array, truth: int) -> Rows:
    """Rows for `answer_spec`.

    Args:
        shares: (10,) softmax of one image's logits.
    """
    kinds = ["true class" if label == truth else "other" for label in range(len(shares))]
    columns: dict[str, Any] = {"class": CLASS_NAMES, "share": shares.astype(float), "kind": kinds}
    return Rows(columns)


# What the picture that moves stands under.
Told = dict[str, str]


def growth_reel(
    page: str, name: str, seen: Garment, growth: Growth, told: Sequence[Told]
) -> film.Reel:
    """An image on its way through a network that learns, for `ui/player/network.js`.

    Activations and votes are bytes: (epochs + 1, units) and (epochs + 1, units, 10), on a scale on
    which 255 is the largest of all epochs. A vote is what a unit adds to one answer beyond what it
    adds to the ten on average, which changes nothing in softmax: a_j (w_jk − w̄_j). Votes against an
    answer are 0 there.

    Args:
        page: whose film it is.
        name: of the run.
        told: of each epoch, the "lead" and the "note" that stand above the picture.
    """
    votes = growth.pushes - growth.pushes.mean(axis=2, keepdims=True)
    shares = growth.shares
    run = {
        "name": name,
        "place": 1,
        "colours": [RUN_COLOURS[dark][1] for dark in (False, True)],
        "epochs": growth.epochs,
        "kept": growth.epochs,
        "stop": None,
    }
    clock = {
        "name": page,
        "key": growth.key,
        "first": 0,
        "last": growth.epochs,
        "rest": growth.epochs,
        "reveal": None,
        # It plays once by itself, as the page opens.
        "opens": True,
        "runs": [run],
    }
    truth = CLASS_NAMES[seen.truth].lower()
    parts = {
        "shape": list(SHAPE),
        "pixels": _bytes(seen.pixels, 1.0),
        "units": growth.activations.shape[1],
        "activations": _bytes(growth.activations, float(growth.activations.max())),
        "votes": _bytes(votes, float(votes.max())),
        "shares": [film.rounded(row, 4) for row in shares],
        "labels": [[percent(float(share), 0) for share in row] for row in shares],
        "names": CLASS_NAMES,
        "truth": seen.truth,
        "told": list(told),
        "headings": [
            f"a {truth} it has never seen",
            f"{growth.activations.shape[1]} hidden units",
            "ten answers",
        ],
        "ramp": [list(PIXEL_RAMP[dark]) for dark in (False, True)],
    }
    alt = (
        f"A {truth}, {growth.activations.shape[1]} hidden units, brighter where they are more "
        f"active, and the ten answers as bars. Lines run from units to the answers they speak for."
    )
    return film.reel(clock, "network", alt, parts)


def _bytes(values: Array, limit: float) -> str:
    """Values from 0 to `limit` as one byte each, in base64; what is below 0 is 0."""
    scaled = np.rint(255 * np.clip(values / limit, 0, 1)).astype(np.uint8)
    return base64.b64encode(scaled.tobytes()).decode()
