"""Optimizers: one network, raced under different update rules."""

import streamlit as st

from fmviz.ui import controls, panels
from fmviz.ui.frame import open_page
from fmviz.ui.panels import optimizers as own

page = open_page("optimizers")
left, right = page.columns()
with left:
    own.racers(page)
    own.rates(page)
    own.axis(page)
controls.more(page.name)

with right:
    page.guess()
    board = panels.Board(page)
    board.place_status()
    board.add(own.Race(board))

after = own.closer_look(page, board)
st.subheader("The rules, with these runs' numbers")
own.rules(page)
page.notes()
page.save()
board.run()
if after is not None:
    after.run()
