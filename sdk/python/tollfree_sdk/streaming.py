"""An ad around any source of text: the match is on its way while the text comes.

    with tollfree.ads.stream(messages=messages) as ad:
        for piece in ad.around(my_model(messages)):
            yield piece

Pieces go out as they come; the ad follows the last one, or stands where its format wants it. After
the end `ads` and `field` say what was placed. Who places the ad elsewhere takes `result` instead.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from types import TracebackType
from typing import Protocol, Self

from tollfree_sdk.contract import Delivery, NoFill, PlacedAd, TollfreeField
from tollfree_sdk.match import Match, MatchedAd
from tollfree_sdk.placement.answers import objection_to
from tollfree_sdk.placement.stream import PlacedTail, StreamPlacer


class _Pending(Protocol):
    @property
    def is_ready(self) -> bool: ...

    def result(self, max_wait: float | None = None) -> Match: ...


class _AsyncPending(Protocol):
    @property
    def is_ready(self) -> bool: ...

    async def result(self, max_wait: float | None = None) -> Match: ...


class TextWithAd:
    """The text of one answer and its ad: `feed` pieces, `know` the match, `end` it."""

    def __init__(self, delivery: Delivery | str) -> None:
        self.field: TollfreeField | None = None
        self._placer = StreamPlacer(delivery=Delivery(delivery), gate=objection_to)

    @property
    def ads(self) -> tuple[PlacedAd, ...]:
        """What was placed; empty before the end."""
        return () if self.field is None else self.field.ads

    def feed(self, piece: str) -> str:
        """What to deliver for a piece of the model's text."""
        return self._placer.feed(piece)

    def know(self, match: Match) -> None:
        """The match has come."""
        self._placer.know(match.decision)

    def end(self, match: Match, *, blocked: NoFill | None = None) -> str:
        """What to deliver at the end. `blocked` is a reason of the caller's against an ad."""
        against = blocked or objection_to(self._placer.organic)
        placed: PlacedTail = self._placer.finish(match.decision, blocked=against)
        self.field = placed.field
        return placed.tail


class AdStream(TextWithAd):
    """One answer of a program that uses threads."""

    def __init__(self, pending: _Pending, *, delivery: str = "content") -> None:
        super().__init__(delivery)
        self._pending = pending

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    def around(self, pieces: Iterable[str]) -> Iterator[str]:
        """`pieces` as they come, with the ad."""
        is_known = False
        for piece in pieces:
            if not is_known and self._pending.is_ready:
                is_known = True
                self.know(self._pending.result())
            if delivered := self.feed(piece):
                yield delivered
        if tail := self.end(self._pending.result()):
            yield tail

    def result(self, max_wait: float | None = None) -> MatchedAd:
        """The ad by itself; its forms are empty where there is none."""
        return self._pending.result(max_wait).ad


class AsyncAdStream(TextWithAd):
    """One answer of a program with an event loop."""

    def __init__(self, pending: _AsyncPending, *, delivery: str = "content") -> None:
        super().__init__(delivery)
        self._pending = pending

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    async def around(self, pieces: AsyncIterable[str]) -> AsyncIterator[str]:
        """`pieces` as they come, with the ad."""
        is_known = False
        async for piece in pieces:
            if not is_known and self._pending.is_ready:
                is_known = True
                self.know(await self._pending.result())
            if delivered := self.feed(piece):
                yield delivered
        if tail := self.end(await self._pending.result()):
            yield tail

    async def result(self, max_wait: float | None = None) -> MatchedAd:
        """The ad by itself; its forms are empty where there is none."""
        return (await self._pending.result(max_wait)).ad
