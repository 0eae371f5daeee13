"""What a process that trains does to stay small: TensorFlow imported lean, memory given back.

Of a worker's memory after the first runs about a third is not in use: what Keras imports for
features that fmviz has none of, what the compiler's `malloc` keeps for its next program, and pages
of TensorFlow's library that only its start has touched. The C library and the kernel take all of
that back when asked; on systems that know no such request nothing happens.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

# Optional parts of Keras use these where they are installed.
UNUSED = ("pandas", "pyarrow", "scipy", "matplotlib", "IPython")
# Smaller mappings are not worth a look.
LEAST_BYTES = 2**22
# From <sys/mman.h>, Linux.
MADV_DONTNEED = 4


class Mapping(NamedTuple):
    """A stretch of memory that shows a file, and that nothing has written to."""

    start: int
    end: int


@contextmanager
def _unavailable(names: tuple[str, ...]) -> Iterator[None]:
    """Within it these modules, unless they are imported already, are as good as not installed."""
    hidden = [name for name in names if name not in sys.modules]
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]


@cache
def prepare() -> tuple[Mapping, ...]:
    """Import TensorFlow and Keras without what is not used here; for worker processes, where nobody
    else wants those modules to be known to Keras.

    Returns:
        The libraries' mappings whose pages can be read again from their files.
    """
    with _unavailable(UNUSED):
        import keras  # noqa: F401
        import tensorflow  # noqa: F401
    # Once, now that no library is being loaded: while one is, the linker has yet to write to what
    # looks like a mere view of the file.
    return tuple(_unwritten("/proc/self/smaps"))


def _unwritten(smaps: str) -> Iterator[Mapping]:
    """The large mappings of shared libraries without a page of their own."""
    header = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ +(/.*\.so[.0-9]*)$")
    found = None
    try:
        with open(smaps) as lines:
            for line in lines:
                if line[0] in "0123456789abcdef":
                    found = header.match(line.rstrip())
                elif found and line.startswith("Anonymous:"):
                    start, end = int(found[1], 16), int(found[2], 16)
                    own = int(line.split()[1])
                    if not own and "w" not in found[3] and end - start >= LEAST_BYTES:
                        yield Mapping(start, end)
    except OSError:  # no Linux
        return


def give_back() -> None:
    """Hand memory that is not in use back to the system: after compiling, and after a run.

    It takes some milliseconds, in which other threads go on. What the libraries use comes back from
    the system's cache of files as it is touched.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    if sys.platform == "linux":
        for mapping in prepare():
            start = ctypes.c_void_p(mapping.start)
            libc.madvise(start, ctypes.c_size_t(mapping.end - mapping.start), MADV_DONTNEED)
