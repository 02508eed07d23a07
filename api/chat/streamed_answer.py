"""An answer as it is written: relay each event at once, hold only the last, place the ad before it.

    upstream   …text…  text  [finish]  usage  [DONE]
    caller     …text…  text  (decision) ad  [finish + tollfree]  usage  [DONE]

Events go on as the bytes they came in, one block per read. A stream that breaks off ends in an
error event, never in a clean [DONE]: the most used client takes a clean end for a whole answer.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final

from api.chat.ad_terms import AdTerms
from api.chat.answer_gate import Leave
from api.chat.attestation import field_of_answer
from api.chat.booking import Booking
from api.chat.chunk_shape import ChunkShape
from api.chat.chunks import Chunk, content_chunk, finish_chunk, read_chunk, usage_chunk
from api.chat.placing import place_safely
from api.chat.stream_ad import Outcome, StreamAd
from api.chat.usage import tokens_of
from api.upstream.event_stream import (
    DONE,
    DONE_EVENT,
    EventSplitter,
    data_of,
    error_event,
    event_of,
)
from api.upstream.upstream import UpstreamAnswer
from kernel.errors import TollfreeError, UpstreamFailed
from kernel.telemetry import counter
from tollfree_sdk.contract import AdDecision, TollfreeField

_LET_GO_SECONDS: Final = 1.0
_dropped: Final = counter("upstream_events_dropped", "Events of a stream that were not chunks.")


class StreamedAnswer:
    """One stream: iterate `blocks`, then `close` it in any case."""

    def __init__(
        self,
        opened: UpstreamAnswer,
        decision: Outcome,
        booking: Booking,
        *,
        terms: AdTerms,
        wants_usage: bool,
        sent_bytes: int,
    ) -> None:
        self.upstream = booking.upstream
        self._opened, self._booking = opened, booking
        self._wants_usage, self._sent_bytes = wants_usage, sent_bytes
        self._ad = StreamAd(decision, terms)
        self._placer, self._finished = self._ad.placer, self._ad.finished
        self._splitter = EventSplitter()
        self._shape = ChunkShape()
        self._envelope: dict[str, Any] = {}
        self._usage: Any = None
        self._owes_usage = wants_usage
        self._unfinished: set[int] = set()
        self._is_placed = self._is_done = self._is_closed = False

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """What to send, block by block. Never raises an expected error: it becomes an event."""
        status = 500
        try:
            async for read in self._opened.chunks:
                if self._ad.listens:
                    await self._ad.listen(read)
                events = self._splitter.feed(read)
                while events:
                    block, finish, events = self._pass_on(events)
                    if block:
                        yield block
                    if finish is not None:
                        block = self._ending(finish, await self._ad.outcome())
                        rest, _, events = self._pass_on(events)
                        yield block + rest
                        self._booking.delivered()
                if self._is_done:
                    break
            async for block in self._last_blocks():
                yield block
            status = 200
        except TollfreeError as error:
            status = error.status
            yield error_event(error)
        except (GeneratorExit, asyncio.CancelledError):
            status = 499
            raise
        finally:
            await self.close(status)

    async def _last_blocks(self) -> AsyncIterator[bytes]:
        """What is still due when the upstream has ended. Raises UpstreamFailed if it broke off."""
        block, finish, _ = self._pass_on([] if self._is_done else self._splitter.end())
        if block:
            yield block
        if not self._is_placed:
            finish = finish or self._missing_finish()
            yield self._ending(finish, await self._ad.outcome()) + self._done()
            self._booking.delivered()
        elif not self._is_done:
            if self._unfinished:
                raise _truncated()
            yield self._done()

    def _pass_on(self, events: list[bytes]) -> tuple[bytes, Chunk | None, list[bytes]]:
        """The bytes to send for `events`, up to the finish of choice 0; it, and the rest."""
        ready: list[bytes] = []
        for position, event in enumerate(events):
            text = None if self._is_placed else self._shape.text_of(event)
            if text is not None:
                ready.append(self._said(text, event))
                continue
            data = data_of(event)
            if data is None:
                # A comment of the upstream keeps our caller's connection alive as well.
                if event.startswith(b":"):
                    ready.append(event + b"\n\n")
                continue
            if data == DONE:
                self._is_done = True
                if self._is_placed:
                    ready.append(self._done())
                break
            chunk = read_chunk(data)
            if chunk is None:
                _dropped.inc()
            elif chunk.finish_reason is not None and not self._is_placed:
                return b"".join(ready), chunk, events[position + 1 :]
            else:
                ready.append(self._passed(chunk, event))
        return b"".join(ready), None, []

    def _passed(self, chunk: Chunk, event: bytes) -> bytes:
        """One chunk as the caller gets it: the very bytes, unless something must not pass."""
        self._note(chunk)
        if chunk.is_empty:
            if not self._owes_usage or chunk.usage is None:
                return b""
            self._owes_usage = False
            return event + b"\n\n"
        if chunk.usage is not None:
            self._drop_usage(chunk.body)
            chunk.is_changed = True
        if not chunk.content:
            return event_of(chunk.body) if chunk.is_changed else event + b"\n\n"
        if self._is_placed:
            # Text after its own finish would stand behind the ad and shift its span.
            _dropped.inc()
            return b""
        self._booking.first_token()
        self._shape.learn(chunk, event)
        content = self._placer.feed(chunk.content)
        if content == chunk.content and not chunk.is_changed:
            return event + b"\n\n"
        chunk.delta["content"] = content
        return event_of(chunk.body)

    def _said(self, text: str, event: bytes) -> bytes:
        """A chunk whose text is all that is new in it."""
        content = self._placer.feed(text)
        if content == text:
            return event + b"\n\n"
        chunk = read_chunk(data_of(event) or b"")
        if chunk is None:
            return b""
        chunk.delta["content"] = content
        return event_of(chunk.body)

    def _note(self, chunk: Chunk) -> None:
        if not self._envelope:
            self._envelope = chunk.envelope()
        if chunk.usage is not None:
            self._usage = chunk.usage
        for index, ends in (chunk.others or {}).items():
            (self._unfinished.discard if ends else self._unfinished.add)(index)
        if chunk.calls_a_tool:
            self._booking.first_token()
            self._finished.called_tools = True
        if chunk.delta.get("refusal"):
            self._finished.refused = True

    def _ending(self, finish: Chunk, decision: AdDecision) -> bytes:
        """The last text, the ad, and the chunk with `finish_reason` and the `tollfree` object."""
        self._note(finish)
        self._is_placed = True
        last = self._placer.feed(finish.content) if finish.content else ""
        self._finished.text = self._placer.organic
        self._finished.finish_reason = finish.finish_reason
        block, field = place_safely(
            lambda given, leave: self._finish_with(finish, last, given, leave),
            decision,
            self._finished,
            self._ad.terms.delivery,
        )
        self._booking.placed(field)
        self._booking.judged(self._finished)
        self._booking.first_token()
        return block

    def _finish_with(
        self, finish: Chunk, last: str, decision: AdDecision, leave: Leave
    ) -> tuple[bytes, TollfreeField]:
        placed = self._placer.finish(decision, blocked=leave.blocked, in_text=leave.in_text)
        body = {
            **finish.body,
            "tollfree": field_of_answer(placed.field, self._ad.terms.attestation),
        }
        self._drop_usage(body)
        if not placed.tail:
            return event_of(body), placed.field
        # The finish chunk may carry text of its own; the ad comes after it and before the finish.
        texts = [text for text in (last, placed.tail) if text]
        chunks = [
            content_chunk(self._envelope, text, with_usage=self._wants_usage) for text in texts
        ]
        body["choices"] = [_without_content(choice) for choice in finish.body["choices"]]
        return b"".join(map(event_of, [*chunks, body])), placed.field

    def _drop_usage(self, body: dict[str, Any]) -> None:
        """Counts belong in the last chunk only: clients add up what they find."""
        if self._wants_usage:
            body["usage"] = None
        else:
            body.pop("usage", None)

    def _done(self) -> bytes:
        if not self._owes_usage or self._usage is None:
            return DONE_EVENT
        self._owes_usage = False
        return event_of(usage_chunk(self._envelope, self._usage)) + DONE_EVENT

    def _missing_finish(self) -> Chunk:
        if not self._is_done or not self._envelope:
            raise _truncated()
        # Some upstreams say [DONE] without a finish reason; clients wait for one.
        return finish_chunk(self._envelope)

    def broken_off(self, error: TollfreeError) -> bytes:
        """The event that ends this stream from outside."""
        return error_event(error)

    async def close(self, status: int = 499) -> None:
        """Book the call and let the upstream go, once. Needed from outside if nobody iterated."""
        if self._is_closed:
            return
        self._is_closed = True
        tokens = tokens_of(self._usage, sent_bytes=self._sent_bytes, answer=self._placer.organic)
        self._booking.close(status, tokens)
        if status == 200:
            self._booking.afterwards(self._let_go())
            return
        self._ad.abandon()
        await self._opened.close()

    async def _let_go(self) -> None:
        """After the last byte: read what is left, so that the connection can be used again."""
        with contextlib.suppress(TimeoutError, UpstreamFailed):
            async with asyncio.timeout(_LET_GO_SECONDS):
                async for _ in self._opened.chunks:
                    pass
        await self._opened.close()


def _truncated() -> UpstreamFailed:
    return UpstreamFailed(
        "The model's provider broke off its answer: what came is not the whole of it.",
        code="upstream_truncated",
    )


def _without_content(choice: dict[str, Any]) -> dict[str, Any]:
    delta = choice.get("delta")
    if choice.get("index", 0) != 0 or not isinstance(delta, dict):
        return choice
    return {**choice, "delta": {name: part for name, part in delta.items() if name != "content"}}
