"""The opened vault: validation accuracy against test accuracy of everything tried."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

from fmviz.charts.style import CURVES_HEIGHT, GREY, RUN_COLOURS, Rows, bare
from fmviz.page.vault import Vault

KINDS = ["tried", "best on validation"]


@lru_cache(maxsize=2)
def vault_spec(dark: bool) -> dict[str, Any]:
    """One point a network, ± one standard error both ways; on the line both scores are equal."""
    base = alt.Chart(Rows({"kind": []}))
    scale = alt.Scale(zero=False, nice=True, padding=10)
    axis = alt.Axis(format=".3~%", tickCount=6)
    x = alt.X("validation:Q", title="validation accuracy", scale=scale, axis=axis)
    y = alt.Y("test:Q", title="test accuracy", scale=scale, axis=axis)
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=KINDS, range=[GREY, RUN_COLOURS[dark][1]]),
        legend=alt.Legend(orient="top"),
    )
    points = base.transform_filter("datum.kind != 'equal'").encode(color=colour)
    chart = alt.layer(
        base.transform_filter("datum.kind == 'equal'")
        .mark_line(color=GREY, strokeDash=[4, 4])
        .encode(x=x, y=y),
        points.mark_rule(opacity=0.6).encode(x=x, y=alt.Y("test_low:Q"), y2="test_high:Q"),
        points.mark_rule(opacity=0.6).encode(
            x=alt.X("validation_low:Q"), x2="validation_high:Q", y=y
        ),
        points.mark_point(size=90, filled=True, opacity=1).encode(
            x=x,
            y=y,
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=KINDS, range=["circle", "diamond"])),
            tooltip=[
                alt.Tooltip("name:N", title="network"),
                alt.Tooltip("validation:Q", format=".1%"),
                alt.Tooltip("test:Q", format=".1%"),
            ],
        ),
    )
    return bare(chart.properties(height=CURVES_HEIGHT))


def vault_rows(vault: Vault, names: list[str]) -> Rows:
    """Rows for `vault_spec`.

    Args:
        names: a few words a network tried.
    """
    rows: list[dict[str, Any]] = []
    for each, name in zip(vault.tried, names, strict=True):
        row: dict[str, Any] = {"kind": KINDS[each == vault.best], "name": name}
        for split in ("validation", "test"):
            value, error = getattr(each, split)
            row |= {split: value, f"{split}_low": value - error, f"{split}_high": value + error}
        rows.append(row)
    low = min(min(each.validation.value, each.test.value) for each in vault.tried)
    high = max(max(each.validation.value, each.test.value) for each in vault.tried)
    rows += [{"kind": "equal", "validation": end, "test": end} for end in (low, high)]
    return Rows(rows)
