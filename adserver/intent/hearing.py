"""What a conversation says, read once: may anything be sold, in which language, what is wanted.

Everything here depends on the words alone, never on who asks or what is for sale, so it is
remembered by digest: a turn that is asked again costs microseconds and no thread. Memory only,
bounded, least recently heard forgotten first. Safe from many threads.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.intent.conversation import Distilled, distil
from adserver.intent.screening import ConversationScreen
from adserver.intent.vectors import MessageVectors, intent_vectors
from adserver.intent.wording import words_of
from kernel.recent import Recent
from language import commercial_intent, language_id
from language.embedder import Embedder
from language.other_languages import SCREENED
from language.sensitive_topics import SensitiveTopic
from tollfree_sdk.contract import Turn

_LONGEST_REMEMBERED: Final = 20_000


@dataclass(frozen=True, slots=True)
class Heard:
    """One conversation. `vectors` and `commercial` are None where nothing may be sold anyway.

    `is_wordless`: code, data or nothing, so nobody asks for anything. `vectors` are the rows of
    `intent_vectors`; `words` are normalised, for keywords.
    """

    is_wordless: bool
    topic: SensitiveTopic | None = None
    language: str | None = None
    words: str = ""
    vectors: NDArray[np.float32] | None = None
    commercial: float | None = None


class Hearing:
    """Reads conversations and remembers what it read: ``Hearing(embedder).of(turns)``."""

    def __init__(self, embedder: Embedder, *, capacity: int = 5_000) -> None:
        self.vectors = MessageVectors(embedder)
        self.screen = ConversationScreen(self.vectors)
        self._heard: Recent[bytes, Heard] = Recent(capacity)

    def known(self, turns: Sequence[Turn]) -> Heard | None:
        """What was read before; costs a digest."""
        return self._heard.get(_digest(turns))

    def of(self, turns: Sequence[Turn]) -> Heard:
        """Read a conversation; call it off the event loop, it may embed the last turn."""
        digest = _digest(turns)
        heard = self._heard.get(digest)
        if heard is not None:
            return heard
        said = distil(turns)
        heard = self._read(said)
        if len(said.query) + len(said.context) <= _LONGEST_REMEMBERED:
            self._heard.put(digest, heard)
        return heard

    def _read(self, said: Distilled) -> Heard:
        words = words_of(f"{said.query} {said.context}")
        if said.is_code or not words_of(said.query).strip():
            return Heard(is_wordless=True)
        topic = self.screen.topic(said)
        if topic is not None:
            return Heard(is_wordless=False, topic=topic)
        language = language_id.detect(said.query) or language_id.detect(said.context)
        if language in SCREENED:
            topic = self.screen.topic_in(language, said)
            if topic is not None:
                return Heard(is_wordless=False, topic=topic, language=language)
        rows = intent_vectors(said, self.vectors)
        rows.setflags(write=False)
        return Heard(
            is_wordless=False,
            language=language,
            words=words,
            vectors=rows,
            commercial=_commercial_score(said, rows, self.vectors.model_id),
        )


def _commercial_score(said: Distilled, rows: NDArray[np.float32], model_id: str) -> float:
    """Whether an offer helps here. A turn that goes on with its subject may borrow from it."""
    score = commercial_intent.score(said.query, rows[0], model_id=model_id)
    if len(rows) > 1 and said.context:
        together = f"{said.context} {said.query}"
        score = max(score, commercial_intent.score(together, rows[1], model_id=model_id))
    return round(score, 4)


def _digest(turns: Sequence[Turn]) -> bytes:
    # Lengths keep two conversations apart whose texts run together the same way.
    parts = [f"{turn.role}\0{len(turn.text)}\0{turn.text}" for turn in turns]
    return hashlib.blake2b("\0".join(parts).encode(errors="replace"), digest_size=16).digest()
