"""Make the compact data set that ships with fmviz out of full Fashion-MNIST.

    python -m scripts.make_compact FOLDER [--check]

FOLDER holds the four original files. A class-balanced random part is written to
fmviz/datasets/compact/ in the same format, with `indices.csv.gz`, which says where each image
stands in the full set, so that a notebook that downloads the full set can pick out the same
images. `--check` writes nothing and compares what would be written with what is there: its
content byte for byte, and the compressed files where this zlib compresses as the one did that
made them.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
from pathlib import Path

import numpy as np

from fmviz.run import data
from fmviz.run.choices import DATASETS


def build(source: Path, target: Path) -> None:
    """Write the compact set, in the order of the full set within each part."""
    info = DATASETS["compact"]
    sizes = {"train": info.train + info.validation, "test": info.test}
    rng = np.random.default_rng(data.COMPACT_SEED)
    rows: list[tuple[str, int, int]] = []
    target.mkdir(parents=True, exist_ok=True)
    for part, size in sizes.items():
        images, labels = data.read_pair(source, part)
        chosen = np.sort(data.stratified_order(labels, rng)[:size])
        for name, array in zip(data.FILES[part], (images, labels), strict=True):
            data.write_idx(target / name, array[chosen])
        rows += [(part, compact, int(full)) for compact, full in enumerate(chosen)]
    lines = [("part", "compact_index", "full_index"), *rows]
    text = "".join(f"{','.join(map(str, line))}\n" for line in lines)
    (target / "indices.csv.gz").write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def check(source: Path, target: Path) -> None:
    """Exit with a message where the shipped files differ from what `build` makes of `source`."""
    with tempfile.TemporaryDirectory() as folder:
        build(source, Path(folder))
        for fresh in sorted(Path(folder).iterdir()):
            shipped = target / fresh.name
            if gzip.decompress(fresh.read_bytes()) != gzip.decompress(shipped.read_bytes()):
                raise SystemExit(f"{shipped} differs in content")
            same = fresh.read_bytes() == shipped.read_bytes()
            print(f"{fresh.name}: {'identical' if same else 'same content, other compression'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="folder with the four files of Fashion-MNIST")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    (check if arguments.check else build)(arguments.folder, data.COMPACT_FOLDER)


if __name__ == "__main__":
    main()
