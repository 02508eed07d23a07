"""The ad network for programs with an event loop: the twin of `tollfree_sdk.network`.

The same promises: over within `timeout` seconds, no exception unless ``strict``, a reason for every
turn without an ad. Make it inside the loop that uses it.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from tollfree_sdk.calls import Ads, Conversions, Events
from tollfree_sdk.connection import Connection
from tollfree_sdk.contract import AdDecision, AdRequest, NoFill, no_ad
from tollfree_sdk.errors import AdNetworkError
from tollfree_sdk.exchange import (
    DECISIONS,
    FAILURES,
    REPORT_SECONDS,
    Reading,
    authorised,
    decision_in,
    late,
    problem_of,
)
from tollfree_sdk.match import Match
from tollfree_sdk.reporting import is_refused
from tollfree_sdk.streaming import AsyncAdStream
from tollfree_sdk.surroundings import now
from tollfree_sdk.wire import request_to_json


class AsyncTollfree(Connection):
    """``AsyncTollfree("tf_pub_…", base_url="https://ads.example")``."""

    def __init__(
        self,
        key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float = 0.25,  # noqa: ASYNC109  the total time of a turn, not of one call
        strict: bool = False,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        super().__init__(key, base_url, timeout=timeout, strict=strict)
        self.ads: Ads[AsyncPending, Coroutine[Any, Any, Match], AsyncAdStream] = Ads(
            self._start,
            AsyncPending.result,
            lambda pending, how: AsyncAdStream(pending, delivery=how),
        )
        self.events, self.conversions = Events(self._told), Conversions(self._told)
        self._owns_http = http is None
        self._http = httpx.AsyncClient() if http is None else http

    async def close(self) -> None:
        """Let the connections go."""
        if self._owns_http:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def send(self, path: str, body: dict[str, Any], *, until: float) -> dict[str, Any]:
        """POST to the network. Raises AdNetworkError."""
        read = Reading(until)
        try:
            async with (
                asyncio.timeout(until - now()),
                self._http.stream(
                    "POST",
                    self.base_url + path,
                    json=body,
                    headers=authorised(self.key),
                    timeout=None,
                ) as response,
            ):
                async for piece in response.aiter_bytes():
                    read.take(piece)
        except (TimeoutError, *FAILURES) as error:
            raise problem_of(error) from error
        return read.opened(response)

    def _start(self, messages: Iterable[Any], options: Mapping[str, Any]) -> "AsyncPending":
        until = self.until()
        return AsyncPending(self, self.request_for(messages, options), until)

    async def decide(self, request: AdRequest, until: float) -> AdDecision:
        """The decision, or a no-ad that says what went wrong."""
        if not self.watch.breaker.allows():
            return no_ad(NoFill.UNAVAILABLE)
        try:
            told = await self.send(DECISIONS, request_to_json(request), until=until)
            decision = decision_in(told)
        except Exception as error:  # noqa: BLE001  nothing of the network may reach an answer
            problem = problem_of(error)
            self.watch.failed(problem)
            if self.strict:
                raise problem from problem.__cause__
            return no_ad(problem.reason)
        self.watch.breaker.success()
        return decision

    async def _told(self, path: str, body: dict[str, Any]) -> bool:
        """Report back; whether it arrived and counts."""
        try:
            told = await self.send(path, body, until=now() + REPORT_SECONDS)
        except AdNetworkError as error:
            self.watch.failed(error)
            if self.strict:
                raise
            return False
        return not is_refused(told)


class AsyncPending:
    """A match on its way."""

    def __init__(self, network: AsyncTollfree, request: AdRequest, until: float) -> None:
        self._network, self._until = network, until
        self._task = asyncio.create_task(network.decide(request, until))

    @property
    def is_ready(self) -> bool:
        """Whether `result` would not wait."""
        return self._task.done()

    async def result(self, max_wait: float | None = None) -> Match:
        """The match; raises AdNetworkError only where the network was made ``strict``."""
        if not self._task.done():
            left = max(0.0, self._until - now())
            wait = left if max_wait is None else min(left, max_wait)
            await asyncio.wait((self._task,), timeout=wait)
        if self._task.done() and not self._task.cancelled():
            return Match(self._task.result())
        self._task.cancel()
        error = late()
        self._network.watch.failed(error)
        if self._network.strict:
            raise error
        return Match(no_ad(NoFill.TIMEOUT))
