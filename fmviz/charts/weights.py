"""Charts and pictures of weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from fmviz.analysis.stopping import Shown
from fmviz.charts import axes, marks
from fmviz.charts.marks import tip
from fmviz.charts.scales import run_colour
from fmviz.charts.series import Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import DIVERGING, PANEL_HEIGHT, rgb
from fmviz.run import measure
from fmviz.run.data import SHAPE

Floats = npt.NDArray[np.floating]

# A density is drawn as far as there are weights, but no further than so many times the magnitude
# that 99% of them stay within, and in at most so many bins.
SPREADS, BINS = 4.0, 60


# Weight distribution
@specification
def distribution_spec(names: tuple[str, ...], dark: bool) -> Any:
    """Density of the weights, logarithmic upwards so that the few large ones are seen too."""
    share = tip("share", ".2%", "weights in this bin")
    curve = marks.rows().encode(
        x=axes.axis(alt.X, "weight", "weight w", alt.Scale(nice=False), tickCount=5, grid=False),
        y=axes.logarithmic(alt.Y, "density", "density", format="~g", tickCount=5),
        color=run_colour(names, dark),
        tooltip=["run:N", tip("weight", ".3f", "from w"), share],
    )
    line = marks.line(curve, interpolate="step-after", strokeWidth=2.2, clip=True)
    return on_top(line, PANEL_HEIGHT, symbolOpacity=1)


def distribution_rows(runs: Sequence[Shown]) -> Rows:
    """Rows for `distribution_spec`: all kernels of the kept weights together."""
    histograms = {
        run.name: run.record.layers_at("weight_histogram", run.kept).sum(axis=0) for run in runs
    }
    reaches = [reach_of(counts, 1.0) for counts in histograms.values()]
    spreads = [reach_of(counts, 0.99) for counts in histograms.values()]
    reach = max(min(max(reaches, default=0.0), SPREADS * max(spreads, default=0.0)), 1e-3)
    rows = []
    for name, counts in histograms.items():
        edges, density = measure.weight_density(counts, 2 * reach / BINS)
        shares = density * np.diff(edges)
        inside = (edges[1:] > -reach) & (edges[:-1] < reach)
        kept = (column[inside].tolist() for column in (edges[:-1], density, shares))
        # A bin without weights is a hole in the line: a logarithm has no zero.
        rows += [
            {"run": name, "weight": edge, "density": dense or None, "share": share}
            for edge, dense, share in zip(*kept, strict=True)
        ]
        if inside.any():
            end = float(edges[1:][inside][-1])
            rows.append({**rows[-1], "weight": end})
    return Rows(rows, columns=["run", "weight", "density", "share"])


def reach_of(counts: npt.NDArray[np.integer], share: float) -> float:
    """The magnitude within which that share of the weights lies, to the histogram's edges."""
    side = len(counts) // 2
    outwards = np.cumsum(np.append(counts[side], counts[side + 1 :] + counts[side - 1 :: -1]))
    index = int(np.searchsorted(outwards, share * outwards[-1]))
    return float(min(measure.WEIGHT_EDGES[side + 1 + index], measure.WEIGHT_EDGES[-2]))


# First-layer weights as pictures


def diverging(values: Floats, limit: float, dark: bool) -> npt.NDArray[np.uint8]:
    """Values as colours, (..., 3): blue below zero, the ground at zero, orange above; full at
    ±limit and beyond."""
    low, middle, high = (np.array(rgb(colour), float) for colour in DIVERGING[dark])
    share = np.clip(np.asarray(values, float) / (limit or 1.0), -1, 1)[..., None]
    ends = np.where(share < 0, low, high)
    return np.asarray(np.rint(middle + np.abs(share) * (ends - middle)), np.uint8)


def kernel_pictures(
    kernel: Floats, limit: float, dark: bool, columns: int = 8, scale: int = 3
) -> npt.NDArray[np.uint8]:
    """First-layer weights as pictures, one a unit, in a grid with a line between: (h, w, 3).

    Args:
        kernel: (784, units).
        limit: the weight of full colour.
    """
    units = kernel.shape[1]
    columns = min(columns, units)
    tall, wide = SHAPE
    line = np.array([rgb(DIVERGING[dark][1])]) * (0.82 if not dark else 1.9)
    lines = -(-units // columns)
    grid = np.empty((lines * (tall + 1) - 1, columns * (wide + 1) - 1, 3), np.uint8)
    grid[:] = np.asarray(line, np.uint8)
    for unit in range(units):
        top, left = (unit // columns) * (tall + 1), (unit % columns) * (wide + 1)
        picture = diverging(kernel[:, unit].reshape(SHAPE), limit, dark)
        grid[top : top + tall, left : left + wide] = picture
    return grid.repeat(scale, 0).repeat(scale, 1)


def picture_limit(kernels: Sequence[Floats]) -> float:
    """The magnitude that 99.5% of the weights of all these kernels stay within, two digits."""
    every = np.concatenate([np.abs(kernel).ravel() for kernel in kernels])
    return float(f"{np.quantile(every, 0.995):.2g}")
