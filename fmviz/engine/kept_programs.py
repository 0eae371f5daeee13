"""Compiled programs on disk, so that a worker that starts compiles nothing that one before it has.

XLA writes there what it compiles and looks there first (`--tf_xla_persistent_cache_directory` among
TF_XLA_FLAGS): a program is traced again, and not compiled. What is read is machine code, so the
folder is this user's alone; and it is of one kind of processor, for XLA's own name of a program
does not say for which instructions it was compiled. A file that cannot be read fails the runs that
need it, so that all are deleted then, and the worker replaced.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fmviz.run.store import default_folder, user_folder

MAX_BYTES = 100 * 10**6
# Where less than this is left on the disk nothing is written.
LEAST_FREE = 300 * 10**6
# TensorFlow's errors for files that end too early or hold something else.
DAMAGED = ("OutOfRangeError", "DataLossError")
FLAGS = "TF_XLA_FLAGS"
NAME = "programs"

_discarding = threading.Lock()


def flags() -> Mapping[str, str]:
    """What a worker's environment needs for it; nothing where the folder cannot be had, or a host
    has set XLA's flags."""
    if os.environ.get(FLAGS):
        return {}
    folder = own_folder()
    if folder is None or shutil.disk_usage(folder).free < LEAST_FREE:
        return {}
    prune(folder)
    return {FLAGS: f"--tf_xla_persistent_cache_directory={folder}"}


def own_folder() -> Path | None:
    """The folder, beside the runs where those lie in a folder of this machine; None where it cannot
    be made, or is open to others."""
    store = default_folder()
    base = store.parent if isinstance(store, Path) else user_folder()
    folder = base / NAME / _kind()
    if any(letter.isspace() for letter in str(folder)):  # the flags are divided at spaces
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = folder.stat()
    except OSError:
        return None
    if hasattr(os, "getuid") and (owner.st_uid != os.getuid() or owner.st_mode & 0o022):
        return None
    return folder


def _kind() -> str:
    """Names what programs depend on beside themselves: TensorFlow and the processor."""
    parts = [platform.machine()]
    for package in ("tensorflow", "tensorflow-cpu"):
        with suppress(PackageNotFoundError):
            parts.append(version(package))
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = [f"flags {platform.processor()}"]
    # The same for all cores, and on Arm called "Features".
    parts += sorted({line for line in lines if line.startswith(("flags", "Features"))})
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


def discard() -> bool:
    """Delete all programs, once a process: what it writes from then on is good. Whether there were
    any."""
    with _discarding:
        return _discard()


@cache
def _discard() -> bool:
    folder = own_folder()
    files = [] if folder is None else list(folder.iterdir())
    for path in files:
        path.unlink(missing_ok=True)
    return bool(files)


def prune(folder: Path, most: int = MAX_BYTES) -> None:
    """Delete the programs that were compiled first until the rest fit."""
    files = []
    for path in folder.iterdir():
        found = path.lstat()
        files.append((found.st_mtime_ns, found.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= most:
            break
        path.unlink(missing_ok=True)
        total -= size
