"""Orders for files with a scripted connection: what becomes of them, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fmviz.engine import orders, worker
from fmviz.engine.orders import FileError, ModelFile
from tests.support.records import tiny


class Future:
    """Answers as Dask's would, a step a look: "pending", then what it ends as."""

    def __init__(self, outcome: bytes | Exception | str, looks: int = 1) -> None:
        self.outcome, self.looks, self.released = outcome, looks, False
        self.status = "pending"

    def done(self) -> bool:
        self.looks -= 1
        if self.looks < 0:
            ended = "error" if isinstance(self.outcome, Exception) else "finished"
            self.status = self.outcome if isinstance(self.outcome, str) else ended
        return self.looks < 0

    def result(self, timeout: float) -> bytes:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        assert isinstance(self.outcome, bytes)
        return self.outcome

    def release(self) -> None:
        self.released = True


class Client:
    def __init__(self, *futures: Future) -> None:
        self.futures, self.keys = list(futures), list[str]()

    def submit(self, task: Callable[..., Any], *arguments: Any, **options: Any) -> Future:
        assert task is worker.model_file
        self.keys.append(options["key"])
        return self.futures[len(self.keys) - 1]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "POLL_SECONDS", 0.0)


def order(client: Client | None, timeout: float = 60.0, **changes: Any) -> ModelFile:
    weights = changes.pop("weights", [np.ones(3, np.float32)])
    return ModelFile(lambda: (client, "words"), tiny(**changes), "name", 2, weights, timeout)


def test_it_tells_how_it_stands_until_the_file_is_there() -> None:
    future = Future(b"file", looks=3)
    with order(Client(future)) as file:
        with pytest.raises(FileError, match="not made yet"):
            print(file.content)
        assert list(file) == ["words"] * 3
        assert file.content == b"file"
        assert not future.released
    assert future.released


@pytest.mark.parametrize("outcome", ["cancelled", "lost", worker.Cancelled("x")])
def test_what_went_with_the_connection_is_ordered_anew(outcome: str | Exception) -> None:
    first, second = Future(outcome), Future(b"file")
    client = Client(first, second)
    with order(client) as file:
        assert list(file)
    assert file.content == b"file"
    assert first.released
    assert len(client.keys) == 2


class KilledWorker(Exception):
    """As Dask's, by name."""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KilledWorker(), "worker process ended while it made the file"),
        (TimeoutError(), "did not arrive within 30 seconds"),
        (ValueError("the run diverges in epoch 2"), "make the file: the run diverges in epoch 2"),
        (OSError("/srv/secret is full"), "could not make the file; the server's log says why$"),
    ],
)
def test_a_failure_is_told_in_words(error: Exception, message: str) -> None:
    future = Future(error)
    with pytest.raises(FileError, match=message), order(Client(future)) as file:
        list(file)
    assert future.released


def test_it_is_not_waited_for_for_ever() -> None:
    for client in (None, Client(Future(b"file", looks=10**9))):
        with pytest.raises(FileError, match="within 0 seconds"), order(client, 0.01) as file:
            list(file)


def test_a_broken_connection_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Client):
        broken = True

        def submit(self, *arguments: Any, **options: Any) -> Future:
            if self.broken:
                self.broken = False
                raise OSError("gone")
            return super().submit(*arguments, **options)

    with order(Broken(Future(b"file"))) as file:
        list(file)
    assert file.content == b"file"
    assert "gone" in caplog.text


def test_one_file_has_one_key_and_others_have_others() -> None:
    def key(**changes: Any) -> str:
        client = Client(Future(b"file"))
        with order(client, **changes) as file:
            list(file)
        return client.keys[0]

    assert key() == key()
    assert len({key(), key(seed=1), key(weights=[]), key(weights=[np.zeros(3, np.float32)])}) == 4
