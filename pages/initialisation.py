"""Initialisation: an X-ray before training, then a race from five starts."""

import streamlit as st

from fmviz.narrate import initialisation as words
from fmviz.ui import controls, panels
from fmviz.ui.frame import open_page
from fmviz.ui.panels import initialisation as own
from fmviz.xray import of as x_ray_of

page = open_page("initialisation")
left, right = page.columns()
with left:
    controls.setting(page.name, "initializer")
    controls.setting(page.name, "init_std")
    controls.depth(page.name)
controls.more(page.name)

with right:
    page.guess()
    st.subheader("X-ray before training")
    own.x_ray(page)

st.subheader("The race")
board = panels.Board(page)
board.place_status()
board.add(own.Race(board))
after = own.closer_look(page, board)

st.subheader("The rule, with this network's numbers")
for caption in words.rule(page.config, x_ray_of(page.config)):
    st.markdown(page.text(caption.section, caption.figures))
page.notes()
page.save()
board.run()
if after is not None:
    after.run()
