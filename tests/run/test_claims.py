"""Claims on runs: one holder at a time, until it gives them back or is gone."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fmviz.run.claims import ALIVE, CLAIM, Claims
from fmviz.run.files import PART, Files, LocalFiles, RemoteFiles
from tests.support.records import locked_folder

A, B, C = ("a" * 32, "b" * 32, "c" * 32)
BEAT = 0.05


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(params=["folder", "fsspec's folder", "fsspec's memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "folder":
        return LocalFiles(tmp_path)
    if request.param == "fsspec's folder":
        return RemoteFiles(f"local://{tmp_path}")
    return RemoteFiles(f"memory://{tmp_path.name}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def one(files: Files, clock: Clock) -> Iterator[Claims]:
    claims = Claims(files, BEAT, 10, clock)
    yield claims
    claims.close()


@pytest.fixture
def other(files: Files, clock: Clock) -> Iterator[Claims]:
    claims = Claims(files, BEAT, 10, clock)
    yield claims
    claims.close()


def names(files: Files) -> set[str]:
    return {entry.name for entry in files.entries()}


def test_what_one_has_claimed_no_other_gets_until_it_is_given_back(
    one: Claims, other: Claims
) -> None:
    assert one.take([A, B]) == {A, B}
    assert other.take([B, C]) == {C}
    assert one.take([A, B, C]) == {A, B}
    one.release([B, C])
    assert one.held == {A}
    assert other.take([A, B, C]) == {B, C}


def test_given_back_nothing_is_left(files: Files, one: Claims, other: Claims) -> None:
    one.take([A])
    other.take([B])
    assert names(files) == {A + CLAIM, B + CLAIM, one.holder + ALIVE, other.holder + ALIVE}
    one.close()
    assert names(files) == {B + CLAIM, other.holder + ALIVE}
    other.release([B])
    until = time.monotonic() + 10
    while names(files) and time.monotonic() < until:
        time.sleep(BEAT)
    assert names(files) == set()
    # And again.
    assert other.take([A]) == {A}
    assert names(files) == {A + CLAIM, other.holder + ALIVE}


def test_a_holder_that_lives_keeps_its_claims_however_long(
    files: Files, clock: Clock, one: Claims, other: Claims
) -> None:
    one.take([A])
    for _ in range(3):
        assert other.take([A]) == set()
        before = files.read(one.holder + ALIVE, 100)
        until = time.monotonic() + 10
        while files.read(one.holder + ALIVE, 100) == before and time.monotonic() < until:
            time.sleep(BEAT / 5)
        clock.seconds += 100


def test_the_claims_of_one_that_is_gone_are_void_after_a_while(
    files: Files, clock: Clock, other: Claims
) -> None:
    gone = Claims(files, 1_000, 10, clock)  # no sign of life but the first
    gone.take([A, B])
    assert other.take([A]) == set()
    clock.seconds += 9.9
    assert other.take([A, B]) == set()
    clock.seconds += 0.2
    assert other.take([A]) == {A}
    assert other.take([B]) == {B}
    # It comes back, and does not take the claim of the other away.
    gone.close()
    assert gone.take([C]) == set()
    third = Claims(files, BEAT, 10, clock)
    assert third.take([A, B]) == set()
    assert not any(name.endswith(".part") for name in names(files))


def test_who_trains_ahead_gives_way_to_one_for_whom_somebody_waits(
    files: Files, one: Claims, other: Claims
) -> None:
    assert one.take([A, B], ahead=True) == {A, B}
    assert other.take([A, B], ahead=True) == set()
    assert other.take([A]) == {A}
    # Its training ends all the same, and the other's claim stays.
    one.release([A, B])
    third = Claims(files, BEAT)
    assert third.take([A, B], ahead=True) == {B}
    third.close()


@pytest.mark.parametrize("content", [b"", b"../../etc/passwd", bytes(60), "ä".encode(), b"x" * 64])
def test_a_claim_that_names_nobody_is_void_after_a_while(
    files: Files, clock: Clock, one: Claims, content: bytes
) -> None:
    files.write(A + CLAIM, content)
    assert one.take([A]) == set()
    clock.seconds += 10
    assert one.take([A]) == {A}


def test_of_many_who_find_a_claim_void_one_takes_it(files: Files, clock: Clock) -> None:
    gone = Claims(files, 1_000, 10, clock)
    gone.take([A])
    all_of_them = [Claims(files, BEAT, 10, clock) for _ in range(8)]
    for each in all_of_them:
        assert each.take([A]) == set()
    clock.seconds += 11
    start = threading.Barrier(len(all_of_them))

    def take(claims: Claims) -> None:
        start.wait()
        claims.take([A])

    threads = [threading.Thread(target=take, args=(each,)) for each in all_of_them]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(A in each.held for each in all_of_them) == 1
    for each in [gone, *all_of_them]:
        each.close()
    assert names(files) == set()


def test_one_that_died_while_it_took_over_is_no_hindrance_for_long(
    files: Files, clock: Clock, one: Claims
) -> None:
    dead = secrets.token_hex(16).encode()
    files.write(A + CLAIM, dead)
    files.write(f"{A}{CLAIM}.turn{PART}", dead)
    assert one.take([A]) == set()
    for _ in range(3):
        clock.seconds += 10
        one.take([A])
    assert A in one.held
    assert names(files) == {A + CLAIM, one.holder + ALIVE}


def test_of_many_who_ask_at_once_one_gets_a_run(files: Files) -> None:
    keys = [f"{i:032x}" for i in range(20)]
    all_of_them = [Claims(files, BEAT) for _ in range(4)]
    threads = [threading.Thread(target=each.take, args=(keys,)) for each in all_of_them]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = [key for each in all_of_them for key in each.held]
    assert sorted(held) == keys
    for each in all_of_them:
        each.close()


def test_where_nothing_can_be_written_nobody_waits() -> None:
    with locked_folder(0o555) as (_, locked):
        for _ in range(2):
            claims = Claims(LocalFiles(locked))
            assert claims.take([A]) == {A}
            assert list(locked.iterdir()) == []
            claims.close()
