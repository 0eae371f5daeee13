"""The table of `make load`: what it counts, and what it says."""

from __future__ import annotations

import json
import math
import os
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import Figure, as_json, percentile, table
from benchmarks.load import (
    HEAVIEST,
    SETTING,
    SWEEP,
    SWEEP_RUNS,
    completed,
    first_points,
    found,
    parsed,
)
from benchmarks.processes import App, Meter
from benchmarks.viewers import ForeignHost, Move
from fmviz.lessons.catalogue import LESSONS
from fmviz.run import knobs


@given(
    st.lists(st.floats(0, 1e6) | st.just(math.inf), min_size=1, max_size=60),
    st.integers(0, 100).map(lambda percent: percent / 100),
)
def test_a_percentile_is_the_least_value_that_enough_do_not_exceed(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    needed = share * len(values) - 1e-9
    assert found in values
    assert sum(value <= found for value in values) >= needed
    below = [value for value in values if value < found]
    assert not below or len(below) < needed


def test_percentiles_of_twenty() -> None:
    values = [float(n) for n in range(20, 0, -1)]
    assert percentile(values, 0.5) == 10
    assert percentile(values, 0.95) == 19
    assert percentile(values, 1.0) == 20
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
    with pytest.raises(ValueError, match=r"from 0 to 1, not 95"):
        percentile(values, 95)


def test_what_was_not_complete_never_was() -> None:
    done = Move("λ: 3", first_point=0.2, complete=1.5, ended=1.6, trained=True)
    done.status = ":material/check: trained just now"
    failed = Move("λ: 5", first_point=0.2, ended=9.0, errors=["The worker is gone."], waited=True)
    endless = Move("λ: 7")
    assert completed([done, failed, endless]) == [1.5, math.inf, math.inf]
    assert first_points([done, failed, endless]) == [0.2, 0.2, math.inf]
    assert found([done, failed, endless]) == [endless]


@pytest.mark.parametrize(
    ("value", "goal", "at_least", "met"),
    [
        (0.3, 0.3, False, True),
        (0.31, 0.3, False, False),
        (math.inf, 20.0, False, False),
        (95.0, 95.0, True, True),
        (94.0, 95.0, True, False),
    ],
)
def test_a_goal_is_met_up_to_its_value(
    value: float, goal: float, at_least: bool, met: bool
) -> None:
    assert Figure("a", "what", value, goal, at_least=at_least).met is met


def test_a_table_says_what_was_measured_beside_its_goal() -> None:
    figures = [
        Figure("a", "complete, last", 30.04, 16.0, note="20 moves"),
        Figure("b", "complete, 95th", math.inf, 5.0),
        Figure("f", "within 0.3 s", 97.2, 95.0, "%", at_least=True),
        Figure("h", "contradictions", 0, 0, ""),
    ]
    lines = [" ".join(line.split()) for line in table(figures).splitlines()]
    assert lines == [
        "measured goal",
        "a complete, last 30.04 s ≤ 16.00 s NOT MET (20 moves)",
        "b complete, 95th never ≤ 5.00 s NOT MET",
        "f within 0.3 s 97 % ≥ 95 % met",
        "h contradictions 0 ≤ 0 met",
    ]
    document = json.loads(as_json(figures, {}))
    assert [row["value"] for row in document["figures"]] == [30.04, None, 97.2, 0]
    assert [row["met"] for row in document["figures"]] == [False, False, True, True]


def test_the_command_line_names_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = parsed(["--rows", "ac", "--url", "http://localhost:8501", "--viewers", "3"])
    assert (chosen.rows, chosen.viewers) == ("ac", 3)
    for arguments, message in [
        (["--rows", "axz"], "no row x, z; there are a, b"),
        (["--url", "http://192.168.0.9:8501"], "is not an app of this machine"),
    ]:
        with pytest.raises(SystemExit):
            parsed(arguments)
        assert message in capsys.readouterr().err


def test_the_links_of_the_rows_are_legal() -> None:
    for page, query in [
        ("playground", HEAVIEST),
        ("regularisation", SETTING | {"penalty": "l1_l2", "l1_share": "0.1005", "lam": "0"}),
        ("sweep", SWEEP),
    ]:
        state, problems = LESSONS[page].parse(query)
        assert problems == []
        assert state.config
    sweep, _ = LESSONS["sweep"].parse(SWEEP)
    assert sum(len(cell.configs) for cell in knobs.cells(sweep)) == SWEEP_RUNS


def test_an_app_is_known_by_where_it_listens() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = App(address)
        assert app.server.pid == os.getpid()
        assert app.service() is None
        assert app.workers() == []
    with pytest.raises(LookupError, match="no process of this user listens"):
        App(address)
    with pytest.raises(ForeignHost):
        App("http://192.168.0.9:8501")


def test_a_meter_counts_the_cpu_that_was_taken() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        app = App(f"http://127.0.0.1:{listening.getsockname()[1]}")
        begun, clock = time.process_time(), time.monotonic()
        with Meter(app) as meter:
            while time.process_time() - begun < 0.2:
                pass
        spent, seconds = time.process_time() - begun, time.monotonic() - clock
    # Begun and ended within what was spent, which a system counts in hundredths.
    assert 0.2 - 0.03 <= meter.cores["app"] * seconds <= spent + 0.03
    assert meter.cores["worker"] == 0
    assert meter.cores["others"] >= 0
    assert "cores taken: app" in str(meter)
