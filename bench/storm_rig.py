# ruff: noqa: ANN001, ANN201, ANN204, D101, D102, D107
"""A Valkey that may be killed, emptied and started again, for storms."""

import shutil
import signal
import sys
from pathlib import Path

import redis

# A bench is started as a file; the rig of the tests stands beside its folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.rig.processes import free_port, launch, make_room, runs_as_root, wait_until  # noqa: E402
from tests.rig.valkey import _answers, _binary  # noqa: E402


class Valkey:
    """Keeps nothing: after a kill it comes back empty, like a replica that never caught up."""

    def __init__(self):
        self.room, self.port = make_room("storm-valkey"), free_port()
        self.binary = _binary()
        if runs_as_root():
            copied = self.room.path / self.binary.name
            shutil.copy2(self.binary, copied)
            copied.chmod(0o755)
            self.binary = copied
        self.data = self.room.folder("data")
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self):
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.data)]
        command = [str(self.binary), *options, "--save", "", "--appendonly", "no"]
        self.process = launch(command, cwd=self.room.path, log=self.room.path / "log")
        log = self.room.path / "log"
        wait_until(lambda: _answers(self.port), what="Valkey", log=log)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def flush(self):
        client = redis.Redis.from_url(self.url)
        client.flushall()
        client.close()

    def close(self):
        self.kill()
        self.room.clear()
