"""The notebooks that ship: those that the script makes, and fit to be opened anywhere."""

from __future__ import annotations

import nbformat
import pytest

from scripts import notebooks

FILES = sorted(notebooks.FOLDER.iterdir())


def test_what_ships_is_what_the_script_makes() -> None:
    made = notebooks.files()
    there = {path.name: path.read_bytes() for path in FILES}
    stale = [name for name in {*made, *there} if made.get(name) != there.get(name)]
    assert not stale, f"{', '.join(sorted(stale))}: run `make notebooks`"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_opens_anywhere(path: object) -> None:
    book = nbformat.read(path, 4)
    assert book.metadata.kernelspec.name == "python3"
    assert "fmviz" not in {
        line.split()[1].split(".")[0]
        for cell in book.cells
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
        if line.startswith(("import ", "from "))
    }
