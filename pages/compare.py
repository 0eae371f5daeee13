"""Compare: the runs that a reader has pinned, side by side."""

from fmviz.lessons.compare.page import show
from fmviz.shell import require_app

require_app()
show()
