"""Overfitting: training size, label noise and width, and what the network learns by heart."""

from fmviz.lessons.overfitting.page import show
from fmviz.shell import require_app

require_app()
show()
