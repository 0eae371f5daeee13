"""The row below the picture: where the figures come from."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from fmviz.engine.watch import Source, Update
from fmviz.ui.status import Said, status
from fmviz.words.waiting import SOURCES
from tests.support.records import synthetic, tiny

SAYS = {
    "recorded": "recorded run",
    "store": "trained earlier, from the store",
    "trained": "trained just now",
}
MADE = {"recorded": "recorded", "store": "trained earlier", "trained": "trained just now"}


def said(*sources: Source) -> Said:
    """Of finished runs that come from these places."""
    made = dict.fromkeys(("date", "keras", "tensorflow", "machine"), "1")
    records = tuple(replace(synthetic(tiny(seed=seed)), made=made) for seed in range(len(sources)))
    return status(Update("done", records, sources, "", 0.0), 3)


@pytest.mark.parametrize("source", SOURCES)
def test_one_run_comes_from_one_place(source: Source) -> None:
    assert SAYS[source] in said(source).text
    behind = said(source).behind or ""
    assert "1 run:" not in behind
    assert "Keras" in behind or source != "recorded"
    assert "s of gradient steps" in behind or source != "trained"


@pytest.mark.parametrize("sources", list(product(SOURCES, repeat=3)))
def test_runs_are_called_recorded_only_where_all_are(sources: tuple[Source, ...]) -> None:
    """And behind it stands how many come from where."""
    shown = said(*sources)
    least = max(sources, key=list(SAYS).index)
    assert SAYS[least] in shown.text
    assert ("recorded" in shown.text) == (set(sources) == {"recorded"})
    counts = [f"{sources.count(each)} {MADE[each]}" for each in MADE if each in sources]
    assert ((shown.behind or "").startswith(f"3 runs: {', '.join(counts)}.")) == (len(counts) > 1)
