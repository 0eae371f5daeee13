"""Dropout: a network that trains with a share of its units missing."""

import streamlit as st

from fmviz.lessons.dropout import DROPOUT
from fmviz.narrate.dropout import rule, twins
from fmviz.ui import controls, panels
from fmviz.ui.frame import open_page
from fmviz.ui.panels import dropout
from fmviz.ui.panels.running import Running

page = open_page("dropout")
left, right = page.columns()
with left:
    controls.setting(page.name, "dropout")
    controls.lam(page.name)
    controls.width(page.name)
controls.more(page.name)

with right:
    page.guess()
    board = panels.Board(page)
    board.place_status()
    board.add(panels.Curves(board, lambda look: twins(look.runs, page.view, look.done)))
panels.cards(board, panels.Gap, lambda board: Running(board, DROPOUT), dropout.OnOff)

chosen = page.section({"mask": "What one mask does", "rates": "Every rate"})
sweep = None
if chosen == "mask":
    board.add(dropout.Mask(board))
else:
    sweep = dropout.rates(page, board.dark)

st.subheader("The rule, with this run's numbers")
caption = rule(page.config)
st.markdown(page.text(caption.section, caption.figures))
page.notes()
page.save()
board.run()
if sweep is not None:
    sweep.run()
