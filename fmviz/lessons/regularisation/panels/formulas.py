"""Panels of the penalty alone, computed at once: one weight, two weights, other spellings."""

from __future__ import annotations

import numpy as np
import streamlit as st

from fmviz.lessons.regularisation import charts, formula_says, geometry
from fmviz.lessons.regularisation.lesson import L1, L2, RegularisationView
from fmviz.run.choices import DATASETS
from fmviz.run.settings import number
from fmviz.theory import penalties
from fmviz.ui import state
from fmviz.ui.board import Board
from fmviz.ui.look import Panel
from fmviz.ui.place import draw_chart
from fmviz.ui.told import Told
from fmviz.words.prose import Caption

WEIGHTS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
LAW_POINTS = 240
# The law is drawn until L2 has left a twentieth of the weight.
LAW_PULLS = 3.0
KINDS = {"L2": "l2", "L1": "l1", "proximal L1": "l1_proximal"}
STRENGTHS = (0.0, 3.0)


class Law(Panel):
    """One weight under the penalty alone."""

    def __init__(self, board: Board[RegularisationView]) -> None:
        page, config = board.page, board.page.config
        st.select_slider(
            "The weight begins at",
            sorted({*WEIGHTS, page.view.weight}),
            format_func=number,
            **state.widget(page.name, "weight"),
        )
        if config.penalty == "none":
            page.say(Caption("needs a penalty", {}))
            return
        weight, pull = page.view.weight, penalties.pull(config)
        total = config.steps_per_epoch * config.epochs
        if formula_says.LEAST_PULL <= pull < 1:
            last = max(int(np.ceil(LAW_PULLS / pull)), 20)
            steps = np.unique(np.linspace(0, last, LAW_POINTS).astype(np.int64))
            paths = {
                name: penalties.shrink_path(weight, config.replace(penalty=kind), steps)
                for name, kind in KINDS.items()
            }
            draw_chart(
                charts.law_rows(steps, paths, total),
                charts.law_spec(board.dark),
                alt="The magnitude of one weight over steps of the penalty alone.",
            )
        captions = formula_says.law(weight, config, total)
        Told(page).say(*captions, *formula_says.law_notes(config))


class Geometry(Panel):
    """Two weights: the circle and the diamond."""

    def __init__(self, board: Board[RegularisationView]) -> None:
        page, (low, high) = board.page, STRENGTHS
        st.slider("Strength, λ/n", low, high, step=0.05, **state.widget(page.name, "strength"))
        strength = page.view.strength
        strengths = np.linspace(low, high, 121)
        for column, kind, penalty in zip(st.columns(2), (L2, L1), ("l2", "l1"), strict=True):
            with column:
                st.markdown(f"**{kind}**")
                draw_chart(
                    charts.geometry_rows(geometry.BOWL, penalty, strength, strengths),
                    charts.geometry_spec(kind, board.dark),
                    alt=f"Ellipses of equal data loss, and the budget of {kind} that they touch.",
                    width="content",
                )
        Told(page).say(
            formula_says.two_weights(geometry.BOWL, strength), Caption("about geometry", {})
        )


class Translator(Panel):
    """A strength in any spelling, read in all others."""

    def __init__(self, board: Board[RegularisationView]) -> None:
        page, config = board.page, board.page.config
        left, right = st.columns(2)
        left.selectbox(
            "What you have",
            list(penalties.SPELLINGS),
            format_func=penalties.SPELLINGS.__getitem__,
            **state.widget(page.name, "spelling"),
        )
        right.number_input("Its value", 0.0, 1e6, format="%g", **state.widget(page.name, "amount"))
        n, learning_rate = config.train_size, config.learning_rate
        lam = penalties.lam_of(page.view.spelling, page.view.amount, n, learning_rate)
        figures = formula_says.translated(lam, n, learning_rate, DATASETS["full"].train)
        page.say(Caption("translator", figures))
