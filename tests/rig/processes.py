"""Start a real server for a test run, and make sure that it dies with the run.

A server gets its own port on the loopback and its own temporary directory. When the tests run as
root it runs as the unprivileged uid 65534, from a copy of its installation that this uid can read:
PostgreSQL refuses to run as root, and the wheels' own start functions would create users and open
up parent directories. The launcher asks the kernel to interrupt the server if pytest is killed.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

UNPRIVILEGED = 65534

_LAUNCH = """
import ctypes, os, signal, sys
identity = int(sys.argv[1])
if identity:
    os.setgroups([])
    os.setgid(identity)
    os.setuid(identity)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGINT)
os.execv(sys.argv[2], sys.argv[2:])
"""


def installed_package(name: str) -> Path:
    """Where a wheel lies, without importing it: these wheels look around when imported."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise RuntimeError(f"{name} is not installed: pip install -e '.[test]'.")
    return Path(found.origin).parent


def runs_as_root() -> bool:
    return os.geteuid() == 0


@dataclass(frozen=True)
class Room:
    """A temporary directory that belongs to the uid which the server runs as."""

    path: Path

    def folder(self, name: str) -> Path:
        made = self.path / name
        made.mkdir()
        self.give(made)
        return made

    def give(self, path: Path) -> None:
        if runs_as_root():
            os.chown(path, UNPRIVILEGED, UNPRIVILEGED)

    def clear(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def make_room(name: str) -> Room:
    path = Path(tempfile.mkdtemp(prefix=f"tollfree-{name}-"))
    path.chmod(0o755)
    room = Room(path)
    room.give(path)
    return room


def launch(command: Sequence[str], *, cwd: Path, log: Path) -> "subprocess.Popen[bytes]":
    """Start `command` in its own process group, as the unprivileged uid when we are root."""
    identity = UNPRIVILEGED if runs_as_root() else 0
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", _LAUNCH, str(identity), *command],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
        )


def run(command: Sequence[str], *, cwd: Path, log: Path) -> None:
    if launch(command, cwd=cwd, log=log).wait(60) != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed:\n{log.read_text()[-2000:]}")


def stop(process: "subprocess.Popen[bytes]", *, signal: int) -> None:
    process.send_signal(signal)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready: Callable[[], bool], *, what: str, log: Path, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.02)
