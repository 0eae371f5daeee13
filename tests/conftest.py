"""Shared by all tests: a store of their own, and skips that are failures where CI runs."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from streamlit.components.v2 import manifest_scanner
from streamlit.config import set_option

from tests.support import needs, order, trained

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# What is trained while nobody waits would take the processors of the next test.
os.environ.setdefault("FMVIZ_AHEAD", "0")
# Most workers that a test starts train other shapes than those that pages open with.
os.environ.setdefault("FMVIZ_WARM_UP", "0")
# How long an example takes says nothing of the code on a machine that is busy.
settings.register_profile("fmviz", deadline=None)
settings.load_profile("fmviz")
# Every AppTest reads what all installed packages say of themselves, half its time: once will do.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)


def pytest_configure(config: pytest.Config) -> None:
    """Pages say which error they had, which viewers are not told. Runs that a test has trained are
    there for all others, in every process of the session."""
    set_option("client.showErrorDetails", "full")
    if trained.FOLDER not in os.environ:
        folder = tempfile.mkdtemp(prefix="fmviz-trained-")
        os.environ[trained.FOLDER] = folder
        # Each worker that a test starts would compile the same programs.
        os.environ.setdefault("TF_XLA_FLAGS", f"--tf_xla_persistent_cache_directory={folder}")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The daily loop leaves out what is marked as slow, and all but `make faults` what breaks
    workers for minutes."""
    left_out = ["slow"] if needs.quick() else [] if needs.faults() else ["faults"]
    out = [item for item in items if any(item.get_closest_marker(name) for name in left_out)]
    config.hook.pytest_deselected(items=out)
    left = {*items} - {*out}
    items[:] = sorted((item for item in items if item in left), key=lambda i: order.place(i.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `--dist loadfile`, both processes are busy to the end."""
    return order.scheduler(config, log) if config.getoption("dist") == "loadfile" else None


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
