"""The connection to a Dask scheduler, made again whenever it is lost.

Without an address the scheduler and its one worker are a process of this machine: it is started
with the connection, replaced with it, and ends with it.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from fmviz.engine import handover
from fmviz.engine.by_name import Sender
from fmviz.engine.reports import BEATS, TOPIC, Beat, Report
from fmviz.engine.service import begun, end, is_stopped
from fmviz.run.quoting import quoted
from fmviz.run.store import SettingError
from fmviz.words import waiting

if TYPE_CHECKING:
    from distributed import Security

logger = logging.getLogger(__name__)

CHECK_SECONDS = 0.5
RECONNECT_SECONDS = 2.0
CONNECT_SECONDS = 10.0
# What a worker of this machine takes to start, import TensorFlow and compile the default runs.
WARM_UP_SECONDS = 12.0
CLOSE_SECONDS = 60.0
# A process of ours that has been stopped (SIGSTOP) does not go on by itself: the silence of one is
# no busy machine's, and is waited out for no longer than it takes to say so.
STOPPED_SECONDS = 7.0

T = TypeVar("T")
Result = TypeVar("Result", covariant=True)


class Future(Protocol[Result]):
    """What is used of `distributed.Future`."""

    @property
    def key(self) -> str: ...
    @property
    def status(self) -> str: ...
    def done(self) -> bool: ...
    def exception(self) -> BaseException | None: ...
    def result(self, timeout: float | None = None) -> Result: ...
    def release(self) -> None: ...


class Client(Protocol):
    """What is used of `distributed.Client`."""

    @property
    def status(self) -> str: ...
    @property
    def scheduler_comm(self) -> object: ...
    def submit(
        self,
        function: Callable[..., T],
        *arguments: object,
        key: str,
        pure: bool,
        priority: int,
        workers: Sequence[str] | None = None,
    ) -> Future[T]: ...
    def close(self, timeout: float) -> None: ...


class Listener(Protocol):
    """Who wants to know of the connection. It is called with no lock held: `reported` on the
    thread of Dask's event loop, which must never be kept waiting, the rest on the connection's
    own."""

    def connected(self, client: Client) -> None:
        """There is a client from now on."""
        ...

    def lost(self, problem: str, blame: bool = False) -> None:
        """There is none any more; what went wrong, in words, where that is known, and whether that
        is for what the worker did."""
        ...

    def silence(self) -> float:
        """Seconds since any worker has given a sign of life that was due; 0 where none is."""
        ...

    def tick(self) -> str:
        """Called every `CHECK_SECONDS` while connected; what is wrong with the workers, or ""."""
        ...

    def beat(self, beat: Beat) -> None:
        """A worker has given a sign of life."""
        ...

    def reported(self, report: Report) -> None:
        """A worker has reported."""
        ...


class Unreachable(ConnectionError):
    """There is no connection.

    Args:
        detail: for the server's log.
        words: for whoever waits.
    """

    def __init__(self, detail: str, words: str) -> None:
        super().__init__(detail)
        self.words = words


def scheduler_address() -> str | None:
    """FMVIZ_SCHEDULER, or None where a worker on this machine is wanted.

    Raises:
        SettingError: it is set but is no address.
    """
    address = os.environ.get("FMVIZ_SCHEDULER")
    if address and not re.fullmatch(r"(tcp|tls|ws|wss)://[^\s/:]+:\d{1,5}", address):
        raise SettingError(
            f"FMVIZ_SCHEDULER must be an address such as tcp://10.0.0.5:8786, not {quoted(address)}"
        )
    return address or None


class Connection:
    """Keeps a client connected, on a thread of its own. That thread alone changes what is here,
    but for `close` once it has ended.

    Args:
        address: a Dask scheduler; None starts one with a worker on this machine.
        listener: told of all that happens.
    """

    def __init__(self, address: str | None, listener: Listener) -> None:
        self.address = address
        self.client: Client | None = None
        self.service: subprocess.Popen[str] | None = None
        self._listener = listener
        self._since: float | None = None
        self._link: object = None
        self._has_reported = False
        self._starting = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fmviz", daemon=True)
        atexit.register(self.close)

    def start(self) -> None:
        """Connect in the background, unless that is under way."""
        with self._starting:
            if self._thread.ident is None and not self._closed.is_set():
                self._thread.start()

    def ready_in(self) -> float:
        """Seconds until the worker can begin, as far as is known; 0 once it has reported."""
        if self._has_reported or self.address is not None:
            return 0.0
        since = self._since
        running = 0.0 if since is None else time.monotonic() - since
        return max(WARM_UP_SECONDS - running, 0.0)

    def close(self) -> None:
        """Disconnect for good, and end the worker process."""
        with self._starting:
            if self._closed.is_set():
                return
            self._closed.set()
        atexit.unregister(self.close)
        if self._thread.ident is not None:
            self._thread.join(CLOSE_SECONDS)
        self._disconnect("")

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                if self.client is not None and self._is_broken(self.client):
                    self._disconnect("")
                if self.client is None:
                    self._connect()
                problem = self._listener.tick()
                stopped = "" if problem else self._stopped()
                if (problem or stopped) and self.service is not None:
                    logger.warning("the worker is replaced: %s", problem or stopped)
                    # Who has been stopped was so by somebody else than what it trained.
                    self._disconnect(problem or stopped, blame=bool(problem), answers=False)
                    continue
                self._closed.wait(CHECK_SECONDS)
            except Exception as error:  # this thread must outlive whatever goes wrong
                logger.warning("no worker: %s", error)
                said = error.words if isinstance(error, Unreachable) else waiting.no_connection()
                self._disconnect(said)
                self._closed.wait(RECONNECT_SECONDS)

    def _is_broken(self, client: Client) -> bool:
        ended = self.service is not None and self.service.poll() is not None
        # Dask's client connects again by itself, and has then forgotten what it was asked for.
        return ended or client.status != "running" or client.scheduler_comm is not self._link

    def _stopped(self) -> str:
        """What is wrong with a service that has been stopped, or whose worker has; "" where it is
        not so."""
        if self.service is None or self._listener.silence() < STOPPED_SECONDS:
            return ""
        return waiting.stopped_answering() if is_stopped(self.service) else ""

    def _connect(self) -> None:
        # Another's scheduler is met as Dask's own settings say (`distributed.comm.tls.…`).
        address, security = (self.address, None) if self.address else self._start_service()
        # Imported here, on this thread: it takes half a second that no page should wait for.
        import distributed

        try:
            client = distributed.Client(
                address,
                timeout=CONNECT_SECONDS,
                set_as_default=False,
                name="fmviz",
                security=security,
                # What the own worker has trained need not pass through the scheduler as well.
                direct_to_workers=self.address is None,
            )
        except OSError as error:
            raise Unreachable(
                f"no Dask scheduler answers at {address}", waiting.no_scheduler()
            ) from error
        except TypeError as error:  # Dask's word for a tls:// address without a certificate
            raise Unreachable(
                f"{address} wants certificates: name them to Dask, in "
                "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, …__CLIENT__CERT and …__CLIENT__KEY",
                waiting.no_certificates(),
            ) from error
        client.subscribe_topic(TOPIC, self._on_event)
        client.subscribe_topic(BEATS, self._on_beat)
        self.client = Sender(client)
        self._since, self._link = time.monotonic(), client.scheduler_comm
        self._listener.connected(self.client)

    def _on_event(self, event: tuple[float, dict[str, Any]]) -> None:
        _, message = event
        self._has_reported = True
        self._listener.reported(Report.from_message(message))

    def _on_beat(self, event: tuple[float, list[Any]]) -> None:
        self._listener.beat(Beat(*event[1]))

    def _start_service(self) -> tuple[str, Security]:
        if self._closed.is_set():
            raise ConnectionError("the engine is closed")
        self.service = begun([sys.executable, "-m", "fmviz.engine.local_cluster"])
        # The command ends, and the line comes up empty, if it cannot start.
        assert self.service.stdout is not None
        line = self.service.stdout.readline()
        if not line:
            raise Unreachable(
                f"the worker process ended at its start (exit code {self.service.wait()})",
                waiting.cannot_start(),
            )
        return handover.read(line)

    def _disconnect(self, problem: str, blame: bool = False, answers: bool = True) -> None:
        client, self.client = self.client, None
        self._since, self._has_reported = None, False
        self._listener.lost(problem, blame)
        service, self.service = self.service, None
        if service is not None and not answers:
            # The client would wait for its answer.
            end(service, at_once=True)
        if client is not None:
            try:
                client.close(timeout=2)
            except Exception as error:
                logger.debug("while closing: %s", error)
        if service is not None and answers:
            end(service)
