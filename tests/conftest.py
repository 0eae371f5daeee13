"""Shared by all tests: a store of their own, and skips that are failures where CI runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import trained

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# How long an example takes says nothing of the code on a machine that is busy.
settings.register_profile("fmviz", deadline=None)
settings.load_profile("fmviz")


def pytest_configure(config: pytest.Config) -> None:
    """Runs that a test has trained are there for all others, in every process of the session."""
    if trained.FOLDER not in os.environ:
        folder = tempfile.mkdtemp(prefix="fmviz-trained-")
        os.environ[trained.FOLDER] = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the runs of whoever runs it."""
    monkeypatch.setenv("FMVIZ_STORE", str(tmp_path / "store"))
    for name in ("FMVIZ_SCHEDULER", "FMVIZ_STORE_MB", "FMVIZ_DATA"):
        monkeypatch.delenv(name, raising=False)
