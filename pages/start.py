"""Start: the images, one network, a game against it, and the lessons."""

import streamlit as st

from fmviz.ui import panels
from fmviz.ui.frame import open_page
from fmviz.ui.panels import start

page = open_page("start")
start.cards(page.name)

st.subheader("The images")
start.browse(page)

st.subheader("One network")
board = panels.Board(page)
board.place_status()
board.add(start.OneNetwork(board))

st.subheader("Are you better?")
game = st.container()

page.save()
look = board.run()
if look.done:
    with game:
        start.beat(page, look.run.record)
