# ruff: noqa: ANN001, ANN201, ANN202, ANN204, D101, D102, D107
"""A Valkey that may be killed, emptied, started again or replaced by an old copy, for storms."""

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
    """A server that may be killed, with a replica that may fall behind and take its place."""

    def __init__(self, *, follows=True):
        self.room, self.port = make_room("storm-valkey"), free_port()
        self.binary = _binary()
        if runs_as_root():
            copied = self.room.path / self.binary.name
            shutil.copy2(self.binary, copied)
            copied.chmod(0o755)
            self.binary = copied
        self.data = self.room.folder("data")
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.replica = None
        self.start()
        if follows:
            self.follow()

    def start(self):
        """Start it, with what stands in its folder: nothing, unless a replica's data was put there."""
        self.process = self._launch(self.port, self.data)

    def kill(self):
        """kill -9; it comes back empty."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def flush(self):
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def follow(self):
        """A replica that has all that the server has, until it falls behind."""
        self.replica_port, self.copy = free_port(), self.room.folder(f"copy-{free_port()}")
        self.replica = self._launch(self.replica_port, self.copy)
        with self._replica() as client:
            client.replicaof("127.0.0.1", self.port)
            wait_until(
                lambda: client.info("replication").get("master_link_status") == "up",
                what="the replica",
                log=self.room.path / "log",
            )
            # From now on it hears nothing: what it has grows old.
            client.replicaof("NO", "ONE")

    def fail_over(self):
        """The server dies, and the replica stands in its place with what it last heard."""
        with self._replica() as client:
            client.save()
        self._end_replica()
        self.kill()
        shutil.copy(self.copy / "dump.rdb", self.data / "dump.rdb")
        self.start()
        (self.data / "dump.rdb").unlink()
        self.follow()

    def close(self):
        self.kill()
        if self.replica is not None:
            self._end_replica()
        self.room.clear()

    def _launch(self, port, folder):
        log = self.room.path / "log"
        options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        # A replica is copied to at once, and not after waiting whether more of them come.
        options += ["--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"]
        command = [str(self.binary), *options]
        process = launch(command, cwd=self.room.path, log=log)
        wait_until(lambda: _answers(port), what="Valkey", log=log)
        return process

    def _replica(self):
        return redis.Redis.from_url(f"redis://127.0.0.1:{self.replica_port}/0")

    def _end_replica(self):
        self.replica.send_signal(signal.SIGKILL)
        self.replica.wait()
