"""The app as it is started and set up, and what a viewer sees where the server lacks something."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from fmviz import shell
from fmviz.charts import curves, figures, layers, weights
from fmviz.charts.row import row_spec
from fmviz.run import data
from fmviz.ui.controls import NO_IMAGES
from tests.support.lessons import opened, texts
from tests.support.markdown import errors

ROOT = Path(__file__).parents[1]


def test_viewers_are_told_no_internals_and_other_sites_can_ask_for_nothing() -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["client"]["showErrorDetails"] == "none"
    assert settings["server"]["enableXsrfProtection"] is True
    # Community Cloud reaches the app from outside.
    assert "address" not in settings["server"]


def broken() -> None:
    raise RuntimeError("/srv/secret/folder is not what it was")


def test_an_error_that_nobody_foresaw_names_no_folder() -> None:
    config.set_option("client.showErrorDetails", "none")
    try:
        at = AppTest.from_function(broken).run()
    finally:
        config.set_option("client.showErrorDetails", "full")
    (shown,) = at.exception
    assert "secret" not in shown.message + "".join(shown.stack_trace)


@pytest.mark.parametrize("lesson", ["start", "regularisation"])
def test_a_data_set_that_the_server_lacks_is_said_in_words(
    lesson: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FMVIZ_DATA", str(tmp_path / "secret"))
    at = opened(lesson, {"dataset": "full"})
    assert NO_IMAGES in errors(at)
    assert not any("secret" in text for text in (*errors(at), texts(at)))


def test_a_data_set_that_has_become_unreadable_is_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for pair in data.FILES.values():
        for name in pair:
            (tmp_path / name).write_bytes(b"damaged")
    monkeypatch.setenv("FMVIZ_DATA", str(tmp_path))
    at = opened("start", {"dataset": "full"})
    assert errors(at) == [NO_IMAGES]
    assert str(tmp_path) not in texts(at)


@pytest.mark.slow
@pytest.mark.parametrize("lesson", ["regularisation", "playground"])
def test_no_viewer_waits_for_the_charts_that_a_page_opens_with_to_be_built(lesson: str) -> None:
    shell.prepare_charts()
    specs: list[Any] = [curves.curves_spec, row_spec, figures.gap_spec, figures.sparsity_spec]
    specs += [weights.distribution_spec, layers.over_epochs_spec]
    built = [spec.cache_info().misses for spec in specs]
    at = opened(lesson)
    assert len(at.get("vega_lite_chart")) >= 4
    assert [spec.cache_info().misses for spec in specs] == built


@pytest.mark.slow
def test_a_wrong_setting_ends_the_server_with_a_line_before_it_serves(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    options = ["--server.headless=true", "--server.address=localhost", f"--server.port={port}"]
    done = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options],
        cwd=ROOT,
        env={**os.environ, "FMVIZ_STORE_MB": "lots", "FMVIZ_DATA": str(tmp_path / "nowhere")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode not in (0, None)
    said = [line for line in done.stderr.splitlines() if line.startswith("fmviz")]
    assert len(said) == 2
    assert "FMVIZ_STORE_MB must be a whole number of at least 1, not 'lots'" in said[0]
    assert "FMVIZ_DATA names" in said[1]
    assert "Traceback" not in done.stderr + done.stdout
