"""Figures beside their goals: what `make load` and `make chaos` print."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.processes import Meter


class Figure(NamedTuple):
    """One figure of the table.

    Attributes:
        row: its letter.
        what: in words.
        value: infinite where something never came.
        goal: at most so much, or at least where `at_least`.
        unit: "s", "%", or "" of what is counted.
        note: what else is to be known of it.
    """

    row: str
    what: str
    value: float
    goal: float
    unit: str = "s"
    at_least: bool = False
    note: str = ""

    @property
    def met(self) -> bool:
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least this share of the values do not exceed.

    Raises:
        ValueError: there are no values, or the share is not within 0 to 1.
    """
    if not values:
        raise ValueError("there is no percentile of no values")
    if not 0 <= share <= 1:
        raise ValueError(f"a share is from 0 to 1, not {share}")
    # Rounded first: 0.95 times 20 is 19, not a little more.
    rank = math.ceil(round(share * len(values), 9))
    return sorted(values)[max(rank, 1) - 1]


def table(figures: Sequence[Figure]) -> str:
    """The figures beside their goals, a line each."""
    width = max(len(figure.what) for figure in figures)
    lines = [f"   {'':{width}}  measured      goal"]
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        line = (
            f"{figure.row}  {figure.what:{width}}  {_written(figure.value, figure.unit):>8}  "
            f"{sign} {_written(figure.goal, figure.unit):>6}  {'met' if figure.met else 'NOT MET'}"
        )
        lines.append(f"{line}  ({figure.note})" if figure.note else line)
    return "\n".join(lines)


def _written(value: float, unit: str) -> str:
    if math.isinf(value):
        return "never"
    return f"{value:.2f} s" if unit == "s" else f"{value:.0f} {unit}".rstrip()


def as_json(figures: Sequence[Figure], meters: Mapping[str, Meter]) -> str:
    """All that was measured, for a program; what never came is null."""
    rows = [
        figure._asdict()
        | {"met": figure.met, "value": figure.value if math.isfinite(figure.value) else None}
        for figure in figures
    ]
    machine = {
        row: {"cores": meter.cores, "load_average": meter.load_average, "quiet": meter.quiet}
        for row, meter in meters.items()
    }
    return json.dumps({"figures": rows, "machine": machine}, indent=1, ensure_ascii=False)
