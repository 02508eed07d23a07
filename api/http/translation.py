"""A surface in front of the chat heart: its requests become chat requests, the answers come back.

    caller's body ─Surface.read─► chat body ─► ChatHeart ─► chat answer ─Translation─► caller's answer

One heart decides, relays, places and books for all surfaces, so ads, quotas and rows are the same
everywhere. Ad spans keep their offsets, because a translation never changes content.
"""

import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson

from api.access.key_book import Caller
from api.chat.plain_answer import PlainAnswer
from api.chat.request import json_object
from api.http.dialect import Heart, Streamed
from api.upstream.event_stream import DONE, EventSplitter, data_of
from kernel.clock import Clock
from kernel.errors import TollfreeError


class Events(Protocol):
    """Turns the chunks of one chat stream into the events of a surface, in order."""

    def chunk(self, body: dict[str, Any]) -> list[bytes]: ...

    def done(self) -> list[bytes]: ...

    def broken(self, error: Mapping[str, Any]) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Translation:
    """One request on its way: the chat body for the heart, and how to bring the answer back."""

    chat: dict[str, Any]
    whole: Callable[[dict[str, Any]], dict[str, Any]]
    events: Callable[[], Events]


Surface = Callable[[dict[str, Any]], Translation]


class TranslatedHeart:
    """A heart for one surface. `surface` raises BadRequest for what it cannot translate."""

    def __init__(self, heart: Heart, surface: Surface) -> None:
        self._heart, self._surface = heart, surface
        self.clock: Clock = heart.clock

    async def answer(
        self, caller: Caller, raw: bytes, headers: Mapping[str, str], *, arrived: float
    ) -> PlainAnswer | Streamed:
        translation = self._surface(json_object(raw))
        chat = orjson.dumps(translation.chat)
        answer = await self._heart.answer(caller, chat, headers, arrived=arrived)
        if not isinstance(answer, PlainAnswer):
            return TranslatedStream(answer, translation.events())
        try:
            body = translation.whole(orjson.loads(answer.body))
        except BaseException:
            answer.lost()
            raise
        return replace(answer, body=orjson.dumps(body))


class TranslatedStream:
    """A chat stream in the words of a surface."""

    def __init__(self, answer: Streamed, events: Events) -> None:
        self._answer, self._events = answer, events
        self._splitter = EventSplitter()

    @property
    def upstream(self) -> str:
        return self._answer.upstream

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """Block for block what the heart sends, so that nothing is held back."""
        async with contextlib.aclosing(self._answer.blocks()) as blocks:
            async for block in blocks:
                said = b"".join(map(self._translated, self._splitter.feed(block)))
                if said:
                    yield said

    def broken_off(self, error: TollfreeError) -> bytes:
        return self._events.broken(
            {
                "message": error.message,
                "type": error.type,
                "param": error.param,
                "code": error.code,
            }
        )

    async def close(self) -> None:
        await self._answer.close()

    def _translated(self, event: bytes) -> bytes:
        data = data_of(event)
        if data is None:
            return event + b"\n\n" if event.startswith(b":") else b""
        if data == DONE:
            return b"".join(self._events.done())
        body = orjson.loads(data)
        if "error" in body:
            return self._events.broken(body["error"])
        return b"".join(self._events.chunk(body))


def named_event(name: str, body: Mapping[str, Any]) -> bytes:
    """``event: name`` with its data, as Responses and Messages write them."""
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(body) + b"\n\n"
