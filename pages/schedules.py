"""Schedules: a learning rate that changes while the network learns."""

from fmviz.lessons.schedules.page import show
from fmviz.shell import require_app

require_app()
show()
