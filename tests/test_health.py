"""What a host's monitoring is told: true only while a worker answers."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from starlette.requests import Request

from fmviz import shell
from fmviz.engine.engine import Engine
from fmviz.engine.jobs import SILENT_SECONDS
from fmviz.engine.reports import Beat
from fmviz.run.store import RunStore
from tests.support.asynchronous import finished


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """One that nothing starts."""
    made = Engine(RunStore(tmp_path / "runs"), "tcp://127.0.0.1:1")
    monkeypatch.setattr(shell, "engine", lambda: made)
    return made


def asked() -> tuple[int, object]:
    """What /health answers."""
    (route,) = shell.routes()
    assert route.path == "/health"
    answer = finished(shell.health(Request({"type": "http"})))
    return answer.status_code, json.loads(bytes(answer.body))


def test_health_follows_the_signs_of_life_of_a_worker(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    well, ill = (200, {"worker": True}), (503, {"worker": False})
    assert asked() == ill
    engine.jobs.connected(object())  # type: ignore[arg-type]
    assert asked() == ill
    engine.jobs.beat(Beat("one", 0, False))
    assert asked() == well
    later = time.monotonic() + SILENT_SECONDS + 1
    with monkeypatch.context() as patched:
        patched.setattr(time, "monotonic", lambda: later)
        assert asked() == ill
    assert asked() == well
    engine.jobs.lost("the connection broke")
    assert asked() == ill
