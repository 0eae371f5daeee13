"""Finished runs on disk, by key.

Two layers: a writable place of bounded size, and recorded runs that ship with fmviz, which are
only read. A file that cannot be read or does not fit its name is a miss with a warning: never a
crash, never a wrong figure. Files that are not the store's own are left alone.

A run that nobody has asked for yet is called `KEY.ahead.npz`, and `KEY.npz` from its first use on.

Long because what finds a run, keeps it and makes room for it shares the cache in memory and its
lock.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from fmviz.run import archive
from fmviz.run.claims import Claims
from fmviz.run.config import RunConfig
from fmviz.run.files import Entry, LocalFiles, files_at
from fmviz.run.quoting import quoted
from fmviz.run.record import RecordError, RunRecord

logger = logging.getLogger(__name__)

RECORDED_FOLDER = Path(__file__).parents[1] / "recorded"
DEFAULT_MEGABYTES = 256
SUFFIX = ".npz"
AHEAD = ".ahead.npz"
# Bytes of decoded records kept in memory: a page reads the same few again at every move of a
# slider. A record takes about 1.3 MB, a brief one 0.4.
IN_MEMORY = 64 * 10**6

KEY = "[0-9a-f]{32}"
RUN = re.compile(rf"{KEY}(\.ahead)?\.npz")
# Files that are there for a moment, and for long only where a process has died.
PASSING = re.compile(rf"{KEY}\.(claim|alive|((ahead\.)?npz|claim|alive)\.[0-9a-f]{{8}}\.part)")
PASSING_SECONDS = 24 * 3600.0
# A file dated later than this from now was not used then.
FUTURE_SECONDS = 60.0
# Other processes write to the same place: it is listed at least so often while runs are put there.
LIST_SECONDS = 10.0
# Of runs trained ahead, which make way for all others, so much of the store may push out old ones.
AHEAD_SHARE = 0.25


# Which layer a record comes from: trained and kept here, or shipped with fmviz.
Layer = Literal["store", "recorded"]


class Found(NamedTuple):
    """A finished run and the layer that has it.

    Attributes:
        ahead: whether it was trained before anybody asked for it, as far as is remembered.
    """

    record: RunRecord
    source: Layer
    ahead: bool = False


@dataclass
class _Kept:
    """A record in memory, whether it was trained ahead, and whether it has been asked for since."""

    record: RunRecord
    ahead: bool = False
    asked: bool = False


class SettingError(Exception):
    """An environment variable has a value that cannot be used; the message names it."""


def default_folder() -> Path | str:
    """Where runs are kept: FMVIZ_STORE, a folder or a URL, or fmviz/runs in the user's cache
    folder."""
    named = os.environ.get("FMVIZ_STORE")
    if named:
        return named if "://" in named else Path(named).expanduser()
    return user_folder() / "runs"


def user_folder() -> Path:
    """fmviz's own folder in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(cache) if cache else Path.home() / ".cache") / "fmviz"


def default_bytes() -> int:
    """Size limit of the store: FMVIZ_STORE_MB megabytes.

    Raises:
        SettingError: FMVIZ_STORE_MB is not a whole number of at least 1.
    """
    text = os.environ.get("FMVIZ_STORE_MB") or str(DEFAULT_MEGABYTES)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise SettingError(
            f"FMVIZ_STORE_MB must be a whole number of at least 1, not {quoted(text)}"
        )
    return int(text) * 10**6


