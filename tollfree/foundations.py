"""What every part of the process stands on: clock, database, shared state, embedder, keys.

Built once from settings. `Foundations.close` gives connections back; it is called last.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from kernel.clock import Clock, SystemClock
from kernel.database import Database
from kernel.shared_state import InProcessState, SharedState
from kernel.signing import SigningKeys
from kernel.telemetry import logger
from language.embedder import Embedder, load_embedder
from language.lexical import LexicalEmbedder
from language.model_files import ModelUnusable

_log = logger(__name__)


@dataclass(frozen=True)
class Foundations:
    """The real things, as the parts are given them."""

    clock: Clock
    database: Database
    shared_state: SharedState
    embedder: Embedder
    signing: SigningKeys
    public_url: str
    data: Path
    model_folder: Path

    async def close(self) -> None:
        await self.shared_state.close()
        await self.database.close()


def lay(
    *,
    database_url: str,
    redis_url: str | None,
    model_folder: Path,
    signing: SigningKeys,
    public_url: str,
    data: Path,
) -> Foundations:
    """Build the foundations. Opens no connection yet; loads the model, which takes 0.3 s."""
    clock = SystemClock()
    return Foundations(
        clock=clock,
        database=Database(database_url),
        shared_state=shared_state_at(redis_url, clock),
        embedder=embedder_in(model_folder),
        signing=signing,
        public_url=public_url,
        data=data,
        model_folder=model_folder,
    )


def shared_state_at(redis_url: str | None, clock: Clock) -> SharedState:
    """Redis or Valkey where a URL is given, else the twin in this process."""
    if redis_url is None:
        return InProcessState(clock)
    # Imported late: a machine without Redis need not pay for its client.
    from kernel.redis_state import RedisState

    return RedisState(redis_url)


def embedder_in(model_folder: Path) -> Embedder:
    """The exported model, or the lexical embedder where it cannot be used; that is said aloud."""
    try:
        return load_embedder(model_folder)
    except ModelUnusable as problem:
        _log.warning("model_unusable", reason=type(problem).__name__)
        sys.stderr.write(f"! {problem} A simpler matcher serves meanwhile.\n")
        return LexicalEmbedder()
