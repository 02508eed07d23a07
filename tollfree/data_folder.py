"""The folder that one machine's installation lives in: database, secrets, a lock.

    .tollfree/            0700
        lock              held by the one process that serves from here
        secrets.json      0600, random per installation
        api_key           0600, the key that the banner prints
        tollfree.db       SQLite, unless DATABASE_URL names another

Secrets appear whole or not at all (written aside, then renamed), so that a first run which was
interrupted can be repeated. Refuses a second process on the same folder.
"""

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self

from kernel.errors import SettingsInvalid
from kernel.ids import new_secret
from kernel.signing import SigningKeys
from tollfree.settings import signing_keys_from


@dataclass(frozen=True)
class Secrets:
    """What an installation keeps to itself."""

    signing_keys: str
    advertiser_password: str
    operator_password: str

    def ring(self) -> SigningKeys:
        return signing_keys_from(self.signing_keys)

    def __repr__(self) -> str:
        return "Secrets(…)"


class DataFolder:
    """An opened and locked data folder. `close` gives the lock back."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    def open(self) -> Self:
        """Make the folder where it is missing, and lock it. Raises SettingsInvalid."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.path / "lock").open("a+", encoding="ascii")
        except OSError as error:
            raise SettingsInvalid(
                f"The data folder {self.path} cannot be written ({error.strerror}). "
                "Name another with --data DIR or TOLLFREE_DATA.",
                param="TOLLFREE_DATA",
            ) from None
        self._take(lock)
        return self

    def has_secrets(self) -> bool:
        """Whether this folder was lived in before."""
        return (self.path / "secrets.json").is_file()

    def secrets(self) -> Secrets:
        """This installation's secrets; made on the first call."""
        path = self.path / "secrets.json"
        try:
            return Secrets(**json.loads(path.read_text(encoding="ascii")))
        except FileNotFoundError:
            made = Secrets(
                signing_keys=f"1:{new_secret().hex()}",
                advertiser_password=new_secret(12).hex(),
                operator_password=new_secret(12).hex(),
            )
        except (ValueError, TypeError):
            raise SettingsInvalid(
                f"{path} is damaged. Restore it, or start afresh with tollfree demo --reset.",
                param="TOLLFREE_DATA",
            ) from None
        write_private(path, json.dumps(asdict(made), indent=1))
        return made

    def api_key(self) -> str | None:
        """The key that was kept, if any; whether it still works is for the API to say."""
        path = self.path / "api_key"
        return path.read_text(encoding="ascii").strip() if path.is_file() else None

    def keep_api_key(self, key: str) -> None:
        write_private(self.path / "api_key", key + "\n")

    def empty(self) -> None:
        """Remove everything but the lock: the next start is a first start."""
        for entry in self.path.iterdir():
            if entry.name == "lock":
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take(self, lock: IO[str]) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise SettingsInvalid(
                f"Another Tollfree (process {holder}) serves from {self.path}. Stop it, or name "
                "another folder with --data DIR.",
                param="TOLLFREE_DATA",
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    aside = path.with_name(path.name + ".part")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
