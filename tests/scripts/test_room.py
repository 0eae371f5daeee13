"""The address that a room's phones can open."""

from __future__ import annotations

import ipaddress
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.room import in_the_room, interfaces, told, way_out

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("out", "found", "expected"),
    [
        ("192.168.1.5", {"lo": ["127.0.0.1"], "wlan0": ["192.168.1.5"]}, "192.168.1.5"),
        # A hotspot of this machine's own has no way out.
        (None, {"lo": ["127.0.0.1"], "wlan0": ["10.42.0.1"]}, "10.42.0.1"),
        (None, {"eth0": ["8.8.4.4"], "wlan0": ["10.42.0.1"]}, "10.42.0.1"),
        (None, {"eth0": ["8.8.4.4"]}, "8.8.4.4"),
        # What only containers and this machine itself reach.
        (None, {"docker0": ["172.17.0.1"], "veth1": ["10.0.0.1"], "lo": ["127.0.0.1"]}, None),
        (None, {"eth0": ["169.254.10.1"]}, None),
        ("127.0.0.1", {"wlan0": ["10.42.0.1"]}, "10.42.0.1"),
        ("0.0.0.0", {}, None),
        (None, {}, None),
    ],
)
def test_it_is_one_that_others_reach(
    out: str | None, found: dict[str, list[str]], expected: str | None
) -> None:
    assert in_the_room(out, found) == expected


def test_this_machine_is_asked_without_a_word_to_others() -> None:
    found = interfaces()
    assert "127.0.0.1" in {address for each in found.values() for address in each}
    out = way_out()
    assert out is None or any(out in addresses for addresses in found.values())


def test_one_line_is_printed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.room", "8765"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = done.stdout.splitlines()
    address = in_the_room(way_out(), interfaces())
    assert line == told(address, 8765)
    if address is not None:
        assert line.endswith(f"http://{ipaddress.ip_address(address)}:8765")


def test_a_machine_alone_says_so() -> None:
    assert "nobody else" in told(None, 8501)


def commands(target: str) -> str:
    done = subprocess.run(
        ["make", "--dry-run", target, "PORT=8765"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_one_target_serves_this_machine_and_one_a_room() -> None:
    for alone in ("app", "dev"):
        assert "--server.address=localhost" in commands(alone)
        assert "0.0.0.0" not in commands(alone)
    room = commands("class")
    assert room.index("scripts.room 8765") < room.index("--server.address=0.0.0.0")
    assert "--server.port=8765" in room
