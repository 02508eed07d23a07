"""Open the port first: a listening socket before anything slow happens.

`demo` moves on to the next free port when one is taken, because a newcomer's first command must
work; `serve` refuses, because others rely on the number.
"""

import errno
import socket

from kernel.errors import SettingsInvalid

_TRIES = 50


def listen(host: str, port: int, *, or_next: bool = False) -> socket.socket:
    """A listening socket on `port`, or with `or_next` on the first free one after it.

    Raises SettingsInvalid when the address cannot be had.
    """
    last = min(port + _TRIES, 65_535) if or_next and port else port
    for candidate in range(port, last + 1):
        try:
            return _bound(host, candidate)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and candidate < last:
                continue
            raise SettingsInvalid(_why(host, port, error), param="TOLLFREE_PORT") from None
    raise AssertionError("a range of at least one port was tried")


def address_of(listener: socket.socket) -> tuple[str, int]:
    """Host and port as a client on this machine writes them."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  compared, not bound
    return (f"[{reachable}]" if ":" in reachable and reachable[0] != "[" else reachable), int(port)


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2_048)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken. Name another with --port or TOLLFREE_PORT."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Choose one above 1023."
    return f"Cannot listen on {host}:{port} ({error.strerror}). Name another with --host."
