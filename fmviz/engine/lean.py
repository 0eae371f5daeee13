"""What the page's process does to stay small: few arenas, and memory that is not in use given back.

Each script that Streamlit runs is a thread of its own, and the C library gives threads arenas of
their own, up to eight for each processor: what a page has built and dropped again stays in each.
Asked for, it uses few, and hands back what is free in them. Systems whose C library knows no such
requests go without.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time

from fmviz.engine import limits

# From <malloc.h>, GNU.
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
ARENAS = 2
# A block of so many bytes is given back as it is dropped. By itself the C library would come to
# keep ever larger ones, and records pass through here.
OWN_BLOCK = 2**18
# When so much more has been taken, some of it may have been dropped again.
GIVE_BACK_BYTES = 16 * 10**6
SECONDS_BETWEEN_LOOKS = 10.0


def keep_little() -> None:
    """Have this process's threads share arenas, before there are many, and keep no large blocks."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(M_ARENA_MAX, ARENAS)
            libc.mallopt(M_MMAP_THRESHOLD, OWN_BLOCK)


def give_back() -> None:
    """Hand memory that is not in use back to the system."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "malloc_trim"):
            libc.malloc_trim(0)


def stay_small() -> None:
    """Give memory back whenever some has been taken, for as long as the process lives."""
    threading.Thread(target=_watch, name="fmviz-memory", daemon=True).start()


def _watch() -> None:
    least = 0
    while True:
        if limits.taken() > least + GIVE_BACK_BYTES:
            give_back()
            least = limits.taken()
        time.sleep(SECONDS_BETWEEN_LOOKS)
