"""Initialisation: an X-ray before training, then a race from five starts."""

from fmviz.lessons.initialisation.page import show
from fmviz.shell import require_app

require_app()
show()
