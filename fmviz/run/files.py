"""Where a store keeps its files: a folder, or a place that an `fsspec` URL names.

Others may write there too, or leave there what hurts whoever opens it. So only regular files are
opened, of bounded size, and each call deals with one file by its name.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

PART = ".part"
# Devices and pipes may have come between the look at a file and its opening.
OPEN_AS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
CREATE_AS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
# What fsspec's drivers call the time of the last change.
MODIFIED = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")


class Entry(NamedTuple):
    """A regular file: its name, when it was used last (nanoseconds since 1970), its bytes."""

    name: str
    used: int
    size: int


class Files(Protocol):
    """A flat place of files. Every method raises `OSError` where the place cannot be used."""

    def where(self, name: str) -> str:
        """The file's whole address, for a message."""
        ...

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        ...

    def read(self, name: str, limit: int) -> bytes:
        """Its content.

        Raises:
            FileNotFoundError: there is none.
            OSError: it is no regular file, or has more than `limit` bytes.
        """
        ...

    def write(self, name: str, content: bytes) -> None:
        """Make the file or replace it; whoever reads it meanwhile gets the old or the new one."""
        ...

    def create(self, name: str, content: bytes) -> bool:
        """Make the file unless there is one; of several who try, one succeeds."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Call a file otherwise, in place of any that is called so.

        Raises:
            FileNotFoundError: there is none.
        """
        ...

    def delete(self, name: str) -> None:
        """Delete the file if it is there."""
        ...

    def touch(self, name: str) -> None:
        """Note that it was used just now."""
        ...

    def entries(self) -> list[Entry]:
        """All regular files."""
        ...


def files_at(place: Path | str) -> Files:
    """The files at a path, or at a URL such as `s3://bucket/runs`.

    Raises:
        ValueError: nothing can be kept there; the message says why.
    """
    if isinstance(place, str):
        if "://" in place and urlsplit(place).scheme not in ("file", "local"):
            return RemoteFiles(place)
        place = Path(url2pathname(urlsplit(place).path) if "://" in place else place)
    if os.path.exists(place) and not os.path.isdir(place):
        raise ValueError(f"the store's folder {place} is a file; set FMVIZ_STORE to a folder")
    return LocalFiles(place)


class LocalFiles:
    """A folder of this machine, or one that several machines share. It is made when first written
    to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def where(self, name: str) -> str:
        return str(self.folder / name)

    def exists(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def read(self, name: str, limit: int) -> bytes:
        path = self.folder / name
        _check(os.stat(path), limit)
        with os.fdopen(os.open(path, OPEN_AS), "rb") as file:
            status = os.fstat(file.fileno())
            _check(status, limit)
            return file.read(status.st_size)

    def write(self, name: str, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{name}.{secrets.token_hex(4)}{PART}"
        try:
            with os.fdopen(os.open(part, CREATE_AS, 0o666), "wb") as file:
                file.write(content)
            os.replace(part, self.folder / name)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def create(self, name: str, content: bytes) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(self.folder / name, CREATE_AS, 0o666)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        return True

    def rename(self, old: str, new: str) -> None:
        os.replace(self.folder / old, self.folder / new)

    def delete(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)

    def touch(self, name: str) -> None:
        os.utime(self.folder / name)

    def entries(self) -> list[Entry]:
        found = []
        try:
            with os.scandir(self.folder) as listing:
                for entry in listing:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:  # another process has just deleted it
                        continue
                    if stat.S_ISREG(status.st_mode):
                        found.append(Entry(entry.name, status.st_mtime_ns, status.st_size))
        except FileNotFoundError:
            return []
        return found


def _check(status: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is no regular file")
    if status.st_size > limit:
        raise OSError(f"it has {status.st_size} bytes, more than any run")


class RemoteFiles:
    """A place behind an `fsspec` driver. It knows when a file was written, not when it was read, so
    `touch` does nothing.

    Args:
        url: such as `s3://bucket/runs`; drivers find passwords and hosts in their own settings.

    Raises:
        ValueError: there is no such driver, or it is not installed.
    """

    def __init__(self, url: str) -> None:
        # Whoever keeps runs in a folder need not wait for it.
        import fsspec

        try:
            self._system, self._root = fsspec.url_to_fs(url)
        except (ImportError, ValueError) as error:
            # Not the whole URL: a password may stand in it.
            scheme = urlsplit(url).scheme
            raise ValueError(f"FMVIZ_STORE cannot be kept at {scheme}://…: {error}") from error

    def where(self, name: str) -> str:
        return str(self._system.unstrip_protocol(self._path(name)))

    def exists(self, name: str) -> bool:
        with _as_os_error():
            return bool(self._system.isfile(self._path(name)))

    def read(self, name: str, limit: int) -> bytes:
        with _as_os_error():
            content: bytes = self._system.cat_file(self._path(name), end=limit + 1)
        if len(content) > limit:
            raise OSError(f"it has more than {limit} bytes")
        return content

    def write(self, name: str, content: bytes) -> None:
        with _as_os_error():
            self._save(name, content, "wb")

    def create(self, name: str, content: bytes) -> bool:
        try:
            with _as_os_error():
                self._save(name, content, "xb")
        except FileExistsError:
            return False
        # Of drivers that cannot refuse, the last one to write has it.
        return self.read(name, len(content)) == content

    def _save(self, name: str, content: bytes, mode: str) -> None:
        try:
            file = self._system.open(self._path(name), mode)
        except FileNotFoundError:  # where folders must be made
            self._system.makedirs(self._root, exist_ok=True)
            file = self._system.open(self._path(name), mode)
        with file:
            file.write(content)

    def rename(self, old: str, new: str) -> None:
        with _as_os_error():
            self._system.mv(self._path(old), self._path(new))

    def delete(self, name: str) -> None:
        with _as_os_error():
            try:
                self._system.rm_file(self._path(name))
            except FileNotFoundError:
                return

    def touch(self, name: str) -> None:
        return

    def entries(self) -> list[Entry]:
        with _as_os_error():
            # Others write there too.
            self._system.invalidate_cache(self._root)
            try:
                listing = self._system.ls(self._root, detail=True)
            except FileNotFoundError:
                return []
        return [
            Entry(entry["name"].rsplit("/", 1)[-1], _modified(entry), int(entry["size"] or 0))
            for entry in listing
            if entry["type"] == "file"
        ]

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"


def _modified(entry: dict[str, Any]) -> int:
    """When a file was changed last, in nanoseconds since 1970; 0 where its driver does not say."""
    time = next((entry[name] for name in MODIFIED if entry.get(name)), 0)
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    return round((time.timestamp() if isinstance(time, datetime) else float(time)) * 10**9)


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Drivers raise errors of their own, where a password is wrong or a host does not answer."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
