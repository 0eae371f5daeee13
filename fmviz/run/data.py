"""Fashion-MNIST: where the images come from, how they are split, and noise on their labels.

Two data sets, named by `RunConfig.dataset` so that a result never depends on what happens to
lie on a machine: `compact` ships with fmviz, `full` is offered where it is found. Both are kept
in the original IDX format, gzip-compressed (format: http://yann.lecun.com/exdb/mnist/).

The split is the same for every seed of a run: the last images of the training file validate,
the rest train, the test file tests. So runs that differ in one setting see the same images in
the same order, and a difference between them has one cause.
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fmviz.run.choices import DATASETS, N_CLASSES
from fmviz.run.quoting import quoted

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
SHAPE = (28, 28)
FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
IMAGES_MAGIC = 2051
LABELS_MAGIC = 2049
# The order in which images are drawn into training sets, whatever the seed of a run.
SPLIT_SEED = 1611
# Draws the compact set out of the full one: scripts/make_compact.py.
COMPACT_SEED = 28
# Beside a run's seed: wrong labels have a stream of draws of their own.
NOISE_STREAM = 1
# Activations are looked at on the first so many validation images.
PROBE_IMAGES = 500
# Gradients are measured on the first so many training images.
GRADIENT_IMAGES = 128
COMPACT_FOLDER = Path(__file__).parents[1] / "datasets" / "compact"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

# What each value of a byte stands for, in [0, 1].
SHADES: Floats = np.arange(256, dtype=np.float32) / np.float32(255)


class DataError(Exception):
    """A data file is missing or is not what it should be; the message names the file."""


@dataclass(frozen=True)
class Images:
    """Images with their labels; the arrays are read-only.

    They are kept as the bytes of their file: as `float32` a data set takes four times the memory,
    in every process that reads it.

    Attributes:
        grey: (n, 784) uint8, row by row; 0 is the background.
        labels: (n,) int32, an index into `CLASS_NAMES`.
    """

    grey: npt.NDArray[np.uint8]
    labels: Ints

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, which: slice | Sequence[int] | npt.NDArray[np.integer]) -> Images:
        """Some of them: `images[:500].pixels` makes no more numbers than are wanted."""
        return Images(self.grey[which], self.labels[which])

    @property
    def pixels(self) -> Floats:
        """Made anew at each call: (n, 784) in [0, 1], each the `float32` nearest to grey / 255."""
        return SHADES[self.grey]


@dataclass(frozen=True)
class Dataset:
    """A data set after its split. Any first n images of `train` are balanced by class to within
    one image, and so are those of the other two."""

    name: str
    train: Images
    validation: Images
    test: Images


def read_idx(path: Path, magic: int) -> npt.NDArray[np.uint8]:
    """Read a gzip-compressed IDX file of unsigned bytes.

    Args:
        path: the file.
        magic: 2051 for images, shape (n, 28, 28); 2049 for labels, shape (n,).

    Raises:
        DataError: missing, unreadable, not gzip, truncated, wrong magic number, wrong image
            shape, or more or fewer bytes than its header declares.
    """
    try:
        with gzip.open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        raise DataError(f"{path} is missing") from None
    except (EOFError, zlib.error) as error:
        raise DataError(f"{path} is truncated or damaged: {error}") from error
    except gzip.BadGzipFile as error:
        raise DataError(f"{path} is not a sound gzip file: {error}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error

    n_dims = 3 if magic == IMAGES_MAGIC else 1
    header = 4 * (1 + n_dims)
    if len(content) < header:
        raise DataError(f"{path} holds {len(content)} bytes, too few for its {header}-byte header")
    found, *shape = struct.unpack(f">{1 + n_dims}I", content[:header])
    if found != magic:
        raise DataError(f"{path} has magic number {found}, expected {magic}")
    if magic == IMAGES_MAGIC and tuple(shape[1:]) != SHAPE:
        raise DataError(f"{path} holds images of {shape[1]} x {shape[2]} pixels, expected 28 x 28")
    declared = int(np.prod(shape, dtype=np.int64))
    if len(content) - header != declared:
        raise DataError(
            f"{path} declares {shape[0]:,} items ({declared:,} bytes) "
            f"but holds {len(content) - header:,} bytes"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def read_pair(folder: Path, part: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Images (n, 28, 28) and labels (n,) of one part, "train" or "test", as they are on disk.

    Raises:
        DataError: as `read_idx`, or the two files do not belong together.
    """
    image_path, label_path = (folder / name for name in FILES[part])
    images, labels = read_idx(image_path, IMAGES_MAGIC), read_idx(label_path, LABELS_MAGIC)
    if len(images) != len(labels):
        raise DataError(
            f"{image_path} holds {len(images):,} images but {label_path} {len(labels):,} labels"
        )
    if len(labels) and labels.max() >= N_CLASSES:
        raise DataError(f"{label_path} has label {labels.max()}, expected 0 to {N_CLASSES - 1}")
    return images, labels


