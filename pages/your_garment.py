"""Your garment: what two networks say to a picture of the reader's own."""

from fmviz.lessons.your_garment.page import show
from fmviz.shell import require_app

require_app()
show()