class RunStore:
    """key → record. Safe to use from several threads and several processes at once.

    Args:
        folder: the writable layer, made when first written to; or the URL of one, for `fsspec`.
        max_bytes: its size limit. Runs trained ahead of any request go first, then those unused
            for longest.
        recorded: the read-only layer.

    Raises:
        SettingError: the folder cannot be used: a file is in its place, or the URL has no driver.
    """

    def __init__(
        self,
        folder: Path | str,
        max_bytes: int = 256 * 10**6,
        recorded: Path | None = RECORDED_FOLDER,
    ) -> None:
        try:
            self._files = files_at(folder)
        except ValueError as error:
            raise SettingError(str(error)) from error
        self.folder = folder
        self.max_bytes = max_bytes
        self._recorded = None if recorded is None else LocalFiles(recorded)
        self._memory: OrderedDict[tuple[str, Layer], _Kept] = OrderedDict()
        self._room = 0
        self._listed = 0.0
        self._lock = threading.Lock()

    def find(
        self,
        config: RunConfig,
        *,
        brief: bool = False,
        test: bool = False,
        outline: bool = False,
        recorded: bool = True,
        disk: bool = True,
    ) -> Found | None:
        """A run and where it comes from, or None where it is not known. Of two that will do the
        recorded one is found, unless the own one has weights or pictures that it lacks: what a page
        shows does not depend on what others have had trained. What is found counts as used.

        Args:
            brief: whether a record without weights will do.
            test: whether it must have the figures of the test images.
            outline: whether a record with nothing but its histories will do.
            recorded: whether a run that ships with fmviz will do.
            disk: whether to look there; without, only runs in memory are found, at once.
        """

        def within(layer: Layer) -> _Kept | None:
            kept = self._recall(config.key, layer)
            if disk and (kept is None or not _is_enough(kept.record, brief, test, outline)):
                # Another process may have put more there than is remembered here.
                kept = self._load(config, layer) or kept
            if kept is not None and disk and layer == "store":
                self._use(config.key, kept)
            enough = kept is not None and _is_enough(kept.record, brief, test, outline)
            return kept if enough else None

        shipped = within("recorded") if recorded else None
        if shipped is not None and not shipped.record.is_brief:
            return Found(shipped.record, "recorded")
        own = within("store")
        if shipped is not None and (own is None or shipped.record.is_as_whole_as(own.record)):
            return Found(shipped.record, "recorded")
        return None if own is None else Found(own.record, "store", own.ahead)

    def find_all(
        self,
        configs: Iterable[RunConfig],
        *,
        brief: bool = False,
        test: bool = False,
        outline: bool = False,
        recorded: bool = True,
    ) -> dict[str, Found]:
        """Those of some runs that are known, by key, as `find` finds them. A branch that was
        trained here is found with the trunk that was trained beside it: up to there they are one,
        and the rounding of another training is another.

        Args:
            brief, test, outline, recorded: as `find` has them.
        """
        wanted = {config.key: config for config in configs}
        terms = {"brief": brief, "test": test, "outline": outline}
        found = {
            key: each
            for key, config in wanted.items()
            if (each := self.find(config, recorded=recorded, **terms)) is not None
        }
        for key, config in wanted.items():
            trunk = config.trunk.key
            if config.branch and key in found and trunk in found and found[key].source == "store":
                own = self.find(config.trunk, recorded=False, **terms)
                found[trunk] = own or found[trunk]
        return found

    def get(
        self,
        config: RunConfig,
        *,
        brief: bool = False,
        test: bool = False,
        outline: bool = False,
    ) -> RunRecord | None:
        """The record that `find` finds."""
        found = self.find(config, brief=brief, test=test, outline=outline)
        return None if found is None else found.record

    def peek(self, config: RunConfig) -> RunRecord | None:
        """A run, if only in outline or without test figures. It does not count as used, and takes
        no room in memory: for pictures of many runs, few of which their reader has asked for."""
        own, ahead = config.key + SUFFIX, config.key + AHEAD
        layers: dict[Layer, tuple[str, ...]] = {"recorded": (own,), "store": (own, ahead)}
        for layer, names in layers.items():
            kept = self._recall(config.key, layer)
            if kept is not None:
                return kept.record
            for name in names:
                record = self._read(config, layer, name)
                if record is not None:
                    return record
        return None

    def claims(self) -> Claims:
        """The claims of one more holder, who trains what: where other processes use the same folder
        each run is trained by one of them."""
        return Claims(self._files)

    def newest(self, count: int) -> list[RunRecord]:
        """The own runs that were used last, at most so many; those that cannot be read are left
        out."""
        try:
            entries = [entry for entry in self._files.entries() if RUN.fullmatch(entry.name)]
        except OSError as error:
            logger.warning("cannot list the store: %s", error)
            return []
        found = []
        for entry in sorted(entries, key=_age)[:count]:
            try:
                content = self._files.read(entry.name, archive.MAX_BYTES)
                found.append(archive.unpack(content))
            except FileNotFoundError:  # another process has just evicted it
                continue
            except (OSError, RecordError) as error:
                logger.warning("ignoring stored run %s: %s", self._files.where(entry.name), error)
        return found

    def _look(self, config: RunConfig) -> _Kept | None:
        """An own run, from memory or from disk."""
        return self._recall(config.key, "store") or self._load(config, "store")

    def _load(self, config: RunConfig, layer: Layer) -> _Kept | None:
        """A run of a layer from disk; remembered, unless more of it is remembered already."""
        names = [config.key + SUFFIX]
        if layer == "store":
            # Once more at the end: another process may have renamed it in between.
            names += [config.key + AHEAD, config.key + SUFFIX]
        for name in names:
            record = self._read(config, layer, name)
            if record is not None:
                kept = _Kept(record, ahead=name.endswith(AHEAD))
                known = self._recall(config.key, layer)
                if known is None or record.covers(known.record):
                    self._remember(layer, kept)
                return kept
        return None

    def _recall(self, key: str, layer: Layer) -> _Kept | None:
        with self._lock:
            kept = self._memory.get((key, layer))
            if kept is not None:
                self._memory.move_to_end((key, layer))
        return kept

    def _read(self, config: RunConfig, layer: Layer, name: str) -> RunRecord | None:
        files = self._recorded if layer == "recorded" else self._files
        if files is None:
            return None
        try:
            content = files.read(name, archive.MAX_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("cannot read stored run %s: %s", files.where(name), error)
            return None
        try:
            record = archive.unpack(content)
            if record.config != config:
                raise RecordError("it describes another run than its name says")
            if not record.complete:
                raise RecordError("it describes an unfinished run")
        except RecordError as error:
            logger.warning("ignoring stored run %s: %s", files.where(name), error)
            return None
        return record

    def _use(self, key: str, kept: _Kept) -> None:
        """Mark a run as just used."""
        try:
            if kept.ahead and not kept.asked:
                kept.asked = True
                self._files.rename(key + AHEAD, key + SUFFIX)
            self._files.touch(key + SUFFIX)
        except OSError as error:
            logger.debug("cannot touch %s: %s", key, error)

    def remember(self, record: RunRecord, *, ahead: bool = False) -> None:
        """Keep a finished run in memory, for as long as there is room. It does not take the place
        of a record with weights or test figures that it lacks.

        Args:
            ahead: whether nobody has asked for it yet.
        """
        self._keep(record, ahead)

    def _keep(self, record: RunRecord, ahead: bool) -> _Kept:
        if not record.complete:
            raise ValueError("only finished runs are stored")
        known = self._recall(record.config.key, "store")
        if known is not None and not record.covers(known.record):
            return known
        # Known and not ahead: somebody has asked for it.
        kept = (
            _Kept(record, ahead)
            if known is None
            else _Kept(record, ahead and known.ahead, known.asked)
        )
        self._remember("store", kept, last=kept.ahead and not kept.asked)
        return kept

    def put(self, record: RunRecord, *, ahead: bool = False) -> None:
        """Keep a finished run. A full disk or an unwritable folder is a warning: the run is still
        kept in memory. It does not take the place of a record with weights or test figures that it
        lacks.

        Args:
            ahead: whether nobody has asked for it yet.
        """
        known = self._look(record.config)
        if known is not None and not record.covers(known.record):
            return
        kept = self._keep(record, ahead)
        used, unused = record.config.key + SUFFIX, record.config.key + AHEAD
        try:
            # Where it is stored already it was asked for.
            ahead = kept.ahead and not kept.asked and not self._files.exists(used)
            content = archive.pack(record)
            self._files.write(unused if ahead else used, content)
            if not ahead:
                self._files.delete(unused)
            elif kept.asked:  # in this moment
                self._files.rename(unused, used)
            self._make_room(unused if ahead else used, len(content))
        except OSError as error:
            logger.warning("cannot store run %s: %s", self._files.where(used), error)

    def _remember(self, layer: Layer, kept: _Kept, last: bool = False) -> None:
        """Hold a record in memory; as the `last` one it is the first to go."""
        place = kept.record.config.key, layer
        with self._lock:
            self._memory[place] = kept
            self._memory.move_to_end(place, last=not last)
            while sum(each.record.nbytes for each in self._memory.values()) > IN_MEMORY:
                self._memory.popitem(last=False)

    def _make_room(self, newest: str, size: int) -> None:
        """Evict what is over the limit, where that is possible at all: listing a store takes a
        while."""
        with self._lock:
            self._room -= size
            if self._room >= 0 and time.monotonic() - self._listed < LIST_SECONDS:
                return
            self._listed = time.monotonic()
        room = self._evict(newest)
        with self._lock:
            self._room = room

    def _evict(self, newest: str) -> int:
        """Delete runs until the rest fit; the newest always stays. Returns the bytes left."""
        entries = self._files.entries()
        for entry in entries:
            seconds = time.time() - entry.used / 1e9
            if PASSING.fullmatch(entry.name) and seconds > PASSING_SECONDS:
                self._files.delete(entry.name)
        runs = [entry for entry in entries if RUN.fullmatch(entry.name)]
        total = sum(run.size for run in runs)
        for run in _in_order(runs, newest.endswith(AHEAD), AHEAD_SHARE * self.max_bytes):
            if total <= self.max_bytes:
                break
            if run.name != newest:
                self._files.delete(run.name)
                total -= run.size
        return self.max_bytes - total


def _is_enough(record: RunRecord, brief: bool, test: bool, outline: bool) -> bool:
    if record.is_outline and not outline:
        return False
    return (brief or outline or not record.is_brief) and (record.has_test or not test)


def _in_order(runs: Sequence[Entry], ahead: bool, share: float) -> list[Entry]:
    """Runs as they are evicted for a new one: those trained ahead before the others, and within
    each those unused for longest. A new run that is trained ahead itself does so only among its
    like, or else a full store would keep none; among its like from when they take their share.
    """
    taken = sum(run.size for run in runs if run.name.endswith(AHEAD))
    first = not ahead or taken > share
    return sorted(runs, key=lambda run: (not (first and run.name.endswith(AHEAD)), -_age(run)))


def _age(entry: Entry) -> float:
    """Seconds since a file was used; endless for one that is dated in the future, of which nobody
    knows."""
    age = time.time() - entry.used / 1e9
    return age if age > -FUTURE_SECONDS else float("inf")
