"""Whether anything tells the units of a layer apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fmviz.charts.weights import kernel_pictures
from fmviz.lessons.initialisation import says, xray
from fmviz.lessons.initialisation.lesson import InitialisationView
from fmviz.run.data import SHAPE
from fmviz.ui import live
from fmviz.ui.board import Board
from fmviz.ui.look import Panel
from fmviz.ui.pictures import png
from fmviz.ui.place import Place
from fmviz.ui.told import Told
from fmviz.words import waiting
from fmviz.words.escaping import escaped
from fmviz.words.numbers import duration
from fmviz.words.prose import Caption

PICTURES_SHOWN = 8
# Screen pixels a pixel of an image, on a screen of double resolution.
PIXEL = 6


class Symmetry(Panel):
    """The first gradient, and the units after training.

    It wants the weights, which the race goes without: `run` asks for that one run whole.
    """

    def __init__(self, board: Board[InitialisationView]) -> None:
        self.board, self.page = board, board.page
        Told(self.page).say(says.told_alike(self.page.config, xray.of(self.page.config)))
        self.status, self.button, self.told = Place(), Place(), Told(self.page)
        self.pictures, self.note = Place(), Place()

    def run(self) -> None:
        """Draw the trained units."""
        page = self.page
        long = live.long([page.config])
        if long is not None:
            self.status.note(waiting.long_weights(long.seconds))
            self._press(f"Train it ({duration(long.seconds)})", "long", long.agree)
            return
        for update in live.live([page.config]):
            if update.state == "failed":
                self.status.error(update.message)
                self._press("Try again", "try again")
                return
            waits = update.state == "waiting"
            told = escaped(update.message) if waits else None
            self.status.progress(update.progress([page.config]), text=told)
        self.status.clear()
        record = update.records[0]
        # A run of the race that is still under way may stand here, or one without its weights.
        if record is None or not record.epochs or record.is_brief or not record.complete:
            return
        self.told.say(says.symmetry(record))
        shown = record.kernels[0][:, :PICTURES_SHOWN]
        units, limit = shown.shape[1], float(np.abs(shown).max())
        self.pictures.image(
            [
                png(kernel_pictures(unit, limit, self.board.dark, scale=PIXEL))
                for unit in np.hsplit(shown, units)
            ],
            alt=[f"Weights of unit {i} as a picture" for i in range(units)],
            captions=[f"unit {i}" for i in range(units)],
            width=SHAPE[1] * PIXEL // 2,
        )
        shown_units = f"the first {units} units" if units > 1 else "the only unit"
        figures = {"shown": shown_units, "epoch": str(record.epochs)}
        self.note.caption(page.words(Caption("symmetry pictures", figures)))

    def _press(self, label: str, name: str, on_click: Callable[[], None] | None = None) -> None:
        key = f"{self.page.name}/symmetry {name}"
        self.button.button(label, key=key, icon=":material/refresh:", on_click=on_click)
