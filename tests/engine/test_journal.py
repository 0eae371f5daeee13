"""A line a run: what it says, and what it does not."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fmviz.engine import journal
from fmviz.engine.job import Job, State
from fmviz.run.config import RunConfig
from tests.support.records import synthetic


@pytest.fixture(autouse=True)
def _fresh_logger() -> Iterator[None]:
    """As in a process that has just started, before and after."""

    def forget() -> None:
        logger = logging.getLogger(journal.NAME)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
        journal._logger.cache_clear()

    forget()
    yield
    forget()


def job(state: State, begun: float | None, *configs: RunConfig) -> Job:
    return Job(configs, "task", asked=100.0, state=state, begun=begun)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_each_run_of_a_job_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configs = RunConfig(lam=1), RunConfig(lam=2)
    ended = job("done", 102.5, *configs)
    for config in configs:
        ended.records[config.key] = replace(synthetic(config), made={"trained_together": 6})
    journal.ended(ended, 104.0)
    found = lines(capsys)
    assert [line["run"] for line in found] == [config.key[:8] for config in configs]
    for line in found:
        assert set(line) == {"time", "event", "run", "outcome", "wait", "seconds", "members"}
        assert (line["event"], line["outcome"], line["members"]) == ("run", "done", 6)
        assert (line["wait"], line["seconds"]) == (2.5, 1.5)


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_what_had_not_begun_has_only_waited(
    state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    journal.ended(job(state, None, RunConfig()), 103.0)
    (line,) = lines(capsys)
    assert (line["outcome"], line["members"]) == (state, 0)
    assert (line["wait"], line["seconds"]) == (3.0, 0.0)


def test_a_host_can_switch_it_off(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger(journal.NAME).setLevel(logging.CRITICAL)
    journal.ended(job("done", 101.0, RunConfig()), 102.0)
    assert lines(capsys) == []
