"""How the preparation of a reader's picture was chosen: `make bench-garments`.

Validation images are taken as they are, enlarged and put on white with margins, and
photographed-like: on a shaded table, at an angle, with a shadow, grain, blur and JPEG's losses, all
by program. Each way of preparing them should give back what the networks say to the original.
Printed are, for every way, the share of images with the same answer, the accuracy, of each network,
and the mean difference of a pixel; ± is one standard error.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter
from scipy import ndimage

from fmviz.analysis import network
from fmviz.lessons.your_garment.lesson import LESSON
from fmviz.pictures import preparing
from fmviz.pictures.preparing import EDGE, LUMA
from fmviz.pictures.reading import LONGEST, Colours, PictureError
from fmviz.run import data
from fmviz.run.measure import accuracy
from fmviz.run.record import RunRecord
from fmviz.run.store import RunStore, default_folder
from fmviz.words.numbers import points

Grey = npt.NDArray[np.uint8]
Rng = np.random.Generator
Way = Callable[[Colours], Grey]

IMAGES = 1_000


def untouched(image: Grey, rng: Rng) -> Colours:
    """An image of the data set, (28, 28), bright on black, without a margin."""
    return np.repeat(image[..., None], 3, axis=2)


def enlarged(image: Grey, rng: Rng) -> Colours:
    """An image of the data set, (28, 28), as it was before it was made small: dark on white, with
    margins of any width."""
    edge = int(rng.integers(180, 300))
    big = Image.fromarray(255 - image).resize((edge, edge), Image.Resampling.BICUBIC)
    left, upper, right, lower = (int(m) for m in rng.integers(4, edge // 3, 4))
    paper = Image.new("L", (left + edge + right, upper + edge + lower), 255)
    paper.paste(big, (left, upper))
    return _made_small(paper)


def photographed(image: Grey, rng: Rng) -> Colours:
    """The same as a telephone might have it, by program."""
    edge = int(rng.integers(200, 300))
    margin = int(edge * rng.uniform(0.12, 0.35))
    cloth = Image.fromarray(np.pad(_enlarged(image, edge), margin))
    way = rng.uniform(-margin / 2, margin / 2, 2)
    turned = cloth.rotate(
        rng.uniform(-4, 4), Image.Resampling.BICUBIC, translate=(int(way[0]), int(way[1]))
    )
    dark = np.asarray(turned) / 255
    rows, columns = np.mgrid[: len(dark), : len(dark)] / len(dark) - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0.05, 0.22) * (np.cos(angle) * columns + np.sin(angle) * rows)
    cast = np.roll(dark > 0.1, (int(0.02 * edge), int(0.015 * edge)), (0, 1))
    light = light * (1 - rng.uniform(0.05, 0.18) * _blurred(cast.astype(float), 0.025 * edge))
    weave = _blurred(rng.standard_normal(dark.shape), 2)
    light = light * (1 + rng.uniform(0.004, 0.015) * weave / weave.std())
    table = rng.uniform(0.66, 0.93) * np.array([1, rng.uniform(0.94, 1), rng.uniform(0.86, 1)])
    colours = (1 - dark)[..., None] * light[..., None] * table
    colours = colours + rng.standard_normal(colours.shape) * rng.uniform(0.006, 0.016)
    return _jpeg(np.rint(255 * np.clip(colours, 0, 1)).astype(np.uint8), int(rng.integers(60, 88)))


def _enlarged(image: Grey, edge: int) -> Grey:
    return np.asarray(Image.fromarray(image).resize((edge, edge), Image.Resampling.BICUBIC))


def _blurred(values: npt.NDArray[Any], width: float) -> npt.NDArray[Any]:
    blurred: npt.NDArray[Any] = ndimage.gaussian_filter(values, width)
    return blurred


def _jpeg(colours: Colours, quality: int) -> Colours:
    file = io.BytesIO()
    Image.fromarray(colours).filter(ImageFilter.GaussianBlur(1)).save(file, "JPEG", quality=quality)
    return _made_small(Image.open(file))


def _made_small(picture: Image.Image) -> Colours:
    colours = picture.convert("RGB")
    colours.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
    return np.asarray(colours)


def chosen(colours: Colours) -> Grey:
    """As the page does it."""
    return preparing.prepare(colours).grey


def of_paper(colours: Colours, resample: Image.Resampling = Image.Resampling.NEAREST) -> Grey:
    """As the data set was made: trimmed by the corner's colour, rows and columns left out,
    sharpened, negated."""
    corner = colours[0, 0].astype(int)
    garment = np.abs(colours - corner).max(axis=2) > preparing.LIKE_PAPER * 255
    if not garment.any():
        return np.zeros((EDGE, EDGE), np.uint8)
    left, upper, right, lower = preparing.bounds(garment)
    values = 1 - (colours[upper:lower, left:right] / 255) @ LUMA
    return _sharpened(_resized(values, resample), 100)


def otherwise(
    colours: Colours,
    *,
    resample: Image.Resampling = Image.Resampling.BOX,
    sharpen: int = 0,
    plane: bool = True,
    cleaned: bool = True,
    stretched: bool = False,
) -> Grey:
    """As the page does it, with one thing changed.

    Args:
        resample: how it is made small.
        sharpen: per cent of a mask of one pixel's radius.
        plane: whether the ground is a plane of light; else it is its edge's middle shade.
        cleaned: whether all beyond the garment is black.
        stretched: whether its brightest parts are brought to 95%.
    """
    picture = colours / 255.0
    ground, grain = preparing.paper_of(picture)
    if not plane:
        ground = np.broadcast_to(np.median(ground, axis=(0, 1)), ground.shape)
    garment = preparing.garment_of(picture, ground, grain)
    if not garment.any():
        return np.zeros((EDGE, EDGE), np.uint8)
    everywhere = garment if cleaned else np.ones_like(garment)
    values, _ = preparing.inked(picture @ LUMA, ground @ LUMA, everywhere)
    left, upper, right, lower = preparing.bounds(garment)
    values = values[upper:lower, left:right]
    if stretched:
        brightest = float(np.quantile(values[values > 0.05], 0.98))
        values = np.clip(values * 0.95 / max(0.1, brightest), 0, 1)
    return _sharpened(_resized(values, resample), sharpen)


def _resized(values: npt.NDArray[Any], resample: Image.Resampling) -> Grey:
    scale = EDGE / max(values.shape)
    height, width = (max(1, round(n * scale)) for n in values.shape)
    small = Image.fromarray(np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8))
    grey = np.zeros((EDGE, EDGE), np.uint8)
    upper, left = (EDGE - height) // 2, (EDGE - width) // 2
    resized = np.asarray(small.resize((width, height), resample))
    grey[upper : upper + height, left : left + width] = resized
    return grey


def _sharpened(grey: Grey, percent: int) -> Grey:
    mask = ImageFilter.UnsharpMask(radius=1, percent=percent, threshold=0)
    return np.asarray(Image.fromarray(grey).filter(mask)) if percent else grey


WAYS: dict[str, Way] = {
    "as the page does it": chosen,
    "as the data set was made": of_paper,
    "the same, but averaged": partial(of_paper, resample=Image.Resampling.BOX),
    "the page's, rows left out": partial(otherwise, resample=Image.Resampling.NEAREST),
    "the page's, Lanczos": partial(otherwise, resample=Image.Resampling.LANCZOS),
    "the page's, sharpened by 50%": partial(otherwise, sharpen=50),
    "the page's, sharpened by 100%": partial(otherwise, sharpen=100),
    "the page's, even ground": partial(otherwise, plane=False),
    "the page's, not cleaned": partial(otherwise, cleaned=False),
    "the page's, stretched": partial(otherwise, stretched=True),
}
KINDS = {"untouched": untouched, "enlarged": enlarged, "photographed": photographed}


def networks() -> list[RunRecord]:
    """The page's own, as they ship.

    Raises:
        LookupError: they do not.
    """
    store = RunStore(default_folder())
    found = [store.get(config) for config in LESSON.runs_of(LESSON.start).values()]
    records = [record for record in found if record is not None]
    if len(records) < len(found):
        raise LookupError("the page's runs are not recorded: make record ARGS=--missing")
    return records


def predicted(record: RunRecord, grey: Grey) -> npt.NDArray[np.intp]:
    """A network's answers to images, (n, 28, 28)."""
    pixels = data.SHADES[grey.reshape(len(grey), -1)]
    return network.predict(record.weights, record.config.activation, pixels)


