"""What a host switches on or off by an environment variable."""

from __future__ import annotations

import os

from fmviz.run.store import SettingError


def switch(name: str) -> bool | None:
    """A variable that is 1 or 0; None where it is not set.

    Raises:
        SettingError: it is neither.
    """
    text = os.environ.get(name, "")
    if text not in ("", "0", "1"):
        raise SettingError(f"{name} must be 0 or 1, not {text!r}")
    return text == "1" if text else None


def warms_up() -> bool:
    """Whether a worker that starts compiles what pages open with, by default so.

    Raises:
        SettingError: FMVIZ_WARM_UP is neither 0 nor 1.
    """
    return switch("FMVIZ_WARM_UP") is not False
