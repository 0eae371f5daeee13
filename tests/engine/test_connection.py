"""The address of a scheduler, and what is said where none answers."""

from __future__ import annotations

import pytest

from fmviz.engine.connection import scheduler_address
from fmviz.run.store import SettingError


@pytest.mark.parametrize("text", ["localhost:8786", "http://x:1", "tcp://", "tcp://x", "yes"])
def test_a_bad_scheduler_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FMVIZ_SCHEDULER", text)
    with pytest.raises(SettingError, match="FMVIZ_SCHEDULER must be an address") as error:
        scheduler_address()
    assert repr(text) in str(error.value)


def test_a_good_scheduler_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scheduler_address() is None
    monkeypatch.setenv("FMVIZ_SCHEDULER", "tcp://10.0.0.5:8786")
    assert scheduler_address() == "tcp://10.0.0.5:8786"
