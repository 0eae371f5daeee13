"""L2 and L1: what a penalty and its λ do to one network."""

from fmviz.lessons.regularisation.page import show
from fmviz.shell import require_app

require_app()
show()
