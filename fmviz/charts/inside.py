"""Labels of an upright axis within a chart that has no room beside it: each on its line, where no
point is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

# A round number is one of these times a power of ten.
ROUND = (1.0, 2.0, 5.0)
# As many lines as that at most.
MOST = 2
# From a line to its label, in pixels.
OFF = 2.0

# Left, top, right and bottom, in pixels.
Box = tuple[float, float, float, float]


class Label(NamedTuple):
    """Where the label of a line stands.

    Attributes:
        start: the number of the place where it begins.
        above: whether it stands above its line, else below it.
    """

    start: int
    above: bool


def round_values(low: float, high: float) -> list[float]:
    """One or two round numbers from one end to the other; an end where there is none between."""
    if not low < high:
        return [low]
    power = 10.0 ** math.floor(math.log10((high - low) / (MOST + 1)))
    for step in (m * power * tens for tens in (1, 10) for m in ROUND):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < MOST:
            break
    return [round(k * step, 10) for k in range(first, last + 1)] or [low]


def labels(
    points: Iterable[tuple[float, float]],
    lines: Sequence[float],
    starts: Sequence[float],
    size: tuple[float, float],
    height: float,
) -> list[Label]:
    """Where the labels of lines stand: as far left as one is clear of all points and of the labels
    before it, and of these two the lower line's lower; where it nowhere is, clear alone, or else
    where it is farthest from them. A line within the chart has room for its label on one side at
    least, if the chart is twice as high as a label.

    Args:
        points: their middles, across and downwards, in pixels.
        lines: how far down each is.
        starts: where a label may begin, from the left.
        size: of a label with the air around it, across and upright.
        height: of the chart.

    Raises:
        ValueError: a label fits neither above nor below its line.
    """
    dots: list[Box] = [(x, y, x, y) for x, y in points]
    found: list[Label] = []
    boxes: list[Box] = []
    for line in lines:
        best: tuple[tuple[bool, float], Label, Box] | None = None
        for start, left in enumerate(starts):
            for above in (True, False):
                top = line - OFF - size[1] if above else line + OFF
                box = left, top, left + size[0], top + size[1]
                if top < 0 or top + size[1] > height:
                    continue
                clear = min((_distance(box, other) for other in (*dots, *boxes)), default=math.inf)
                ordered = all(
                    (top > before[1]) == (line > earlier)
                    for before, earlier in zip(boxes, lines, strict=False)
                )
                worth = clear >= 0 and ordered, min(clear, 0.0)
                if best is None or worth > best[0]:
                    best = worth, Label(start, above), box
        if best is None:
            raise ValueError(f"the line at {line} has no room for a label in {height} pixels")
        found.append(best[1])
        boxes.append(best[2])
    return found


def _distance(one: Box, other: Box) -> float:
    """How far apart two boxes are along the axis on which they are farther; below 0 where they
    overlap, by as much as it takes to part them."""
    across = max(one[0] - other[2], other[0] - one[2])
    upright = max(one[1] - other[3], other[1] - one[3])
    return max(across, upright)
