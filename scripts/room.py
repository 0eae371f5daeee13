"""The address at which the phones of a room can open the app: `python -m scripts.room 8501`."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Mapping, Sequence

import psutil

# Networks inside of this machine, between it and its containers.
INNER = ("docker", "br-", "veth", "virbr", "vmnet", "lxc", "podman", "cni")
# An address of documentation (RFC 5737): none has it, and asking for the way there sends nothing.
ELSEWHERE = "203.0.113.1"


def way_out() -> str | None:
    """The address of this machine on its way to other networks; None where there is no way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((ELSEWHERE, 9))
        except OSError:
            return None
        address: str = probe.getsockname()[0]
        return address


def interfaces() -> dict[str, list[str]]:
    """The IPv4 addresses of the network interfaces that are up, by name."""
    up = psutil.net_if_stats()
    return {
        name: [entry.address for entry in entries if entry.family == socket.AF_INET]
        for name, entries in psutil.net_if_addrs().items()
        if name in up and up[name].isup
    }


def in_the_room(out: str | None, found: Mapping[str, Sequence[str]]) -> str | None:
    """The address that other machines of the room can reach; None where there is none.

    Args:
        out: of `way_out`: the network with the way out is the room's, as a rule.
        found: of `interfaces`. Of those, a private address comes first (RFC 1918).
    """
    if out is not None and _reachable(out):
        return out
    left = [
        address
        for name, addresses in found.items()
        if not name.startswith(INNER)
        for address in addresses
        if _reachable(address)
    ]
    return min(left, key=lambda address: not ipaddress.ip_address(address).is_private, default=None)


def _reachable(address: str) -> bool:
    number = ipaddress.ip_address(address)
    return not (number.is_loopback or number.is_unspecified or number.is_link_local)


def told(address: str | None, port: int) -> str:
    """What `make class` prints."""
    if address is None:
        return "This machine is in no network: nobody else in the room can open the app."
    return f"In the same network, phones and laptops open http://{address}:{port}"


if __name__ == "__main__":
    print(told(in_the_room(way_out(), interfaces()), int(sys.argv[1])))
