"""What passes through the pipe between the app and its worker's process."""

from __future__ import annotations

import pytest
from distributed import Security

from fmviz.engine import handover


def test_what_was_written_is_read() -> None:
    made = Security.temporary()
    line = handover.written("tls://127.0.0.1:1234", made)
    assert "\n" not in line
    address, security = handover.read(line + "\n")
    assert address == "tls://127.0.0.1:1234"
    assert security.require_encryption
    assert security.get_tls_config_for_role("client") == made.get_tls_config_for_role("client")


@pytest.mark.parametrize(
    "line", ["", "tcp://127.0.0.1:1234", "[]", "{}", '{"address": "tls://x:1"}']
)
def test_anything_else_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="has not said where it listens"):
        handover.read(line)
