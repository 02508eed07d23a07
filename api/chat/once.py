"""Idempotency-Key: the same request by the same key is answered once, streams included.

    first   ─► claim ─► heart ─► recording ─► caller, and a sealed copy when it is whole
    again   ─► the recording while it is written, the copy for 24 h, afterwards 409

The answer is written to its end even when the caller leaves: a lost connection is why callers ask
again. It counts as delivered once. An answer that failed frees its key.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from typing import Final, Protocol

from api.access.idempotency import Claim, KeyReused, Shelf
from api.access.key_book import Caller
from api.access.sealing import Seal
from api.access.visit import current_visit
from api.chat.booking import Booking
from api.chat.plain_answer import PlainAnswer
from api.chat.recording import Followed, Recording
from api.chat.usage import Tokens
from api.upstream.event_stream import DONE_EVENT
from kernel.clock import Clock
from kernel.errors import BadRequest, Conflict, TollfreeError, Unavailable
from kernel.telemetry import counter, logger

_HEADER: Final = "idempotency-key"
_LONGEST_KEY: Final = 255
_MOST_KEPT: Final = 1024 * 1024
_PATIENCE_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.2

_log = logger(__name__)
_once: Final = counter("idempotent_requests", "Requests with an Idempotency-Key.", "outcome")


class Stream(Protocol):
    """A streamed answer of the heart."""

    @property
    def upstream(self) -> str: ...

    def blocks(self) -> AsyncGenerator[bytes, None]: ...

    def broken_off(self, error: TollfreeError) -> bytes: ...

    async def close(self) -> None: ...


class Heart(Protocol):
    """What answers."""

    clock: Clock

    async def answer(
        self, caller: Caller, raw: bytes, headers: Mapping[str, str], *, arrived: float
    ) -> PlainAnswer | Stream: ...


class OnceHeart:
    """In front of a heart; `close` it before the shared state."""

    def __init__(self, heart: Heart, shelf: Shelf) -> None:
        self.clock = heart.clock
        self._heart, self._shelf = heart, shelf
        self._open: dict[str, Recording] = {}
        self._working: set[asyncio.Task[None]] = set()

    async def answer(
        self, caller: Caller, raw: bytes, headers: Mapping[str, str], *, arrived: float
    ) -> PlainAnswer | Stream:
        """As the heart's, and raises KeyReused, and Conflict for an answer that cannot be given."""
        key = headers.get(_HEADER)
        if key is None:
            return await self._heart.answer(caller, raw, headers, arrived=arrived)
        seal = Seal(_secret_in(headers))
        name, fingerprint = seal.name_of(_checked(key)), seal.fingerprint(raw)
        recording = self._open.get(name)
        if recording is None:
            recording = self._open[name] = Recording(fingerprint)
            call = _Call(caller, raw, headers, arrived)
            task = asyncio.create_task(self._record(recording, name, seal, call))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        elif recording.fingerprint != fingerprint:
            raise _reused()
        else:
            _note_replay("joined")
        await recording.begun()
        if recording.is_stream:
            return Followed(recording)
        return PlainAnswer(await recording.over(), recording.upstream, _Booked(), Tokens())

    async def close(self) -> None:
        """Stop what is still being written; its keys become free."""
        working = list(self._working)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    async def _record(self, recording: Recording, name: str, seal: Seal, call: "_Call") -> None:
        try:
            match await self._shelf.claim(name, recording.fingerprint):
                case Claim.OTHER:
                    recording.fail(_reused())
                case Claim.SAME:
                    await self._replay(recording, name, seal)
                case Claim.NEW:
                    await self._answer_anew(recording, name, seal, call)
        except TollfreeError as error:
            recording.fail(error)
        except asyncio.CancelledError:
            recording.fail(Unavailable("This server is shutting down. Send the request again."))
            raise
        except Exception as error:  # noqa: BLE001  a process edge: the callers are told as of any failure
            _log.error("request_failed", exc_info=error)
            recording.fail(TollfreeError("Something went wrong on our side. Try again."))
        finally:
            del self._open[name]

    async def _answer_anew(
        self, recording: Recording, name: str, seal: Seal, call: "_Call"
    ) -> None:
        is_whole = False
        try:
            await self._take_down(recording, call)
            whole = recording.whole
            is_whole = not recording.is_stream or whole.endswith(DONE_EVENT)
            recording.end()
        finally:
            if not is_whole:
                _once.labels("failed").inc()
                await self._shelf.release(name)
        _once.labels("answered").inc()
        kind = b"S" if recording.is_stream else b"P"
        content = kind + recording.upstream.encode() + b"\n" + whole
        kept = seal.seal(name, content) if len(content) <= _MOST_KEPT else None
        await self._shelf.keep(name, kept)

    async def _take_down(self, recording: Recording, call: "_Call") -> None:
        answer = await self._heart.answer(call.caller, call.raw, call.headers, arrived=call.arrived)
        if isinstance(answer, PlainAnswer):
            recording.begin(answer.upstream, is_stream=False)
            recording.add(answer.body)
            answer.sent()
            return
        recording.begin(answer.upstream, is_stream=True)
        try:
            async with contextlib.aclosing(answer.blocks()) as blocks:
                async for block in blocks:
                    recording.add(block)
        finally:
            await answer.close()

    async def _replay(self, recording: Recording, name: str, seal: Seal) -> None:
        content = seal.opened(name, await self._copy(name))
        if content is None:
            raise _expired()
        _note_replay("replayed")
        kind, rest = content[:1], content[1:]
        upstream, _, body = rest.partition(b"\n")
        recording.begin(upstream.decode(), is_stream=kind == b"S")
        recording.add(body)
        recording.end()

    async def _copy(self, name: str) -> bytes:
        """The sealed copy, waiting for whoever is writing it in another process."""
        until = self.clock.monotonic() + _PATIENCE_SECONDS
        while (sealed := await self._shelf.copy(name)) is None:
            if not await self._shelf.is_at_work(name):
                # It may have been put between the two looks.
                sealed = await self._shelf.copy(name)
                if sealed is None:
                    raise _expired()
                break
            if self.clock.monotonic() >= until:
                raise Conflict(
                    "The first request with this Idempotency-Key is still being answered. "
                    "Send it again later.",
                    code="idempotency_in_progress",
                )
            await asyncio.sleep(_LOOK_SECONDS)
        return sealed


