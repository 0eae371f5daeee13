"""Sweep: one or two knobs over many values and seeds, as curves or as a map."""

from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.sweep.page import show
from fmviz.shell import require_app

require_app()
show(LESSONS["playground"])
