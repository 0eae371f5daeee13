"""Dropout: a network that trains with a share of its units missing."""

from fmviz.lessons.dropout.page import show
from fmviz.shell import require_app

require_app()
show()
