"""The wrong labels that a network repeats, as pictures, and those that it does not."""

from __future__ import annotations

from fmviz.analysis import memory
from fmviz.analysis.memory import ByHeart
from fmviz.analysis.stopping import Shown
from fmviz.charts import film, garments
from fmviz.charts.garments import ALT, Row
from fmviz.run import data
from fmviz.run.naming import plural
from fmviz.ui.board import Board
from fmviz.ui.look import END, Look, Panel
from fmviz.ui.pictures import picture
from fmviz.ui.place import Place
from fmviz.ui.player.screen import Screen
from fmviz.words import memory as words

IMAGE_WIDTH = 112
SHOWN = 10


class Memory(Panel):
    """What became of the wrong labels of the last run, at the epoch of the player."""

    pace = END

    def __init__(self, board: Board) -> None:
        self.page = board.page
        self.told = Place()
        self.screen = Screen(board.page, "by-heart")
        with self.screen.stand_in():
            self.places = [(Place(), Place()) for _ in range(2)]

    def draw(self, look: Look) -> None:
        """Of the finished run."""
        run, page = look.run, self.page
        if not run.kept or not run.record.examples["corrupted"]:
            self.told.markdown(page.text("no wrong label"))
            return
        found = memory.by_heart(run.record, run.kept)
        self.told.markdown(page.words(words.by_heart(found)))
        rows = [row for row in self._rows(run, found) if row.tiles]
        for (title, images), row in zip(self.places, rows, strict=False):
            draw_row(title, images, row, run.kept, IMAGE_WIDTH)
        self.screen.draw(
            look,
            lambda clock: film.reel(
                clock, "garments", ALT, garments.rows_reel(rows, len(look.runs) - 1)
            ),
        )

    def _rows(self, run: Shown, found: ByHeart) -> list[Row]:
        """The first that it repeats, and the first that it does not."""
        page, wrong = self.page, plural(found.wrong, "wrong label")
        repeats = [
            page.text("repeated by", {"epoch": str(epoch), "repeated": f"{n:,}", "wrong": wrong})
            for epoch, n in enumerate(garments.repeated(run))
        ]
        since = [f"since epoch {max(int(epoch), 1)}" for epoch in found.since[:SHOWN]]
        known = garments.of_training(run, found.memorised[:SHOWN])
        missed = page.text("not by heart", {"epoch": str(run.kept)})
        return [
            Row(repeats, [t._replace(note=n) for t, n in zip(known, since, strict=True)]),
            Row([missed] * len(repeats), garments.of_training(run, found.others[:SHOWN])),
        ]


def draw_row(title: Place, images: Place, row: Row, epoch: int, width: int) -> None:
    """Images side by side at an epoch, below their title.

    Args:
        width: of an image, in pixels.
    """
    title.markdown(f"**{row.titles[epoch]}**")
    if row.tiles:
        said = [tile.says(epoch) for tile in row.tiles]
        shown = [picture(data.SHADES[tile.grey]) for tile in row.tiles]
        images.image(shown, alt=said, captions=said, width=width)
