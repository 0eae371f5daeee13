"""Overfitting: training size, label noise and width, and what the network learns by heart."""

import streamlit as st

from fmviz.narrate.overfitting import code, twins
from fmviz.ui import controls, panels
from fmviz.ui.frame import open_page
from fmviz.ui.panels import overfitting
from fmviz.ui.panels.running import Running

page = open_page("overfitting")
left, right = page.columns()
with left:
    controls.setting(page.name, "train_size")
    controls.setting(page.name, "label_noise")
    controls.width(page.name)
controls.more(page.name)

with right:
    page.guess()
    board = panels.Board(page)
    board.place_status()
    board.add(panels.Curves(board, lambda look: twins(look.runs, page.view, look.done)))
labels = overfitting.Labels if page.config.label_noise else overfitting.Loss
panels.cards(board, overfitting.ToldGap, labels, Running)

chosen = page.section({"memory": "What it learnt by heart", "sizes": "Gap against training size"})
sweep = None
if chosen == "memory":
    board.add(overfitting.Memory(board))
else:
    sweep = overfitting.sizes(page, board.dark)

st.subheader("The rule, with this run's numbers")
board.add(overfitting.Rule(board))
for caption in code(page.config):
    st.markdown(page.text(caption.section, caption.figures))
page.notes()
page.save()
board.run()
if sweep is not None:
    sweep.run()
