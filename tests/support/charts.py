"""Charts under test: what they read and encode, and the shared ones of two shipped runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from fmviz.analysis.stopping import Shown, look
from fmviz.charts import curves, figures
from tests.support.records import SHIPPED, shipped

PAIR = ("no penalty", "with penalty")

# Charts of the roles of a comparison.
SPECS: dict[str, Callable[[tuple[str, ...], bool], dict[str, Any]]] = {
    "curves": lambda names, dark: curves.curves_spec(names, 30, dark),
    "gap": figures.gap_spec,
    "sparsity": figures.sparsity_spec,
    "saturation": lambda names, dark: figures.saturation_spec(names, 2, dark),
}


def encodings(spec: Any, channel: str) -> Iterator[dict[str, Any]]:
    """Every encoding of a channel, however deep its layer."""
    if isinstance(spec, dict):
        if isinstance(spec.get("encoding"), dict) and channel in spec["encoding"]:
            yield spec["encoding"][channel]
        for value in spec.values():
            yield from encodings(value, channel)
    elif isinstance(spec, list):
        for value in spec:
            yield from encodings(value, channel)


def marks(spec: Any) -> Iterator[dict[str, Any]]:
    """Every mark with its looks, however deep its layer."""
    if isinstance(spec, dict):
        if isinstance(spec.get("mark"), dict):
            yield spec["mark"]
        for value in spec.values():
            yield from marks(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from marks(value)


def fields(spec: Any) -> set[str]:
    """Every column that a chart reads."""
    if isinstance(spec, dict):
        own = {spec["field"]} if isinstance(spec.get("field"), str) else set()
        return own.union(*(fields(value) for value in spec.values()))
    if isinstance(spec, list):
        return set().union(*(fields(value) for value in spec))
    return set()


def pair(patience: int | None = None, restore: bool = True) -> list[Shown]:
    """The two shipped runs."""
    return [
        look(
            shipped(config),
            name,
            patience=patience,
            monitor="val_crossentropy",
            restore_best_weights=restore,
        )
        for name, config in zip(PAIR, SHIPPED, strict=True)
    ]


def rows_of(chart: str, runs: list[Shown]) -> pd.DataFrame:
    """The rows of a chart of `SPECS`."""
    if chart == "sparsity":
        return figures.sparsity_rows(runs, 1e-3).table.to_pandas()
    rows = {
        "curves": curves.curves_rows,
        "gap": figures.gap_rows,
        "saturation": figures.saturation_rows,
    }[chart](runs)
    return rows.table.to_pandas()
