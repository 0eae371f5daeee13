"""What became of each run, for whoever hosts fmviz: a line of JSON on standard error.

    {"time": "2026-11-26T10:15:02.120+00:00", "event": "run", "run": "78cbf73b", "outcome": "done",
     "wait": 0.31, "seconds": 1.87, "members": 2}

It says nothing of who asked. Dashboards and `jq` read it; Python's logging settings for
`fmviz.journal` send it elsewhere, or switch it off.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from functools import cache

from fmviz.engine.job import Job

NAME = "fmviz.journal"
# Of a key; enough to find the run in the store.
KEY_LETTERS = 8


class _Lines(logging.Formatter):
    """A record's own fields as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields = getattr(record, "fields", {})
        return json.dumps({"time": moment, "event": record.getMessage(), **fields})


@cache
def _logger() -> logging.Logger:
    logger = logging.getLogger(NAME)
    # A host that has set it up in another way has the last word.
    if not logger.handlers and logger.level == logging.NOTSET:
        handler = logging.StreamHandler()
        handler.setFormatter(_Lines())
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return logger


def ended(job: Job, now: float) -> None:
    """Note the end of a job, a line for each of its runs:

    - run: the first letters of its key.
    - outcome: "done", "failed", or "cancelled" where nobody waited for it any more.
    - wait: seconds from the request to the worker's first move for it.
    - seconds: from there to the end; 0 where it had not begun.
    - members: runs that were trained with it as one model, itself included; 0 where none was.

    Args:
        now: on the monotonic clock.
    """
    begun = now if job.begun is None else job.begun
    for config in job.configs:
        record = job.records.get(config.key)
        fields = {
            "run": config.key[:KEY_LETTERS],
            "outcome": job.state,
            "wait": round(begun - job.asked, 3),
            "seconds": round(now - begun, 3),
            "members": int(record.made.get("trained_together", 1)) if record else 0,
        }
        _logger().info("run", extra={"fields": fields})
