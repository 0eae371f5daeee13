"""Tasks by the name of what they call, so that a worker or a scheduler can read any of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import distributed


class Sender:
    """A client of Dask whose tasks carry the name of their function, not the function: what cannot
    be imported where a task arrives is then that task's failure. As a reference it would end a
    worker without fmviz as it is read, and all that anybody heard of it is that there is none."""

    def __init__(self, client: distributed.Client) -> None:
        self._client = client

    def submit(
        self, function: Callable[..., Any], *arguments: object, **options: Any
    ) -> distributed.Future:
        named = _by_name(function.__module__, function.__qualname__)
        sent: distributed.Future = self._client.submit(named, *arguments, **options)
        return sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def _by_name(module: str, name: str) -> Callable[..., Any]:
    """A function of a module's top level, which is imported where it is called."""

    # Being no function of a module's itself, it is sent whole, with the two names.
    def call(*arguments: object) -> Any:
        import importlib

        return getattr(importlib.import_module(module), name)(*arguments)

    return call
