"""A conversation as vectors to search with.

Owns the cache of message vectors and the blend of a turn with what came before it. A turn that
continues the subject is searched for together with its context ("and in blue?"); one that opens a
new subject is searched for alone, so that the old one cannot win. No extra model calls: earlier
messages are known from the turns before.
"""

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.intent.conversation import NEAREST, Distilled
from kernel.recent import Recent
from language.embedder import Embedder
from language.vector import Vector, space_of, unit

# Cosine between turn and context above which the turn continues the subject, per space.
_CONTINUES: Final = {"lexical": 0.05}
_CONTINUES_ELSEWHERE: Final = 0.12
# Measured on dialogues: less context loses the subject, more of it holds on to the old one.
_DECAY: Final = 0.65
_ANSWER_WEIGHT: Final = 0.5
_CONTEXT_WEIGHT: Final = 1.8
# An answer says what it is about in its first sentences; the rest would cost milliseconds.
_ANSWER_CHARACTERS: Final = 240


class MessageVectors:
    """Vectors of messages, least recently used forgotten first. Safe to use from many threads."""

    def __init__(self, embedder: Embedder, *, capacity: int = 10_000) -> None:
        self._embedder = embedder
        self._known: Recent[bytes, Vector] = Recent(capacity)

    @property
    def model_id(self) -> str:
        return self._embedder.model_id

    def __len__(self) -> int:
        return len(self._known)

    def of(self, text: str) -> Vector:
        """The vector of `text`; embedding it if it is new. The text itself is not kept."""
        digest = _digest(text)
        vector = self._known.get(digest)
        if vector is not None:
            return vector
        # Two threads may embed the same text at once: the result is the same and nobody waits.
        vector = self._embedder.embed(text)
        vector.setflags(write=False)
        self._known.put(digest, vector)
        return vector

    def known(self, text: str) -> Vector | None:
        """The vector of `text` if it is still remembered; never embeds."""
        return self._known.get(_digest(text))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=16).digest()


def turn_vector(distilled: Distilled, vectors: MessageVectors) -> Vector:
    """The last user turn alone: what the gates judge."""
    return vectors.of(distilled.query)


def intent_vectors(distilled: Distilled, vectors: MessageVectors) -> NDArray[np.float32]:
    """One row, or two when the turn continues its subject: the turn, and the turn in context."""
    turn = turn_vector(distilled, vectors)
    if not distilled.earlier:
        return turn[np.newaxis, :]
    context = _context(distilled, vectors, turn)
    threshold = _CONTINUES.get(space_of(vectors.model_id), _CONTINUES_ELSEWHERE)
    length = float(np.linalg.norm(context))
    if length == 0.0 or float(turn @ context) / length <= threshold:
        return turn[np.newaxis, :]
    mix = turn + _CONTEXT_WEIGHT / length * context
    return np.stack([turn, unit(mix)])


def _context(
    distilled: Distilled, vectors: MessageVectors, like: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What came before, the newest weighing most; of older exchanges, what is still remembered."""
    weight, context = 1.0, np.zeros_like(like)
    for number, exchange in enumerate(distilled.earlier):
        look_up = vectors.of if number < NEAREST else vectors.known
        for text, share in (
            (exchange.user, 1.0),
            (exchange.assistant[:_ANSWER_CHARACTERS], _ANSWER_WEIGHT),
        ):
            vector = look_up(text) if text else None
            if vector is not None:
                context = context + np.float32(weight * share) * vector
        weight *= _DECAY
    return context
