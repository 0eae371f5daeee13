"""What the process of this machine's scheduler tells the app that started it: where the scheduler
listens, and the key without which neither it nor its worker takes an order.

A Dask scheduler runs whatever code it is sent, and a port of the loopback is open to every user of
the machine. So both ends of each connection show a certificate, which is made anew at each start
and passes through a pipe: no file, no command line and no environment ever holds it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Security


def written(address: str, security: Security) -> str:
    """One line of text for the pipe to the app."""
    return json.dumps(
        {
            "address": address,
            "certificate": security.tls_client_cert,
            "key": security.tls_client_key,
        }
    )


def read(line: str) -> tuple[str, Security]:
    """The scheduler's address, and what a client needs to be let in.

    Raises:
        ValueError: the line was not made by `written`.
    """
    # Imported here: it takes half a second that no page should wait for.
    from distributed import Security

    try:
        told = json.loads(line)
        address, certificate, key = (told[name] for name in ("address", "certificate", "key"))
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError("the worker process has not said where it listens") from error
    # The certificate is its own authority: who holds the key is who may speak.
    return address, Security(
        require_encryption=True,
        tls_ca_file=certificate,
        tls_client_cert=certificate,
        tls_client_key=key,
    )
