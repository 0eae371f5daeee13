"""Who trains what, where several engines share a store: each run is trained by one of them.

A claim is a small file beside the run's own, `KEY.claim`, that names its holder. The holder shows
that it lives by rewriting `HOLDER.alive` every few seconds. Whoever sees that file unchanged for
longer, by a clock of its own, takes over: clocks of machines that share a folder need not agree.

Whoever trains a run that nobody waits for yet gives way to one for whom somebody waits.

A claim only saves work. Where one cannot be made, or two take over in the same instant, a run is
trained twice, and nothing else happens.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable

from fmviz.run.files import PART, Files

logger = logging.getLogger(__name__)

CLAIM = ".claim"
ALIVE = ".alive"
BEAT_SECONDS = 2.0
STALE_SECONDS = 10.0
HOLDER_BYTES = 64
# What stands behind the holder's name where nobody waits for the run yet.
UNASKED = b" ahead"


class Claims:
    """The claims of one holder. Safe to use from many threads.

    Args:
        files: where the store keeps its runs.
        beat: seconds from one sign of life to the next.
        stale: seconds without one after which another holder's claims are void.
        now: a clock, in seconds.
    """

    def __init__(
        self,
        files: Files,
        beat: float = BEAT_SECONDS,
        stale: float = STALE_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.holder = secrets.token_hex(16)
        self._files = files
        self._beat, self._stale, self._now = beat, stale, now
        self._held: set[str] = set()
        self._signs: dict[str, tuple[bytes, float]] = {}
        self._count = 0
        # Held while files are made and deleted, so that a claim stands in `_held` while it lies
        # there.
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._beating: threading.Thread | None = None

    @property
    def held(self) -> frozenset[str]:
        """The keys of the runs that this holder may train."""
        return frozenset(self._held)

    def take(self, keys: Iterable[str], *, ahead: bool = False) -> set[str]:
        """Claim runs.

        Args:
            ahead: whether nobody waits for them yet.

        Returns:
            Those that this holder has a claim on now, or had. Another one trains the rest: ask
            again later, and look into the store before. None after `close`.
        """
        with self._lock:
            taken: set[str] = set()
            if self._ended.is_set():
                return taken
            for key in keys:
                try:
                    if key in self._held or self._take(key, ahead):
                        taken.add(key)
                        self._held.add(key)
                except OSError as error:  # then there is nobody to agree with
                    logger.debug("cannot claim %s: %s", key, error)
                    taken.add(key)
            return taken

    def _take(self, key: str, ahead: bool) -> bool:
        self._show()
        name, mine = key + CLAIM, self.holder.encode() + (UNASKED if ahead else b"")
        if self._files.create(name, mine):
            return True
        try:
            other = self._files.read(name, HOLDER_BYTES)
        except FileNotFoundError:  # it has just been released
            return self._files.create(name, mine)
        if other == mine:
            return True
        gives_way = other.endswith(UNASKED) and not ahead
        if not gives_way and self._lives(other.removesuffix(UNASKED)):
            return False
        return self._take_over(name, other, mine)

    def _take_over(self, name: str, void: bytes, mine: bytes) -> bool:
        """Write this holder's claim over a void one. One holder at a time does so with a claim: who
        comes second finds that it is void no more."""
        turn = f"{name}.turn{PART}"
        if not self._files.create(turn, self.holder.encode()):
            try:
                other = self._files.read(turn, HOLDER_BYTES)
                if other != self.holder.encode() and not self._lives(other):
                    self._files.delete(turn)
            except FileNotFoundError:
                pass
            return False  # ask again later
        try:
            if self._files.read(name, HOLDER_BYTES) != void:
                return False
            self._files.write(name, mine)
            return True
        except FileNotFoundError:
            return self._files.create(name, mine)
        finally:
            self._files.delete(turn)

    def _lives(self, holder: bytes) -> bool:
        """Whether another holder has shown a sign of life, or has not been watched for long."""
        name = holder.decode("ascii", "replace")
        try:
            # Nothing but a name of ours is made a file's name.
            sign = self._files.read(name + ALIVE, HOLDER_BYTES) if name.isalnum() else b""
        except FileNotFoundError:
            sign = b""
        seen, since = self._signs.get(name, (None, 0.0))
        if sign != seen:
            self._signs[name] = sign, self._now()
            return True
        return self._now() - since < self._stale

    def release(self, keys: Iterable[str]) -> None:
        """Give claims back: the runs are in the store, or nobody wants them any more."""
        with self._lock:
            for key in self._held.intersection(keys):
                self._held.discard(key)
                name = key + CLAIM
                try:
                    if self._files.read(name, HOLDER_BYTES).startswith(self.holder.encode()):
                        self._files.delete(name)
                except OSError as error:  # another one has taken over, or the folder is gone
                    logger.debug("cannot release %s: %s", key, error)

    def close(self) -> None:
        """Give all claims back."""
        self._ended.set()
        self.release(self.held)
        beating = self._beating
        if beating is not None:
            beating.join()

    # Signs of life -------------------------------------------------------------------------------

    def _show(self) -> None:
        """Show signs of life from now on; called with the lock held."""
        if self._beating is not None:
            return
        self._sign()
        self._beating = threading.Thread(target=self._live, name="fmviz-claims", daemon=True)
        self._beating.start()

    def _sign(self) -> None:
        self._count += 1
        self._files.write(self.holder + ALIVE, str(self._count).encode())

    def _live(self) -> None:
        """Show signs of life while there are claims; on a thread of its own."""
        while True:
            ended = self._ended.wait(self._beat)
            try:
                with self._lock:
                    if ended or not self._held:
                        self._beating = None
                        self._files.delete(self.holder + ALIVE)
                        return
                self._sign()
            except OSError as error:
                logger.debug("cannot show that claims are held: %s", error)
