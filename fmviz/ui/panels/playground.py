"""Closer looks on the playground: every panel that one pair of runs can fill."""

from __future__ import annotations

from collections.abc import Callable

from fmviz.ui.frame import Page
from fmviz.ui.panels import Board, Panel
from fmviz.ui.panels.layers import Answers, Distributions, Layers
from fmviz.ui.panels.overfitting import Memory
from fmviz.ui.panels.regularisation import Pictures
from fmviz.ui.panels.running import Running

# As `fmviz.lessons.playground.SECTIONS` has them.
CLOSER: dict[str, tuple[str, Callable[[Board], Panel]]] = {
    "layers": ("Layers", Layers),
    "answers": ("Answers", Answers),
    "distributions": ("Activations", Distributions),
    "pictures": ("First-layer weights", Pictures),
    "memory": ("Learnt by heart", Memory),
    "running": ("Keras's accuracy", Running),
}


def closer_look(page: Page, board: Board) -> None:
    """The chosen panel alone."""
    chosen = page.section({name: label for name, (label, _) in CLOSER.items()})
    board.add(CLOSER[chosen][1](board))
