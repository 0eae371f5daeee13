"""Optimizers: one network, raced under different update rules."""

from fmviz.lessons.optimizers.page import show
from fmviz.shell import require_app

require_app()
show()
