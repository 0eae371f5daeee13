"""Shared by all tests: a store of their own, and skips that are failures where CI runs."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from streamlit.components.v2 import manifest_scanner

from tests.support import needs, trained

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# How long an example takes says nothing of the code on a machine that is busy.
settings.register_profile("fmviz", deadline=None)
settings.load_profile("fmviz")
# Every AppTest reads what all installed packages say of themselves, half its time: once will do.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def pytest_configure(config: pytest.Config) -> None:
    """Runs that a test has trained are there for all others, in every process of the session."""
    if trained.FOLDER not in os.environ:
        folder = tempfile.mkdtemp(prefix="fmviz-trained-")
        os.environ[trained.FOLDER] = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The daily loop leaves out what is marked as slow."""
    if not needs.quick():
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


@pytest.fixture(autouse=True, scope="module")
def _no_old_garbage() -> None:
    """Streamlit collects garbage after every run of a page: TensorFlow alone makes that 0.7 s."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the runs of whoever runs it."""
    monkeypatch.setenv("FMVIZ_STORE", str(tmp_path / "store"))
    for name in ("FMVIZ_SCHEDULER", "FMVIZ_STORE_MB", "FMVIZ_DATA"):
        monkeypatch.delenv(name, raising=False)
