"""Finished runs on disk, by key.

Two layers: a writable folder of bounded size, and recorded runs that ship with fmviz, which are
only read. A file that cannot be read or does not fit its name is a miss with a warning: never a
crash, never a wrong figure.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Literal, NamedTuple

from fmviz.run import archive
from fmviz.run.config import RunConfig
from fmviz.run.record import RecordError, RunRecord

logger = logging.getLogger(__name__)

RECORDED_FOLDER = Path(__file__).parents[1] / "recorded"
DEFAULT_MEGABYTES = 256
SUFFIX = ".npz"
# Bytes of decoded records kept in memory: a page reads the same few again at every move of a
# slider. A record takes about 1.3 MB, a brief one 0.4.
IN_MEMORY = 64 * 10**6


# Which layer a record comes from: trained and kept here, or shipped with fmviz.
Layer = Literal["store", "recorded"]


class Found(NamedTuple):
    """A finished run and the layer that has it."""

    record: RunRecord
    source: Layer


class SettingError(Exception):
    """An environment variable has a value that cannot be used; the message names it."""


def default_folder() -> Path:
    """Where runs are kept: FMVIZ_STORE, or fmviz/runs in the user's cache folder."""
    named = os.environ.get("FMVIZ_STORE")
    if named:
        return Path(named).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(cache) if cache else Path.home() / ".cache") / "fmviz" / "runs"


def default_bytes() -> int:
    """Size limit of the store: FMVIZ_STORE_MB megabytes.

    Raises:
        SettingError: FMVIZ_STORE_MB is not a whole number of at least 1.
    """
    text = os.environ.get("FMVIZ_STORE_MB") or str(DEFAULT_MEGABYTES)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise SettingError(f"FMVIZ_STORE_MB must be a whole number of at least 1, not {text!r}")
    return int(text) * 10**6


class RunStore:
    """key → record. Safe to use from several threads and several processes at once.

    Args:
        folder: the writable layer; made when first written to.
        max_bytes: its size limit. Runs unused for longest go first.
        recorded: the read-only layer.

    Raises:
        SettingError: the folder cannot be used because a file is in its place.
    """

    def __init__(
        self, folder: Path, max_bytes: int = 256 * 10**6, recorded: Path | None = RECORDED_FOLDER
    ) -> None:
        if os.path.exists(folder) and not os.path.isdir(folder):
            raise SettingError(
                f"the store's folder {folder} is a file; set FMVIZ_STORE to a folder"
            )
        self.folder = folder
        self.max_bytes = max_bytes
        self.recorded = recorded
        self._memory: OrderedDict[tuple[str, Layer], RunRecord] = OrderedDict()
        self._lock = threading.Lock()

    def find(
        self, config: RunConfig, *, brief: bool = False, recorded: bool = True, disk: bool = True
    ) -> Found | None:
        """A run and where it comes from, or None where it is not known. Own runs come before
        recorded ones.

        Args:
            brief: whether a record without weights will do.
            recorded: whether a run that ships with fmviz will do.
            disk: whether to look there; without, only runs in memory are found, at once.
        """
        layers: tuple[Layer, ...] = ("store", "recorded") if recorded else ("store",)
        for layer in layers:
            record = self._recall(config.key, layer)
            if record is None and disk:
                record = self._read(config, layer)
            if record is None:
                continue
            if disk and layer == "store":
                _touch(self.folder / (config.key + SUFFIX))
            if brief or not record.is_brief:
                return Found(record, layer)
        return None

    def get(self, config: RunConfig, *, brief: bool = False) -> RunRecord | None:
        """The record that `find` finds."""
        found = self.find(config, brief=brief)
        return None if found is None else found.record

    def newest(self, count: int) -> list[RunRecord]:
        """The own runs that were used last, at most so many; those that cannot be read are left
        out."""
        dated = []
        for path in self.folder.glob(f"*{SUFFIX}"):
            try:
                dated.append((path.stat().st_mtime_ns, path))
            except FileNotFoundError:  # another process has just evicted it
                continue
        found = []
        for _, path in sorted(dated, reverse=True)[:count]:
            try:
                found.append(archive.unpack(path.read_bytes()))
            except (OSError, RecordError) as error:
                logger.warning("ignoring stored run %s: %s", path, error)
        return found

    def _recall(self, key: str, layer: Layer) -> RunRecord | None:
        with self._lock:
            record = self._memory.get((key, layer))
            if record is not None:
                self._memory.move_to_end((key, layer))
        return record

    def _read(self, config: RunConfig, layer: Layer) -> RunRecord | None:
        folder = self.recorded if layer == "recorded" else self.folder
        if folder is None:
            return None
        path = folder / (config.key + SUFFIX)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.warning("cannot read stored run %s: %s", path, error)
            return None
        try:
            record = archive.unpack(content)
            if record.config != config:
                raise RecordError("it describes another run than its name says")
            if not record.complete:
                raise RecordError("it describes an unfinished run")
        except RecordError as error:
            logger.warning("ignoring stored run %s: %s", path, error)
            return None
        self._remember(layer, record)
        return record

    def remember(self, record: RunRecord) -> None:
        """Keep a finished run in memory, for as long as there is room. A brief record does not take
        the place of a whole one."""
        if not record.complete:
            raise ValueError("only finished runs are stored")
        known = self.find(record.config, recorded=False, disk=False)
        if known is None or not record.is_brief:
            self._remember("store", record)

    def put(self, record: RunRecord) -> None:
        """Keep a finished run. A full disk or an unwritable folder is a warning: the run is still
        kept in memory. A brief record does not take the place of a whole one."""
        if record.is_brief and self.find(record.config, recorded=False) is not None:
            return
        self.remember(record)
        path = self.folder / (record.config.key + SUFFIX)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # A reader sees the old file or the new one, never half of one.
            handle, temporary = tempfile.mkstemp(dir=self.folder, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(archive.pack(record))
                os.replace(temporary, path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            self._evict(path)
        except OSError as error:
            logger.warning("cannot store run %s: %s", path, error)

    def _remember(self, layer: Layer, record: RunRecord) -> None:
        place = record.config.key, layer
        with self._lock:
            self._memory[place] = record
            self._memory.move_to_end(place)
            while sum(each.nbytes for each in self._memory.values()) > IN_MEMORY:
                self._memory.popitem(last=False)

    def _evict(self, keep: Path) -> None:
        """Delete the runs unused for longest until the rest fit; the newest always stays."""
        files = []
        for path in self.folder.glob("*"):
            if path.suffix not in (SUFFIX, ".part"):
                continue
            try:
                files.append((path.stat().st_mtime_ns, path.stat().st_size, path))
            except FileNotFoundError:  # another process was quicker
                continue
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self.max_bytes:
                break
            if path != keep:
                path.unlink(missing_ok=True)
                total -= size


def _touch(path: Path) -> None:
    """Mark a file as just used."""
    try:
        os.utime(path)
    except OSError:
        logger.debug("cannot touch %s", path)
