"""Playground: every knob of a run, all the panels, and a diagnosis where it goes wrong."""

from fmviz.lessons.playground.page import show
from fmviz.shell import require_app

require_app()
show()
