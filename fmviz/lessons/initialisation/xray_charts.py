"""Charts of a network before its first step: its gradients, one of its units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.charts import axes, marks
from fmviz.charts.marks import rows, tip
from fmviz.charts.scales import run_colour, run_shape
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import PANEL_HEIGHT, RUN_COLOURS
from fmviz.lessons.initialisation.charts import yours
from fmviz.lessons.initialisation.xray import XRay
from fmviz.run import data


def layer_name(index: int) -> str:
    """What a hidden layer is called; counted from 0."""
    return f"layer {index + 1}"


@specification
def gradients_spec(names: tuple[str, ...], layers: int, dark: bool) -> Any:
    """Gradient norm of each kernel before the first step, one line a start; log scale."""
    order = [*(layer_name(index) for index in range(layers)), "output"]
    axis = alt.Axis(labelAngle=0, labelOverlap=True)
    title, scale = "gradient norm of the weights", {"nice": True}
    curve = rows().encode(
        x=alt.X("layer:N", title=None, sort=order, scale=alt.Scale(domain=order), axis=axis),
        y=axes.logarithmic(alt.Y, "norm", title, scale, format="~g", tickCount=5),
        color=run_colour(names, dark),
        tooltip=["run:N", "layer:N", tip("norm", ".3~g")],
    )
    dots = marks.points(curve, run_shape(names), size=70, opacity=1)
    return on_top(alt.layer(marks.line(curve), dots), PANEL_HEIGHT)


def gradients_rows(seen: Mapping[str, XRay]) -> Rows:
    """Rows for `gradients_spec`. A norm of 0 has no place on a log scale and is left out."""
    rows = [
        {
            "run": name,
            "layer": layer_name(index) if index < len(each.layers) else "output",
            "norm": norm,
        }
        for name, each in seen.items()
        for index, norm in enumerate(each.gradient_norms)
        if norm > 0
    ]
    return Rows(rows, columns=["run", "layer", "norm"])


@specification
def units_spec(title: str, dark: bool) -> Any:
    """The units of a layer by the share of images on which they are flat; one can be clicked."""

    def where_chosen(chosen: Any, other: Any) -> Any:
        return alt.condition("datum.chosen", alt.value(chosen), alt.value(other))

    points = rows().encode(
        x=axes.axis(alt.X, "rank", "units, the most often flat first", grid=False, tickMinStep=1),
        y=axes.share(alt.Y, "share", title),
        size=where_chosen(260, 60),
        shape=where_chosen("diamond", "circle"),
        color=where_chosen(RUN_COLOURS[dark][0], yours(dark)),
        tooltip=["unit:Q", tip("share", marks.PERCENT, "flat on")],
    )
    points = points.mark_point(filled=True, opacity=0.85)
    return points.add_params(marks.picked("unit")).properties(height=PANEL_HEIGHT)


def units_rows(flat_shares: npt.NDArray[np.floating[Any]], chosen: int) -> Rows:
    """Rows for `units_spec`."""
    order = np.argsort(-flat_shares, kind="stable")
    return Rows(
        {
            "rank": np.arange(1, len(order) + 1),
            "unit": order,
            "share": flat_shares[order],
            "chosen": order == chosen,
        }
    )


@specification
def classes_spec(title: str, dark: bool) -> Any:
    """Share of each class's images on which a unit is flat."""
    bars = rows().encode(
        x=axes.share(alt.X, "share", title),
        y=axes.names(alt.Y, "name", labelOverlap=False),
        tooltip=[alt.Tooltip("name:N", title="class"), tip("share", ".0%"), "images:Q"],
    )
    bars = bars.mark_bar(cornerRadiusEnd=2, color=yours(dark))
    return bars.properties(height=PANEL_HEIGHT + 60)


def classes_rows(is_flat: npt.NDArray[np.bool_], labels: npt.NDArray[np.integer[Any]]) -> Rows:
    """Rows for `classes_spec`; both arguments (images,)."""
    rows = [
        {
            "name": name,
            "share": float(is_flat[labels == index].mean()),
            "images": int((labels == index).sum()),
        }
        for index, name in enumerate(data.CLASS_NAMES)
    ]
    return Rows(rows)
