"""Files that only a worker can make: ordered, waited for, cancelled."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence

from fmviz.engine import worker
from fmviz.engine.connection import Client, Future
from fmviz.engine.requests import Cancelled
from fmviz.run.config import RunConfig
from fmviz.run.record import Array

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.1
# A warm worker needs about a second; a cold one imports TensorFlow first; a busy one ends its run.
TIMEOUT_SECONDS = 180.0
FETCH_SECONDS = 30.0


class FileError(Exception):
    """A file could not be made; the message says why, in words for a reader."""


class ModelFile:
    """A `.keras` file that a worker makes. Iterate for words on how it stands until it is there,
    then take `content`. Closing it before cancels it.

    Args:
        standing: the Dask client, None while there is no connection, and words on how it stands.
        name, epoch, weights: as `worker.model_file` has them.
        timeout: seconds after which it is given up.
    """

    def __init__(
        self,
        standing: Callable[[], tuple[Client | None, str]],
        config: RunConfig,
        name: str,
        epoch: int,
        weights: Sequence[Array] = (),
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._standing, self._timeout = standing, timeout
        self._arguments = config.model_dump(mode="json"), name, epoch, [*weights]
        content = hashlib.sha256(name.encode())
        for array in weights:
            content.update(array.tobytes())
        # Whoever orders the same file at the same time gets it from one task.
        self._key = f"fmviz-file-{config.key}-{epoch}-{content.hexdigest()[:16]}"
        self._future: Future[bytes] | None = None
        self._content: bytes | None = None

    def __enter__(self) -> ModelFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it; where nobody else has ordered it, the worker stops."""
        future, self._future = self._future, None
        if future is not None:
            future.release()

    @property
    def content(self) -> bytes:
        """The file, once the iteration has ended.

        Raises:
            FileError: it has not.
        """
        if self._content is None:
            raise FileError("the file is not made yet")
        return self._content

    def __iter__(self) -> Iterator[str]:
        """Words on how it stands, at least every `POLL_SECONDS`.

        Raises:
            FileError: it cannot be made, or not in time.
        """
        begun = time.monotonic()
        while self._content is None:
            client, words = self._standing()
            if self._future is None and client is not None:
                self._submit(client)
            if self._future is not None and self._future.done():
                self._take(self._future)
                continue
            if time.monotonic() - begun > self._timeout:
                raise FileError(
                    f"the worker has not made the file within {self._timeout:.0f} seconds; it may "
                    "be busy with other runs: try again later"
                )
            yield words
            time.sleep(POLL_SECONDS)

    def _submit(self, client: Client) -> None:
        try:
            # Before runs that wait: it takes no time, and its reader has pressed a button for it.
            self._future = client.submit(
                worker.model_file, *self._arguments, key=self._key, pure=True, priority=1
            )
        except Exception as error:  # the connection has just broken: it is ordered again then
            logger.warning("cannot order %s: %s", self._key, error)

    def _take(self, future: Future[bytes]) -> None:
        if future.status in ("cancelled", "lost"):  # with the connection: it is ordered again
            self.close()
            return
        try:
            content = future.result(timeout=FETCH_SECONDS)
        except Cancelled:  # somebody else's order, given up as ours came
            self.close()
            return
        except Exception as error:
            logger.error("no file: %s: %s", type(error).__name__, error)
            raise FileError(_reason(error)) from error
        self._content = content


def _reason(error: Exception) -> str:
    """Why a task failed, in words."""
    if type(error).__name__ == "KilledWorker":
        return (
            "the worker process ended while it made the file, each time it tried; its machine may "
            "be short of memory"
        )
    if isinstance(error, TimeoutError):
        return f"the finished file did not arrive within {FETCH_SECONDS:.0f} seconds; try again"
    if isinstance(error, ValueError):  # of fmviz's own: such a file there cannot be
        return f"the worker could not make the file: {error}"
    # A library's own words may name the host's folders.
    return "the worker could not make the file; the server's log says why"
