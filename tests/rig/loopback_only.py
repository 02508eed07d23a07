"""No test speaks to the world: connections and look-ups beyond the loopback are refused.

An audit hook sees every Python socket, whichever library opened it. Servers named by
TEST_DATABASE_URL and TEST_REDIS_URL are allowed, because a person named them.
"""

import ipaddress
import os
import sys
from typing import Any
from urllib.parse import urlsplit


class OutsideWorld(RuntimeError):
    """A test tried to leave this machine. Use a loopback server, or a shipped fake."""


def install() -> None:
    """Start refusing; an audit hook stays for the life of the process."""
    allowed = {
        urlsplit(os.environ.get(name, "")).hostname
        for name in ("TEST_DATABASE_URL", "TEST_REDIS_URL")
    }

    def refuse(event: str, args: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            address = args[1]
            host = address[0] if isinstance(address, tuple) else None
        elif event == "socket.getaddrinfo":
            host = args[0]
        else:
            return
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and name not in allowed and not _is_loopback(name):
            raise OutsideWorld(f"A test tried to reach {name}.")

    sys.addaudithook(refuse)


def _is_loopback(host: str) -> bool:
    if host in {"", "localhost"} or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
