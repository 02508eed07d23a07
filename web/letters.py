"""Letters that the portals send, and what carries them.

A `Post` sends; the composition root chooses which. `Outbox` keeps letters in memory for a page that
shows them, for demos without a mail server: nothing of it is ever stored or served elsewhere.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

from kernel.ids import new_id

_KEPT: Final = 50


@dataclass(frozen=True)
class Letter:
    """``Letter("ada@strideworks.example", "Confirm your address", "Follow this link: …")``."""

    to: str
    subject: str
    text: str


class Post(Protocol):
    """Carries letters. Raises Unavailable when one cannot be handed over."""

    async def send(self, letter: Letter) -> None: ...


class Outbox:
    """Keeps the latest letters in memory, newest first, each under an id of its own."""

    def __init__(self) -> None:
        self._letters: deque[tuple[str, Letter]] = deque(maxlen=_KEPT)

    async def send(self, letter: Letter) -> None:
        """Keep it."""
        self._letters.appendleft((new_id("let"), letter))

    def letters(self) -> list[tuple[str, Letter]]:
        """Ids and letters, newest first."""
        return list(self._letters)
