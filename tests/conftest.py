"""Shared by all tests: a store of their own, and skips that are failures where CI runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def require(there: object, message: str) -> None:
    """Skip a test that needs something of the machine; in CI that is a failure."""
    if not there:
        if os.environ.get("CI"):
            pytest.fail(f"{message}; CI must have it")
        pytest.skip(message)


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the runs of whoever runs it."""
    monkeypatch.setenv("FMVIZ_STORE", str(tmp_path / "store"))
    for name in ("FMVIZ_SCHEDULER", "FMVIZ_STORE_MB", "FMVIZ_DATA"):
        monkeypatch.delenv(name, raising=False)
