"""What a host has set wrong, all of it at once."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from fmviz.engine.environment import problems
from fmviz.run.data import COMPACT_FOLDER, FILES


def test_nothing_is_wrong_with_nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STORE", "STORE_MB", "SCHEDULER", "MEMORY_MB", "AHEAD", "WARM_UP", "DATA"):
        monkeypatch.delenv(f"FMVIZ_{name}", raising=False)
    assert problems() == []


def test_each_fault_has_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    faults = {
        "FMVIZ_STORE": str(file),
        "FMVIZ_STORE_MB": "lots\nof it",
        "FMVIZ_SCHEDULER": "http://x",
        "FMVIZ_MEMORY_MB": "-1",
        "FMVIZ_AHEAD": "maybe",
        "FMVIZ_WARM_UP": "yes",
        "FMVIZ_DATA": str(tmp_path / "nowhere"),
    }
    for name, text in faults.items():
        monkeypatch.setenv(name, text)
    found = problems()
    assert len(found) == len(faults)
    for name, sentence in zip(faults, found):
        assert name in sentence
        assert sentence.isprintable()


@pytest.mark.slow
def test_a_data_set_that_is_not_whole_is_found_at_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for pair in FILES.values():
        for name in pair:
            (tmp_path / name).write_bytes((COMPACT_FOLDER / name).read_bytes())
    monkeypatch.setenv("FMVIZ_DATA", str(tmp_path))
    (said,) = problems()
    assert "12,500 images, expected 60,000" in said
    damaged = tmp_path / FILES["test"][0]
    damaged.write_bytes(gzip.compress(b"not images"))
    (tmp_path / FILES["train"][0]).write_bytes(b"no gzip")
    (said,) = problems()
    assert "train-images" in said
