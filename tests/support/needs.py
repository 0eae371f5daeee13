"""What a test needs of the machine: a skip for a developer without it, a failure in CI."""

from __future__ import annotations

import os

import pytest

# Set by `make check`: the daily loop, without training and browsers.
QUICK = "FMVIZ_QUICK_TESTS"
# Set by `make faults`.
FAULTS = "FMVIZ_FAULTS"


def require(there: object, message: str) -> None:
    """Skip a test that needs something of the machine; in CI that is a failure."""
    if not there:
        if os.environ.get("CI"):
            pytest.fail(f"{message}; CI must have it")
        pytest.skip(message)


def quick() -> bool:
    """Whether only tests are wanted that need neither training nor a browser."""
    return bool(os.environ.get(QUICK))


def faults() -> bool:
    """Whether tests are wanted that break workers and schedulers, and wait for what becomes of it:
    `make faults`."""
    return bool(os.environ.get(FAULTS))


def time_to_train() -> None:
    """Skip what trains, where only the quick tests are wanted."""
    if quick():
        pytest.skip("it trains: make test runs it")
