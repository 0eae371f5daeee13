"""Regularisation: what a penalty and its λ, initial std and patience do to one network."""

import streamlit as st

from fmviz import narrate, permalink, prose
from fmviz.ui import controls, panels, shell, state
from fmviz.ui.live import live

shell.require_app()

LESSON = "regularisation"
START = permalink.defaults({"penalty": "l2", "lam": 10.0})

problems = state.load(LESSON, START)
st.title(prose.text(LESSON, "question"))
st.markdown(prose.text(LESSON, "introduction"))
for problem in problems:
    st.error(f"In the address: {problem}.", icon=":material/link_off:")

left, right = st.columns([1, 2.6], gap="large")
with left:
    controls.penalty(LESSON)
    controls.lam(LESSON)
    controls.l1_share(LESSON)
    controls.init_std(LESSON)
    controls.patience(LESSON)
controls.more(LESSON)

values = {field: state.value(LESSON, field) for field in START}
config = controls.config(values)
comparison = panels.Comparison(LESSON, config, permalink.view_of(values))
with right:
    comparison.place_curves()
comparison.place_figures(LESSON)

values["tolerance"] = comparison.tolerance
state.save(LESSON, START, values)

st.subheader("The rule, with this run's numbers")
for caption in narrate.rule(config):
    st.markdown(prose.text(LESSON, caption.section, caption.figures))
panels.images()
with st.expander("Why? Notes and sources", icon=":material/menu_book:"):
    st.markdown(prose.text(LESSON, "why"))

for update in live(comparison.configs):
    comparison.draw(update)