def stratified_order(
    labels: npt.NDArray[np.integer], rng: np.random.Generator
) -> npt.NDArray[np.intp]:
    """A random order of all examples in which every prefix is balanced by class.

    Round r holds the r-th random example of each class, the classes in random order, so a
    prefix of any length counts the classes equally to within one while all of them last.

    Returns:
        (n,) indices into `labels`.
    """
    draw = rng.permutation(len(labels))
    rounds = np.empty(len(labels), np.intp)
    for label in np.unique(labels):
        members = draw[labels[draw] == label]
        rounds[members] = np.arange(len(members))
    return np.lexsort((rng.random(len(labels)), rounds))


def _folder_of_full() -> Path:
    """The folder of the full set: the one the user named, or the first that has the files.

    Raises:
        DataError: the named folder lacks a file, or no place has them.
    """
    named = os.environ.get("FMVIZ_DATA")
    if named:
        # A folder the user named is the one that is meant: no other is tried in its place.
        folder = Path(named).expanduser()
        try:
            there = {path.name for path in folder.iterdir()}
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"FMVIZ_DATA names {folder}, which cannot be read: {reason}") from error
        missing = [name for pair in FILES.values() for name in pair if name not in there]
        if missing:
            raise DataError(f"FMVIZ_DATA names {folder}, which lacks {', '.join(missing)}")
        return folder
    keras_home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    places = [keras_home / "datasets" / "fashion-mnist", DEBIAN_FOLDER]
    for folder in places:
        if all(os.path.exists(folder / name) for pair in FILES.values() for name in pair):
            return folder
    raise DataError(
        "full Fashion-MNIST was not found. Set FMVIZ_DATA to a folder with its four files, or "
        "install Debian's dataset-fashion-mnist, or call keras.datasets.fashion_mnist.load_data() "
        f"once. Looked in {', '.join(map(str, places))}"
    )


def available() -> list[str]:
    """The data sets that a run can name on this machine; `compact` is always there."""
    try:
        _folder_of_full()
    except DataError:
        return ["compact"]
    return ["compact", "full"]


def _part(
    pixels: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], indices: npt.NDArray[np.intp]
) -> Images:
    grey = pixels[indices].reshape(len(indices), -1)
    chosen = labels[indices].astype(np.int32)
    grey.setflags(write=False)
    chosen.setflags(write=False)
    return Images(grey, chosen)


def _read(name: str, folder: Path) -> Dataset:
    info = DATASETS[name]
    rng = np.random.default_rng(SPLIT_SEED)
    images, labels = read_pair(folder, "train")
    test_images, test_labels = read_pair(folder, "test")
    for part, found, expected in (
        ("train", len(labels), info.train + info.validation),
        ("test", len(test_labels), info.test),
    ):
        if found != expected:
            raise DataError(
                f"{folder / FILES[part][0]} holds {found:,} images, expected {expected:,} "
                f"for the data set '{name}'"
            )
    order = stratified_order(labels, rng)
    return Dataset(
        name,
        train=_part(images, labels, order[: info.train]),
        validation=_part(images, labels, order[info.train :]),
        test=_part(test_images, test_labels, stratified_order(test_labels, rng)),
    )


_load = lru_cache(maxsize=2)(_read)


def check() -> None:
    """Read the set that FMVIZ_DATA names, where it is set, and let go of it.

    Raises:
        DataError: it is not whole.
    """
    if os.environ.get("FMVIZ_DATA"):
        _read("full", _folder_of_full())


def load(name: str = "compact") -> Dataset:
    """A data set, read once per process.

    Raises:
        DataError: a file is missing or damaged, or `full` is on none of its places.
        ValueError: the name is no data set.
    """
    if name not in DATASETS:
        raise ValueError(f"dataset must be one of {', '.join(DATASETS)}, not {quoted(name)}")
    return _load(name, COMPACT_FOLDER if name == "compact" else _folder_of_full())


def with_noise(
    labels: Ints, share: float, seed: int, n_classes: int = N_CLASSES
) -> tuple[Ints, npt.NDArray[np.intp]]:
    """Give a share of the examples a wrong label, drawn evenly from the other classes.

    Zhang et al. 2017 (arXiv:1611.03530). The corrupted sets are nested: with the same seed a
    larger share corrupts the same examples in the same way, and more.

    Returns:
        The labels (n,) and the sorted indices of the corrupted ones, round(share · n) of them.
    """
    rng = np.random.default_rng([seed, NOISE_STREAM])
    order = rng.permutation(len(labels))
    shift = rng.integers(1, n_classes, size=len(labels))
    corrupted = np.sort(order[: round(share * len(labels))])
    noisy = labels.copy()
    noisy[corrupted] = (labels[corrupted] + shift[corrupted]) % n_classes
    return noisy, corrupted


def epoch_order(train_size: int, epoch: int) -> npt.NDArray[np.int32]:
    """The order in which the training images are seen in one epoch: (train_size,) indices.

    It depends on the epoch alone, so that matched runs get the same batches."""
    rng = np.random.default_rng([SPLIT_SEED, epoch])
    return rng.permutation(train_size).astype(np.int32)


def write_idx(path: Path, array: npt.NDArray[np.uint8]) -> None:
    """Write unsigned bytes as a gzip-compressed IDX file that depends on nothing but them."""
    magic = {1: LABELS_MAGIC, 3: IMAGES_MAGIC}[array.ndim]
    header = struct.pack(f">{1 + array.ndim}I", magic, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes(), compresslevel=9, mtime=0))