class _Call:
    """What the heart needs."""

    __slots__ = ("arrived", "caller", "headers", "raw")

    def __init__(
        self, caller: Caller, raw: bytes, headers: Mapping[str, str], arrived: float
    ) -> None:
        self.caller, self.raw, self.headers, self.arrived = caller, raw, headers, arrived


class _Booked(Booking):
    """The booking of an answer that was booked when it was recorded."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    def delivered(self) -> None:
        return

    def close(self, status: int, tokens: Tokens) -> None:  # noqa: ARG002  the booking's
        return


def _checked(key: str) -> str:
    if not key or len(key) > _LONGEST_KEY or not key.isprintable():
        raise BadRequest(
            f"`Idempotency-Key` must have 1 to {_LONGEST_KEY} printable characters.",
            param="Idempotency-Key",
        )
    return key


def _secret_in(headers: Mapping[str, str]) -> str:
    return headers.get("x-api-key") or headers.get("authorization", "").partition(" ")[2].strip()


def _note_replay(outcome: str) -> None:
    _once.labels(outcome).inc()
    visit = current_visit()
    if visit is not None:
        # It costs the caller a request, and no tokens.
        visit.used(0)
        visit.notes.append((b"idempotent-replayed", b"true"))


def _not_again() -> None:
    visit = current_visit()
    if visit is not None:
        # OpenAI's clients repeat a 409 by themselves unless they are told not to.
        visit.notes.append((b"x-should-retry", b"false"))


def _reused() -> KeyReused:
    _not_again()
    return KeyReused(
        "This Idempotency-Key was used for another request. Use a new key for a new request."
    )


def _expired() -> Conflict:
    _not_again()
    return Conflict(
        "This request was answered before and its answer is not kept any more. Send it with a new "
        "Idempotency-Key to have it answered anew.",
        code="idempotency_result_expired",
    )
