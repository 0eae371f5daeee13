"""Early stopping: one long run, replayed under every rule."""

from fmviz.lessons.early_stopping.page import show
from fmviz.shell import require_app

require_app()
show()
