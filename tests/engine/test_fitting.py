"""How many runs begin together in a worker that has little room, and what it does with none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fmviz.engine import fitting, leaving, limits, needs
from fmviz.engine.requests import Member, Model
from fmviz.run.config import RunConfig
from fmviz.run.groups import MEMBERS_AT_ONCE

MB = 10**6
DEEP = RunConfig(hidden=(512, 512, 512, 512))
ALONE = needs.height(DEEP, 1)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the bytes that a worker may still take, without its reserve."""

    def set_free(count: int) -> None:
        room = needs.BASE + needs.COMPILING + needs.COMPILING_LAYER + count
        monkeypatch.setattr(limits, "worker_room", lambda: room)

    monkeypatch.setattr(limits, "taken", lambda: needs.BASE)
    monkeypatch.setattr(fitting, "BEGUN", fitting.time.monotonic())
    monkeypatch.delenv(leaving.FOLDER, raising=False)
    return set_free


def test_what_fits_begins(free: Callable[[int], None]) -> None:
    free(needs.height(DEEP, MEMBERS_AT_ONCE))
    assert fitting.most(DEEP, []) == MEMBERS_AT_ONCE
    free(needs.height(DEEP, 2))
    assert fitting.most(DEEP, []) == 2


def test_what_others_have_yet_to_take_is_theirs(
    free: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = Model([Member(DEEP, False)], 1, 0.0)
    free(needs.height(DEEP, 1) + needs.height(DEEP, 2))
    assert fitting.most(DEEP, [other]) == 2
    # After a worker that had no room left what is not small waits for the other.
    monkeypatch.setenv(leaving.FOLDER, str(tmp_path))
    (tmp_path / leaving.TIGHT).touch()
    assert fitting.most(DEEP, [other]) == 0
    assert not (tmp_path / leaving.ASKED).exists()


def test_a_fresh_worker_tries_as_long_as_there_is_a_reserve(free: Callable[[int], None]) -> None:
    least = ALONE - limits.RESERVE - needs.COMPILING - needs.COMPILING_LAYER
    free(least)
    assert fitting.most(DEEP, []) == 1
    free(least - 1)
    with pytest.raises(needs.TooLarge):
        fitting.most(DEEP, [])
    # What the pages open with is tried everywhere.
    free(-200 * MB)
    assert fitting.most(RunConfig(), []) == 1


def test_a_worker_that_has_long_been_at_work_asks_for_a_fresh_one(
    free: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    free(0)
    monkeypatch.setattr(fitting, "BEGUN", fitting.time.monotonic() - fitting.FRESH_SECONDS)
    assert fitting.most(RunConfig(), []) == 1  # nobody's to replace
    monkeypatch.setenv(leaving.FOLDER, str(tmp_path))
    assert fitting.most(DEEP, []) == 0
    (tmp_path / leaving.ASKED).unlink()
    # What has been compiled is tried once more, where the reserve will do.
    monkeypatch.setattr(fitting, "_at_hand", lambda config, members: 1)
    assert fitting.most(DEEP, []) == 1
    assert not (tmp_path / leaving.ASKED).exists()
    free(-200 * MB)
    assert fitting.most(DEEP, []) == 0
    assert (tmp_path / leaving.ASKED).exists()
