"""Early stopping: one long run, replayed under every rule."""

import streamlit as st

from fmviz.ui import controls, panels
from fmviz.ui.frame import open_page
from fmviz.ui.panels import early_stopping

page = open_page("early_stopping")
left, right = page.columns()
folded, figures = st.container(), st.container()
with left:
    controls.patience(page.name, range(page.values["epochs"] + 1))
    controls.monitor(page.name)
    controls.restore(page.name)
    controls.early_stopping(page.name, page.values["epochs"])
if not page.guessing:
    with figures:
        controls.test(page.name)
with folded:
    controls.more(page.name)

with right:
    page.guess()
    board = panels.Board(page)
    board.place_status()
    board.add(early_stopping.Machine(board))
with figures:
    board.add(early_stopping.Moments(board))
early_stopping.closer(board)

st.subheader("The rule, with this run's numbers")
board.add(early_stopping.RuleInFigures(board))
page.notes()
page.save()
board.run()
