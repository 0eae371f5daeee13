"""Files that may be pictures: sound ones are read as they look, all others get a sentence."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from fmviz.pictures import reading
from fmviz.pictures.reading import PictureError, read

MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("1", "L", "P"),
    "BMP": ("1", "L", "P", "RGB"),
}
KINDS = [(kind, mode) for kind, modes in MODES.items() for mode in modes]


def file_of(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def name_of(kind: str) -> str:
    return f"garment.{reading.FORMATS[kind][0]}"


def half_dark(size: tuple[int, int] = (40, 20)) -> Image.Image:
    """Black in its left half, white in its right."""
    grey = np.full(size[::-1], 255, np.uint8)
    grey[:, : size[0] // 2] = 0
    return Image.fromarray(grey)


@pytest.mark.parametrize(("kind", "mode"), KINDS)
def test_every_kind_and_mode_is_read_as_it_looks(kind: str, mode: str) -> None:
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(half_dark()).astype(np.uint16) * 257)
    else:
        picture = half_dark().convert(mode)
    assert picture.mode == mode
    options = {"lossless": True} if kind == "WEBP" else {}
    colours = read(file_of(picture, kind, **options), name_of(kind))
    assert colours.shape == (20, 40, 3)
    assert colours.dtype == np.uint8
    assert colours[:, :16].max() < 20
    assert colours[:, 24:].min() > 235


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_stands_upright_as_its_camera_held_it(turn: int) -> None:
    """EXIF's eight orientations: what each asks for brings the file's pixels upright."""
    upright = np.full((20, 40), 255, np.uint8)
    upright[:10, :20] = 0
    back = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[turn]
    exif = Image.Exif()
    exif[0x0112] = turn
    content = file_of(Image.fromarray(np.ascontiguousarray(back)), exif=exif)
    np.testing.assert_array_equal(read(content, "a.png")[..., 0], upright)


def test_sixteen_bits_stand_upright_too() -> None:
    grey = np.full((20, 40), 65_535, np.uint16)
    grey[:10, :20] = 0
    exif = Image.Exif()
    exif[0x0112] = 3
    colours = read(file_of(Image.fromarray(grey[::-1, ::-1].copy()), exif=exif), "a.png")
    assert colours[:10, :20].max() == 0
    assert colours[10:].min() == 255


def test_what_is_transparent_is_white_paper() -> None:
    layers = np.zeros((20, 20, 4), np.uint8)
    layers[5:15, 5:15, 3] = 255
    colours = read(file_of(Image.fromarray(layers)), "a.png")
    assert colours[10, 10].tolist() == [0, 0, 0]
    assert colours[0, 0].tolist() == [255, 255, 255]
    indexed = Image.fromarray(np.pad(np.ones((10, 10), np.uint8), 5))
    indexed = indexed.convert("P")
    indexed.putpalette([0, 0, 0, 200, 0, 0])
    found = read(file_of(indexed, "GIF", transparency=0), "a.gif")
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[10, 10].tolist() == [200, 0, 0]


def test_a_large_picture_is_made_small_and_keeps_its_sides() -> None:
    for kind in ("PNG", "JPEG"):
        colours = read(file_of(half_dark((3_000, 1_500)).convert("RGB"), kind), name_of(kind))
        assert colours.shape == (reading.LONGEST // 2, reading.LONGEST, 3)
        assert colours[50, 50].max() < 5
        assert colours[50, 300].min() > 250


def test_colour_profiles_do_no_harm() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = file_of(half_dark().convert("RGB"), icc_profile=profile)
    assert read(content, "a.png")[0, 0].tolist() == [0, 0, 0]


def said(content: bytes, name: str = "a.png") -> str:
    with pytest.raises(PictureError) as caught:
        read(content, name)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    return sentence


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG file that says it has so many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def test_what_is_no_picture_gets_a_sentence() -> None:
    for content in (b"", b"a garment", b"%PDF-1.4", b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        assert said(content) == (
            "The file is no picture that can be read here: PNG, JPEG, WebP, GIF, BMP."
        )
    tiff = file_of(half_dark(), "TIFF")
    assert "no picture that can be read here" in said(tiff)


def test_a_file_that_lies_about_its_format_is_told_so() -> None:
    content = file_of(half_dark(), "JPEG")
    assert said(content, "shirt.png") == (
        "The file is called 'shirt.png', but what it holds is JPEG."
    )
    assert read(content, "SHIRT.JPEG").shape == (20, 40, 3)
    assert "is called" in said(content, "shirt")
    # A name that is meant for a page is quoted and cut.
    assert len(said(content, "<b>" * 5_000)) < 400


def test_an_animated_picture_is_told_so() -> None:
    frames = [half_dark(), half_dark().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    for kind in ("GIF", "WEBP", "PNG"):
        content = file_of(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
        assert "animated" in said(content, name_of(kind))


def test_a_large_file_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", None)
    assert said(bytes(reading.MAX_BYTES + 200_000)) == (
        "The file has 5.2 MB; at most 5 MB are read."
    )


@pytest.mark.parametrize("edge", [7_500, 10_000, 20_000, 2**31 - 1])
def test_a_bomb_is_not_decoded(edge: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few hundred bytes may say that they are billions of pixels."""
    monkeypatch.setattr(reading, "_decoded", None)
    sentence = said(png_of(edge, edge, zlib.compress(bytes(10))))
    assert "more than 50 million pixels" in sentence or "no picture" in sentence


def test_a_picture_of_few_pixels_is_told_so() -> None:
    assert "7 × 40 pixels; at least 8 × 8" in said(file_of(half_dark((7, 40))))
    assert read(file_of(half_dark((8, 8))), "a.png").shape == (8, 8, 3)


def test_a_damaged_picture_gets_a_sentence() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    for kind in MODES:
        content = file_of(Image.fromarray(noise), kind)
        if kind == "GIF":  # a GIF decoder fills up what is missing
            continue
        sentence = said(content[: len(content) // 2], name_of(kind))
        assert "damaged" in sentence or "no picture" in sentence


NOISE = np.random.default_rng(1).integers(0, 256, (24, 30, 3), np.uint8)
SOUND = {kind: file_of(Image.fromarray(NOISE), kind) for kind in MODES}


@settings(max_examples=120, deadline=None)
@given(
    kind=st.sampled_from(sorted(SOUND)),
    at=st.lists(st.floats(0, 1), min_size=1, max_size=4),
    byte=st.integers(0, 255),
    end=st.floats(0.05, 1),
)
def test_any_file_is_a_picture_or_a_sentence(
    kind: str, at: list[float], byte: int, end: float
) -> None:
    """Sound files with some bytes changed, cut off somewhere."""
    content = bytearray(SOUND[kind])
    for place in at:
        content[int(place * (len(content) - 1))] = byte
    try:
        colours = read(bytes(content[: int(end * len(content))]), name_of(kind))
    except PictureError:
        return
    assert colours.dtype == np.uint8
    assert colours.ndim == 3
    assert max(colours.shape[:2]) <= reading.LONGEST


@settings(max_examples=25, deadline=None)
@given(content=st.binary(max_size=300), name=st.text(max_size=20))
def test_any_bytes_under_any_name_are_a_sentence(content: bytes, name: str) -> None:
    with pytest.raises(PictureError):
        read(content, name)
