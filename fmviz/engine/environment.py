"""The environment variables that a host sets, checked before there is a viewer to see the error."""

from __future__ import annotations

from collections.abc import Callable

from fmviz.engine import ahead, switches
from fmviz.engine.connection import scheduler_address
from fmviz.engine.limits import memory_limit
from fmviz.run import data
from fmviz.run.files import files_at
from fmviz.run.store import SettingError, default_bytes, default_folder


def problems() -> list[str]:
    """What is wrong with the settings of this server, a sentence without a stop each."""
    found = []
    checks: tuple[Callable[[], object], ...] = (
        _store,
        default_bytes,
        scheduler_address,
        memory_limit,
        ahead.wanted,
        switches.warms_up,
        data.check,
    )
    for check in checks:
        try:
            check()
        except (SettingError, data.DataError) as error:
            found.append(str(error))
    return found


def _store() -> None:
    try:
        files_at(default_folder())
    except ValueError as error:
        raise SettingError(str(error)) from error