def degraded(kind: str, images: Grey, seed: int = 0) -> list[Colours]:
    """Images of the data set, (n, 28, 28), as pictures of a kind."""
    rng = np.random.default_rng(seed)
    return [KINDS[kind](image, rng) for image in images]


def prepared(way: Way, pictures: list[Colours]) -> Grey:
    """Pictures prepared in a way; black where that finds nothing on one."""
    made = []
    for picture in pictures:
        try:
            made.append(way(picture))
        except PictureError:
            made.append(np.zeros((EDGE, EDGE), np.uint8))
    return np.stack(made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=IMAGES)
    count = parser.parse_args().images
    validation = data.load().validation[:count]
    images = validation.grey.reshape(-1, EDGE, EDGE)
    records = networks()
    before = [predicted(record, images) for record in records]
    for kind in KINDS:
        pictures = degraded(kind, images)
        print(f"\n{kind}, {count:,} images, two networks\n")
        for name, way in WAYS.items():
            made = prepared(way, pictures)
            after = [predicted(record, made) for record in records]
            same = np.mean([a == b for a, b in zip(after, before)], axis=1)
            right = np.mean([a == validation.labels for a in after], axis=1)
            told = "  ".join(points(accuracy(float(share), count)) for share in (*same, *right))
            off = np.abs(made.astype(int) - images).mean()
            print(f"{name:32s} {told}  pixel {off:.1f}")


if __name__ == "__main__":
    main()
