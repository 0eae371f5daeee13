"""L2 and L1: what a penalty and its λ do to one network."""

import streamlit as st

from fmviz import narrate
from fmviz.narrate.regularisation import twins
from fmviz.ui import controls, panels
from fmviz.ui.frame import open_page
from fmviz.ui.panels import regularisation

page = open_page("regularisation")
left, right = page.columns()
with left:
    controls.penalty(page.name)
    controls.lam(page.name)
    controls.l1_share(page.name)
controls.more(page.name)

with right:
    page.guess()
    board = panels.Board(page)
    board.place_status()
    board.add(panels.Curves(board, lambda look: twins(look.runs, page.view, look.done)))
panels.cards(board, panels.Gap, panels.Sparsity, regularisation.Distribution)
closer = regularisation.closer(page, board)

st.subheader("The rule, with this run's numbers")
for caption in narrate.rule(page.config):
    st.markdown(page.text(caption.section, caption.figures))
page.notes()
page.save()
board.run()
closer.run()
