"""A folder for what a service and its worker write while they live, and nothing after them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PREFIX = "fmviz-service-"


@contextmanager
def own_folder() -> Iterator[Path]:
    """A new folder, named after this process; removed at the end. Those whose processes ended
    without removing theirs are removed at the start."""
    sweep()
    born = int(psutil.Process().create_time())
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{born}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Remove the folders of services that have ended, this user's alone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = re.match(rf"{PREFIX}(\d+)-(\d+)-", folder.name)
        if owner and _is_mine(folder) and not _lives(int(owner[1]), int(owner[2])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_mine(folder: Path) -> bool:
    """Whether it is a folder, no link to one, of this user."""
    try:
        owner = folder.lstat().st_uid
    except OSError:  # another service was quicker
        return False
    mine = os.getuid() if hasattr(os, "getuid") else owner
    return folder.is_dir() and not folder.is_symlink() and owner == mine


def _lives(pid: int, born: int) -> bool:
    """Whether the process that began at that second still runs, and no later one of its number."""
    try:
        return int(psutil.Process(pid).create_time()) == born
    except psutil.NoSuchProcess:
        return False
