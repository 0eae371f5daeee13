"""The wrong labels that a network repeats, as pictures, and those that it does not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fmviz.analysis import memory
from fmviz.analysis.stopping import Shown
from fmviz.run.data import CLASS_NAMES
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.pictures import picture
from fmviz.ui.place import Place
from fmviz.words import memory as words

IMAGE_WIDTH = 112
SHOWN = 10


class Memory(Panel):
    """What became of the wrong labels of the last run."""

    pace = END

    def __init__(self, board: Board) -> None:
        self.page = board.page
        self.repeated_note, self.repeated = Place(), Place()
        self.others_note, self.others = Place(), Place()

    def draw(self, look: Look) -> None:
        """Of the finished run."""
        run, page = look.run, self.page
        if not run.kept or not run.record.examples["corrupted"]:
            self.repeated_note.markdown(page.text("no wrong label"))
            return
        found = memory.by_heart(run.record, run.kept)
        self.repeated_note.markdown(page.words(words.by_heart(found)))
        since = [f"since epoch {max(int(epoch), 1)}" for epoch in found.since[:SHOWN]]
        _draw(self.repeated, run, found.memorised[:SHOWN], since)
        others = np.sort(np.concatenate([found.seen_through, found.astray]))[:SHOWN]
        if len(others):
            self.others_note.markdown(page.text("not by heart"))
            answers = run.record.answers("train", run.kept)[others]
            _draw(self.others, run, others, [f"answers {CLASS_NAMES[a]}" for a in answers])


def _draw(place: Place, run: Shown, indices: npt.NDArray[np.intp], endings: list[str]) -> None:
    """Images of the training sample, each with what the run was told, what it is, and an ending."""
    if not len(indices):
        return
    sample = memory.training_sample(run.record.config)
    captions = []
    for index, ending in zip(indices, endings, strict=True):
        told, true = (CLASS_NAMES[labels[index]] for labels in (sample.told, sample.truth))
        captions.append(f"told {told}, is {true}, {ending}")
    pictures = [picture(pixels) for pixels in sample.images[indices].pixels]
    place.image(pictures, alt=captions, captions=captions, width=IMAGE_WIDTH)
