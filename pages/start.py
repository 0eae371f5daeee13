"""Start: the images, one network, a game against it, and the lessons."""

from fmviz.lessons.catalogue import LESSONS
from fmviz.lessons.start.page import show
from fmviz.shell import require_app

require_app()
show([lesson for name, lesson in LESSONS.items() if name != "start"])
