"""Closer looks on the playground: every panel that one pair of runs can fill."""

from __future__ import annotations

from collections.abc import Callable

from fmviz.lessons.overfitting.panels import Memory
from fmviz.lessons.regularisation.panels import Distribution, Pictures
from fmviz.ui.board import Board, cards
from fmviz.ui.look import Panel
from fmviz.ui.page import Page
from fmviz.ui.panels.layers import Answers, Distributions, Layers
from fmviz.ui.panels.running import Running

# As `SECTIONS` of the lesson has them.
CLOSER: dict[str, tuple[str, Callable[[Board], Panel]]] = {
    "layers": ("Layers", Layers),
    "answers": ("Answers", Answers),
    "distributions": ("Weights and activations", Distributions),
    "pictures": ("First-layer weights", Pictures),
    "memory": ("Learnt by heart", Memory),
    "running": ("Keras's accuracy", Running),
}


def closer_look(page: Page, board: Board) -> None:
    """The chosen panel alone; weights and activations side by side."""
    chosen = page.section({name: label for name, (label, _) in CLOSER.items()})
    if chosen == "distributions":
        cards(board, Distribution, Distributions)
    else:
        board.add(CLOSER[chosen][1](board))
