"""L2 and L1: what a penalty and its λ do to one network."""

from __future__ import annotations

import streamlit as st

from fmviz.lessons.regularisation.lesson import LESSON, Section
from fmviz.lessons.regularisation.panels.formulas import Geometry, Law, Translator
from fmviz.lessons.regularisation.panels.images import Flipped, Pixels
from fmviz.lessons.regularisation.panels.pruned import Pruning
from fmviz.lessons.regularisation.panels.small import Nudge, Wiggle
from fmviz.lessons.regularisation.panels.sweeps import AdamW, Proximal, Swept
from fmviz.lessons.regularisation.panels.tickets import Tickets
from fmviz.run.config import RunConfig
from fmviz.ui import branch, controls, foot
from fmviz.ui.board import Board
from fmviz.ui.closer import CloserLook, closer_looks
from fmviz.ui.page import open_page
from fmviz.ui.panels.card import cards
from fmviz.ui.panels.curves import penalty_curves
from fmviz.ui.panels.figures import Gap, Sparsity
from fmviz.ui.panels.row import Row
from fmviz.ui.panels.seeds import Seeds
from fmviz.ui.panels.weights import Distribution, Pictures
from fmviz.words import shared

# What looks closer at each of the page's two questions, by the section of `words.md` that asks it.
QUESTIONS: dict[str, dict[Section, CloserLook]] = {
    "look small weights": {
        "wiggle": CloserLook("A wiggly line", Wiggle),
        "nudge": CloserLook("Nudge", Nudge),
        "flips": CloserLook("Images that flip", Flipped),
        "sweep": CloserLook("Sweep λ", Swept),
        "translator": CloserLook("λ translated", Translator),
        "adamw": CloserLook("AdamW", AdamW),
    },
    "look zeros": {
        "pruning": CloserLook("Pruning", Pruning),
        "ticket": CloserLook("Lottery ticket", Tickets),
        "pixels": CloserLook("Surviving pixels", Pixels),
        "law": CloserLook("One weight", Law),
        "geometry": CloserLook("Diamond and circle", Geometry),
        "proximal": CloserLook("Proximal L1", Proximal),
    },
}
CLOSER = {name: look for looks in QUESTIONS.values() for name, look in looks.items()}


def rule_title(config: RunConfig) -> str:
    """What the rule is called: a penalty in the loss goes through the optimizer, and only plain SGD
    then takes the steps of the formula."""
    if config.optimizer == "sgd" or config.penalty in ("weight_decay", "l1_proximal"):
        return "The rule, with this run's numbers"
    return "The rule for plain SGD" + (", with this run's numbers" if config.lam else "")


def show() -> None:
    """The page, top to bottom."""
    page = open_page(LESSON)
    stage = page.set()
    with stage.controls:
        controls.penalty(page.name)
        controls.lam(page.name)
        row = st.container()
        controls.setting(page.name, "l1_share")
    with stage.more:
        controls.more(page.name)

    page.guess()
    board = Board(page)
    board.place_status()
    board.add(penalty_curves(board))
    with stage.side:
        board.add(Pictures(board, below=stage.under))
    with stage.under:
        board.add(Seeds(board))
    with row:
        board.add(Row(board))
    cards(board, Gap, Sparsity, Distribution)
    questions = {page.text(section): tuple(looks) for section, looks in QUESTIONS.items()}
    closer_looks(board, CLOSER, questions)

    st.header(rule_title(page.config))
    page.say(*shared.rule(page.config))
    branch.left_out(page)
    foot.draw(page)
    page.save()
    board.run()
