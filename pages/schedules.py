"""Schedules: a learning rate that changes while the network learns."""

import streamlit as st

from fmviz.narrate import scheduling as words
from fmviz.ui import controls, panels
from fmviz.ui.frame import open_page
from fmviz.ui.panels import schedules as own

page = open_page("schedules")
left, right = page.columns()
with left:
    controls.setting(page.name, "optimizer")
    own.settings(page)
controls.more(page.name)

with right:
    page.guess()
    board = panels.Board(page)
    board.place_status()
    board.add(own.Twins(board))

after = own.closer_look(page)
st.subheader("The rule, with this run's numbers")
caption = words.rule(page.config)
st.markdown(page.text(caption.section, caption.figures))
page.notes()
page.save()
board.run()
after.run()
