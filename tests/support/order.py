"""In which order two processes share the suite out, so that both are busy to its end."""

from __future__ import annotations

from typing import Any

# Folders whose tests wait, train or drive come first, one long file after another; what is left for
# the end are many short files.
FIRST = ("browser", "training", "lessons", "pages", "engine", "export", "benchmarks")
# These share a server and a browser: all go to one process.
TOGETHER = "tests/browser/"


def place(nodeid: str) -> int:
    """Where a test's folder stands; less is sooner."""
    parts = nodeid.split("/")
    folder = parts[1] if len(parts) > 2 else ""
    return FIRST.index(folder) if folder in FIRST else len(FIRST)


def scheduler(config: Any, log: Any) -> Any:
    """As `--dist loadfile`, but in the order of collection, and the browser's files as one."""
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return TOGETHER if nodeid.startswith(TOGETHER) else super()._split_scope(nodeid)

    config.option.loadscopereorder = False
    return Together(config, log)
