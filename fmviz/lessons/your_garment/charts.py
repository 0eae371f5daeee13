"""Ten answers of several networks to one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from fmviz.analysis.replies import Reply
from fmviz.charts import axes, marks
from fmviz.charts.marks import tip
from fmviz.charts.scales import run_colour
from fmviz.charts.series import Row, Rows
from fmviz.charts.specification import on_top, specification
from fmviz.charts.style import INK, LABEL_ROOM
from fmviz.run.data import CLASS_NAMES
from fmviz.words import replies as words

# Of a class: a bar a network, and what is between them; of what stands above and below all bars.
BAR, BETWEEN, AROUND = 12, 6, 80
# Of a label as high as a bar.
SMALL = 11
# A share below that is not seen: it has no label, and on dropout no mark.
SEEN = 0.005


@specification
def answers_spec(roles: tuple[str, ...], dark: bool) -> Any:
    """Shares of the ten classes, a bar a network with dropout off; with dropout on a diamond, and
    whiskers of one standard error."""
    names = axes.names(alt.Y, "class", CLASS_NAMES, labelOverlap=False)
    beside = alt.YOffset("run:N", scale=alt.Scale(domain=list(roles), paddingInner=0.12))
    share = axes.share(alt.X, "share", None, LABEL_ROOM, values=[0, 0.5, 1])
    tips: marks.Tips = ["run:N", "class:N", tip("share", ".2%", "dropout off")]
    bars = marks.of_kind("off").mark_bar(cornerRadiusEnd=2)
    masked = marks.of_kind("on").encode(yOffset=beside)
    chart = alt.layer(
        bars.encode(x=share, y=names, yOffset=beside, color=run_colour(roles, dark), tooltip=tips),
        marks.whiskers(masked, y=names, color=INK[dark], strokeWidth=1.5),
        masked.mark_point(shape="diamond", size=44, filled=True, color=INK[dark], opacity=1).encode(
            x="share:Q",
            y=names,
            tooltip=["run:N", "class:N", tip("share", ".2%", "dropout on"), tip("error", ".2%")],
        ),
        marks.label(
            marks.of_kind("label"), align="left", dx=5, color=INK[dark], fontSize=SMALL
        ).encode(x="share:Q", y=names, yOffset=beside),
    )
    return on_top(chart, AROUND + len(CLASS_NAMES) * (len(roles) * BAR + BETWEEN))


def answers_rows(replies: Sequence[Reply]) -> Rows:
    """Rows for `answers_spec`."""
    return Rows([row for reply in replies for row in _rows(reply)])


def _rows(reply: Reply) -> list[Row]:
    rows: list[Row] = []
    for label, name in enumerate(CLASS_NAMES):
        share = float(reply.off[label])
        place: Row = {"run": reply.run, "class": name}
        rows.append({"kind": "off", "share": share, **place})
        end = share
        if reply.on is not None:
            on = reply.on.estimate(label)
            end = max(end, on.value + on.error)
            ends = {"low": max(0.0, on.value - on.error), "high": on.value + on.error}
            if max(share, on.value) >= SEEN:
                rows.append({"kind": "on", "share": on.value, "error": on.error, **ends, **place})
        if share >= SEEN:
            rows.append({"kind": "label", "share": end, "label": words.share(share), **place})
    return rows
