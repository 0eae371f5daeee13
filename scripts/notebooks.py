"""Write the notebooks of every lesson's opening run: `make notebooks`.

They are those that *Take home* gives of the run that a page's controls ask for as it opens. They
lie in notebooks/, where Colab can open them.
"""

from __future__ import annotations

from pathlib import Path

from fmviz.export import notebooks
from fmviz.lessons.catalogue import LESSONS
from fmviz.run.config import RunConfig
from fmviz.run.store import RECORDED_FOLDER, RunStore

FOLDER = Path(__file__).parents[1] / "notebooks"
KINDS = {"keras": notebooks.keras_notebook, "pytorch": notebooks.torch_notebook}


def opening_run(name: str) -> RunConfig:
    """The run of a lesson's controls as its page opens; where that is none of those side by side,
    the last of them, of which the captions speak."""
    lesson = LESSONS[name]
    runs = list(lesson.runs_of(lesson.start).values())
    asked = lesson.start.config
    return asked if asked in runs else runs[-1]


def files() -> dict[str, bytes]:
    """File name → content, of all notebooks.

    Raises:
        LookupError: a run does not ship.
    """
    store = RunStore(RECORDED_FOLDER, recorded=None)
    found = {}
    for name, lesson in LESSONS.items():
        record = store.get(opening_run(name), brief=True)
        if record is None:
            raise LookupError(f"the opening run of {name} is not recorded: make record")
        for kind, build in KINDS.items():
            book = build(record, lesson.start.view.judging)
            found[f"{name}-{kind}.ipynb"] = notebooks.as_bytes(book)
    return found


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.ipynb"):
        old.unlink()
    for name, content in files().items():
        (FOLDER / name).write_bytes(content)
        print(name)


if __name__ == "__main__":
    main()
