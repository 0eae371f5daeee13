"""The public face: one sentence to type, and no TensorFlow until something trains."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fmviz
from fmviz import RunConfig, load_run
from fmviz.run.store import RunStore
from tests.support.records import SHIPPED, same_figures, shipped, synthetic, untested


def test_a_shipped_run_is_loaded() -> None:
    assert same_figures(load_run(SHIPPED[0]), shipped(SHIPPED[0]))


def test_a_run_that_is_not_there_is_an_error_that_says_what_makes_it() -> None:
    with pytest.raises(LookupError, match=r"fmviz\.train\(config\) trains it"):
        load_run(RunConfig(seed=987_654))


def test_importing_the_face_loads_neither_tensorflow_nor_streamlit() -> None:
    code = (
        "import sys, fmviz; sys.exit(bool({'tensorflow', 'keras', 'streamlit'} & {*sys.modules}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_one_run_or_several_are_trained() -> None:
    small = RunConfig(train_size=100, hidden=(4,), epochs=2)
    alone = fmviz.train(small)
    assert alone.complete
    assert alone.config == small
    both = fmviz.train([small, small.replace(penalty="l2", lam=1.0)])
    assert [record.config.lam for record in both] == [0.0, 1.0]
    assert both[0].at_end("val_accuracy") == pytest.approx(alone.at_end("val_accuracy"), abs=0.002)
    assert not alone.has_test
    assert fmviz.train(small, test=True).has_test


def test_test_figures_are_there_where_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FMVIZ_STORE", str(tmp_path))
    record = synthetic()
    RunStore(tmp_path).put(untested(record))
    assert not load_run(record.config).has_test
    with pytest.raises(LookupError, match=r"fmviz\.train\(config, test=True\)"):
        load_run(record.config, test=True)
    RunStore(tmp_path).put(record)
    assert load_run(record.config, test=True).has_test
