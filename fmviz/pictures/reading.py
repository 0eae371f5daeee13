"""A file that may be a picture, read in bounds: what it may cost is known before it is decoded.

Nothing is written to disk, and nothing is kept.
"""

from __future__ import annotations

import io
import threading
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from fmviz.run.quoting import quoted

Colours = npt.NDArray[np.uint8]

# Pillow's names of what browsers can show, with the endings of their files.
FORMATS = {
    "PNG": ("png",),
    "JPEG": ("jpg", "jpeg"),
    "WEBP": ("webp",),
    "GIF": ("gif",),
    "BMP": ("bmp",),
}
NAMES = {"JPEG": "JPEG", "WEBP": "WebP"}
ENDINGS = tuple(ending for endings in FORMATS.values() for ending in endings)
MAX_MEGABYTES = 5
MAX_BYTES = MAX_MEGABYTES * 10**6
# A telephone's largest; all of them in memory take four times as many bytes.
MAX_PIXELS = 50 * 10**6
# More is of no use to 28 × 28.
LONGEST = 384
SMALLEST = 8

# Of many who send pictures at once, one is decoded at a time: that bounds the memory they take.
_TURN = threading.Lock()


class PictureError(ValueError):
    """A file that cannot be used; the message is a sentence for whoever has given it."""


def read(content: bytes, name: str) -> Colours:
    """A picture as it is to be looked at: upright, on white where it lets the ground through, and
    no longer than `LONGEST`.

    Args:
        content: the file.
        name: what it is called, with its ending.

    Returns:
        (height, width, 3), red, green and blue.

    Raises:
        PictureError: it is too large, no picture of `FORMATS`, not of the format that its name
            says, animated, damaged, or has too many pixels or too few.
    """
    if len(content) > MAX_BYTES:
        raise PictureError(
            f"The file has {len(content) / 1e6:.1f} MB; at most {MAX_MEGABYTES} MB are read."
        )
    with _TURN:
        picture = _opened(content)
        _check(picture, name)
        return _decoded(picture)


def _opened(content: bytes) -> Image.Image:
    """The picture's header; nothing is decoded yet."""
    try:
        return Image.open(io.BytesIO(content), formats=list(FORMATS))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    # Whatever a parser of foreign bytes comes upon.
    except Exception as error:
        kinds = ", ".join(NAMES.get(name, name) for name in FORMATS)
        raise PictureError(f"The file is no picture that can be read here: {kinds}.") from error


def _check(picture: Image.Image, name: str) -> None:
    """Refuse what would be read in vain, by what its header says."""
    kind = str(picture.format)
    ending = name.rpartition(".")[2].lower()
    if ending not in FORMATS[kind]:
        found = NAMES.get(kind, kind)
        raise PictureError(f"The file is called {quoted(name)}, but what it holds is {found}.")
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise _too_large()
    if min(width, height) < SMALLEST:
        raise PictureError(
            f"The picture has {width} × {height} pixels; at least {SMALLEST} × {SMALLEST} are "
            "needed to see anything."
        )
    if getattr(picture, "is_animated", False):
        raise PictureError("The picture is animated: a network looks at a single one.")


def _too_large() -> PictureError:
    return PictureError(
        f"The picture has more than {MAX_PIXELS // 10**6} million pixels, which are not decoded."
    )


def _decoded(picture: Image.Image) -> Colours:
    try:
        # JPEG is decoded at a fraction of its size at once.
        picture.draft("RGB", (2 * LONGEST, 2 * LONGEST))
        upright = ImageOps.exif_transpose(_of_bytes(picture))
        upright.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
        return np.asarray(on_white(upright))
    except Exception as error:
        raise PictureError("The picture is damaged: it begins as one and cannot be read on.") from (
            error
        )


def _of_bytes(picture: Image.Image) -> Image.Image:
    """A picture whose pixels are bytes: of 16 bits a pixel, the upper eight."""
    if not picture.mode.startswith("I"):
        return picture
    values: Any = np.asarray(picture)
    grey = Image.fromarray(np.clip(values // 256, 0, 255).astype(np.uint8))
    grey.info, grey.getexif()[0x0112] = {}, picture.getexif().get(0x0112, 1)
    return grey


def on_white(picture: Image.Image) -> Image.Image:
    """A picture of any mode in colours, on white paper where it is transparent."""
    layers = picture.convert("RGBA")
    paper = Image.new("RGBA", layers.size, "white")
    return Image.alpha_composite(paper, layers).convert("RGB")
