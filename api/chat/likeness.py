"""The cache by likeness, as one request uses it: what is asked, and whether it was asked before.

Only for callers who want it, and only where one user message is the whole question: no turns before,
no tools, no structure, one choice, and no temperature above 0.3 that asks for variety. Everything
else about the request must be equal.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from api.chat.same_question import Question, question_in
from api.chat.similar_answers import SimilarAnswers, Vector
from kernel.clock import Clock
from language.embedder import Embedder

_MOST_VARIED: Final = 0.3
_NOT_SINGLE: Final = ("tools", "functions", "response_format", "logprobs", "audio", "modalities")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the scope in which it may be found again."""

    scope: bytes
    question: Question
    vector: Vector


class Likeness:
    """One per process. Embeds beside the event loop."""

    def __init__(self, embedder: Embedder, clock: Clock) -> None:
        self._embedder, self._similar = embedder, SimilarAnswers(clock)

    async def asked(self, app_id: str, upstream: str, body: bytes, *, stream: bool) -> Asked | None:
        """What a request asks; None for one that likeness is not for."""
        request = orjson.loads(body)
        text = _whole_question(request)
        question = None if text is None else question_in(text)
        if text is None or question is None:
            return None
        vector = await asyncio.to_thread(self._embedder.embed, text)
        request["messages"][-1] = None
        scope = hashlib.blake2b(app_id.encode(), digest_size=16)
        scope.update(b"\0s" if stream else b"\0p")
        scope.update(upstream.encode() + b"\0" + orjson.dumps(request))
        return Asked(scope.digest(), question, vector)

    def find(self, asked: Asked) -> bytes | None:
        """The name of a kept answer to the same question."""
        return self._similar.find(asked.scope, asked.question, asked.vector)

    def put(self, asked: Asked, name: bytes) -> None:
        """An answer to the question is kept under this name."""
        self._similar.put(asked.scope, asked.question, asked.vector, name)


def _whole_question(request: Mapping[str, Any]) -> str | None:
    messages, temperature = request["messages"], request.get("temperature")
    *before, last = messages
    if len(before) > 1 or any(one.get("role") not in ("system", "developer") for one in before):
        return None
    if any(request.get(name) for name in _NOT_SINGLE) or request.get("n") not in (None, 1):
        return None
    if isinstance(temperature, int | float) and temperature > _MOST_VARIED:
        return None
    content = last.get("content")
    return content if last.get("role") == "user" and isinstance(content, str) else None
