"""The trainer that only waits hands over records as the real one does."""

from __future__ import annotations

import pytest

from benchmarks import scripted
from fmviz.run import archive


@pytest.mark.parametrize("epochs", range(scripted.EPOCHS + 1))
def test_what_it_hands_over_can_be_read(epochs: int) -> None:
    (config,) = scripted.runs(1)
    record = archive.unpack(archive.pack(scripted.so_far(config, epochs, "training")))
    assert (record.epochs, record.complete) == (epochs, epochs == scripted.EPOCHS)
