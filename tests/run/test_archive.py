"""Files that would cost far more than they look: refused before they do.

What a record is, and that damage never passes for one, is in `test_record`.
"""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from fmviz.run import archive
from fmviz.run.record import RecordError
from tests.support.records import synthetic, tiny

pytestmark = pytest.mark.slow

MEGABYTE = 10**6


@contextmanager
def memory_below(limit: int) -> Iterator[None]:
    """Fails where what is inside takes more at any moment."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < limit


def zipped(name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        file.writestr(name, content)
    return buffer.getvalue()


def sized(content: bytes, before: int, after: int) -> bytes:
    """A zip file that says that its one member has another size when unpacked."""
    return content.replace(struct.pack("<I", before), struct.pack("<I", after))


def lying_array() -> bytes:
    header = io.BytesIO()
    described = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(header, described)
    return zipped("history.npy", header.getvalue() + bytes(80))


def endless_list() -> bytes:
    """A directory of a million members, all of them one empty file."""
    empty = zipped("a", b"")
    begin = empty.index(b"PK\x01\x02")
    entry = empty[begin : empty.index(b"PK\x05\x06")]
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0, 0, 10**6 * len(entry), begin, 0)
    return empty[:begin] + entry * 10**6 + end


def long_text() -> bytes:
    text = io.BytesIO()
    np.save(text, np.frombuffer(b"[" * 10 * MEGABYTE, np.uint8))
    return zipped("meta.npy", text.getvalue())


LARGE = 80 * MEGABYTE
COSTLY: dict[str, tuple[Callable[[], bytes], str]] = {
    "a member past the bound": (lambda: zipped("a.npy", bytes(LARGE)), "when unpacked"),
    "one that says it is small": (
        lambda: sized(zipped("a.npy", bytes(LARGE)), LARGE, 1_000),
        "not a sound record",
    ),
    "a method that takes memory": (
        lambda: zipped("a.npy", bytes(1_000), zipfile.ZIP_LZMA),
        "packed in a way",
    ),
    "an array of 8 terabytes": (lying_array, "80 bytes for float64 of shape"),
    "a list without end": (endless_list, "does not end as one"),
    "a text without end": (long_text, "its text takes"),
}


@pytest.mark.parametrize("kind", sorted(COSTLY))
def test_a_bomb_is_refused_before_it_costs_memory(kind: str) -> None:
    make, words = COSTLY[kind]
    content = make()
    with memory_below(25 * MEGABYTE), pytest.raises(RecordError, match=words):
        archive.unpack(content)


def test_more_bytes_than_any_record_has_are_not_looked_at() -> None:
    with pytest.raises(RecordError, match="more than any record"):
        archive.unpack(bytes(archive.MAX_BYTES + 1))


def test_the_heaviest_record_is_far_below_the_bound() -> None:
    config = tiny(hidden=(512,) * 6, epochs=100, dataset="full", train_size=10_000)
    record = synthetic(config, examples={"train": 10_000, "validation": 5_000, "test": 10_000})
    content = archive.pack(record, level=0)
    assert len(content) < archive.MAX_BYTES / 2
    assert archive.unpack(content).config == config
