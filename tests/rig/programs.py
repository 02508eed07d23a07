"""Start `tollfree` as a person does: as a program, with an environment and a data folder.

The program's standard error goes to a file, so that a test can search it. Nothing of the test's own
environment is passed on but what a program needs to run.
"""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
import pytest

from tollfree.__main__ import main

_TOLLFREE = Path(sys.executable).with_name("tollfree")
# An address where nobody listens: the demo must not find the developer's own Ollama.
_NOBODY = "127.0.0.1:9"


def environment(**given: str) -> dict[str, str]:
    """A small environment; `given` adds to it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"OLLAMA_HOST": _NOBODY, "PYTHONUNBUFFERED": "1"} | given


def without_certificates(folder: Path) -> dict[str, str]:
    """Settings for a client that speaks plain HTTP only, so that it need not read every authority.

    Each new client of httpx reads all of them anew, which takes longer than most of its calls.
    """
    first, end, _ = Path(certifi.where()).read_text("ascii").partition("-----END CERTIFICATE-----")
    only = folder / "one-authority.pem"
    only.write_text(f"{first}{end}\n", "ascii")
    return {"SSL_CERT_FILE": str(only)}


def tollfree(
    *arguments: str, cwd: Path, timeout: float = 60, **given: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [_TOLLFREE, *arguments],
        cwd=cwd,
        env=environment(**given),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def command(*arguments: str, cwd: Path, **given: str) -> "subprocess.CompletedProcess[str]":
    """The same in this process, where a start of Python is not what is tested.

    It sees the same small environment and the same folder, and ends as the program would.
    """
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        for name in set(os.environ) - set(environment()):
            patch.delenv(name)
        for name, value in environment(**given).items():
            patch.setenv(name, value)
        patch.chdir(cwd)
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


@dataclass
class Program:
    """A running command; `out` and `err` are files."""

    process: "subprocess.Popen[bytes]"
    out: Path
    err: Path

    def wait_for(self, ready: Any, *, seconds: float = 60) -> Any:
        """Wait until `ready()` is true and return it; fail with what the program said."""
        deadline = time.monotonic() + seconds
        while not (found := ready()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"It did not start:\n{self.err.read_text()}")
            time.sleep(0.05)
        return found

    def interrupt(self, *, seconds: float = 30) -> float:
        """Ctrl-C; returns how many seconds it took to end."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(seconds)
        return time.monotonic() - started


@contextmanager
def program(arguments: Sequence[str], *, cwd: Path, **given: str) -> Iterator[Program]:
    """A command that runs until the block ends."""
    out, err = cwd / "out.txt", cwd / "err.txt"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [_TOLLFREE, *arguments],
            cwd=cwd,
            env=environment(**given),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
    running = Program(process, out, err)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def demo(
    cwd: Path, *arguments: str, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Program, dict[str, Any]]]:
    """A ready demo, and the JSON line that it printed."""
    command = ["demo", "--json", "--port", "0", "--data", str(cwd / "data"), *arguments]
    with program(command, cwd=cwd, **(settings or {})) as running:
        running.wait_for(lambda: running.out.read_text().endswith("\n"))
        yield running, json.loads(running.out.read_text())
