"""The opened vault: validation accuracy against test accuracy of everything tried."""

from __future__ import annotations

from typing import Any

import altair as alt

from fmviz.charts import axes, marks
from fmviz.charts.marks import of_kind, tip
from fmviz.charts.scales import by_name
from fmviz.charts.series import Rows
from fmviz.charts.specification import specification
from fmviz.charts.style import CURVES_HEIGHT, GREY, RUN_COLOURS
from fmviz.page.vault import Vault

KINDS = ["tried", "best on validation"]


@specification
def vault_spec(dark: bool) -> Any:
    """One point a network, ± one standard error both ways; on the line both scores are equal."""
    room = {"padding": 10}
    x = axes.accuracy(alt.X, "validation", "validation accuracy", scale=room)
    y = axes.accuracy(alt.Y, "test", "test accuracy", scale=room)
    legend = alt.Legend(orient="top")
    colour = by_name(alt.Color, "kind", KINDS, [GREY, RUN_COLOURS[dark][1]], legend=legend)
    shape = alt.Shape("kind:N", scale=alt.Scale(domain=KINDS, range=["circle", "diamond"]))
    scores = [tip(score, marks.PERCENT) for score in ("validation", "test")]
    networks = marks.rows("datum.kind != 'equal'").encode(color=colour)
    rules = networks.mark_rule(opacity=0.6)
    chart = alt.layer(
        of_kind("equal").mark_line(color=GREY, strokeDash=[4, 4]).encode(x=x, y=y),
        rules.encode(x=x, y=alt.Y("test_low:Q"), y2="test_high:Q"),
        rules.encode(x=alt.X("validation_low:Q"), x2="validation_high:Q", y=y),
        marks.points(networks, shape, size=90, opacity=1).encode(
            x=x, y=y, tooltip=[alt.Tooltip("name:N", title="network"), *scores]
        ),
    )
    return chart.properties(height=CURVES_HEIGHT)


def vault_rows(vault: Vault, names: list[str]) -> Rows:
    """Rows for `vault_spec`.

    Args:
        names: a few words a network tried.
    """
    rows: list[dict[str, Any]] = []
    for each, name in zip(vault.tried, names, strict=True):
        row: dict[str, Any] = {"kind": KINDS[each == vault.best], "name": name}
        for split, (value, error) in (("validation", each.validation), ("test", each.score)):
            row |= {split: value, f"{split}_low": value - error, f"{split}_high": value + error}
        rows.append(row)
    low = min(min(each.validation.value, each.score.value) for each in vault.tried)
    high = max(max(each.validation.value, each.score.value) for each in vault.tried)
    rows += [{"kind": "equal", "validation": end, "test": end} for end in (low, high)]
    return Rows(rows)
