"""The ad network for programs with an event loop: the twin of `tollfree_sdk.network`.

The same promises: over within `timeout` seconds, no exception unless ``strict``, a reason for every
turn without an ad. Make it inside the loop that uses it.
"""

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Self

import httpx

from tollfree_sdk.asking import ad_request, without_ads
from tollfree_sdk.connection import Connection
from tollfree_sdk.contract import AdDecision, AdRequest, NoFill, Step, no_ad
from tollfree_sdk.errors import (
    AdNetworkError,
    AdNetworkGarbled,
    AdNetworkRefused,
    AdNetworkTimeout,
    AdNetworkUnreachable,
    error_code,
)
from tollfree_sdk.exchange import opened
from tollfree_sdk.match import Match
from tollfree_sdk.reporting import CONVERSIONS, EVENTS, conversion_body, event_body, is_refused
from tollfree_sdk.streaming import AsyncAdStream
from tollfree_sdk.surroundings import now
from tollfree_sdk.wire import ContractError, decision_from_json, request_to_json

_DECISIONS: Final = "/ads/v1/decisions"
_REPORT_SECONDS: Final = 5.0
_MOST_BYTES: Final = 256 * 1024


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
        self.ads, self.events = AsyncAds(self), AsyncEvents(self)
        self.conversions = AsyncConversions(self)
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

    async def send(self, path: str, body: dict[str, Any], *, seconds: float) -> dict[str, Any]:
        """POST to the network. Raises AdNetworkError."""
        headers = {"authorization": f"Bearer {self.key}"}
        try:
            # httpx counts each read by itself; a network that trickles would never be late.
            async with (
                asyncio.timeout(seconds),
                self._http.stream(
                    "POST", self.base_url + path, json=body, headers=headers, timeout=None
                ) as response,
            ):
                content = await _read(response)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise AdNetworkTimeout("The ad network did not answer in time.") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, RuntimeError) as error:
            raise AdNetworkUnreachable("The ad network cannot be reached.") from error
        if not response.is_success:
            raise AdNetworkRefused(response.status_code, error_code(content))
        return opened(content)

    async def decide(self, request: AdRequest) -> AdDecision:
        """The decision, or a no-ad that says what went wrong."""
        if not self.watch.breaker.allows():
            return no_ad(NoFill.UNAVAILABLE)
        try:
            told = await self.send(_DECISIONS, request_to_json(request), seconds=self.timeout)
            decision = _decision_in(told)
        except AdNetworkError as error:
            problem = error
        except Exception as error:  # noqa: BLE001  nothing of the network may reach an answer
            problem = AdNetworkGarbled("The ad network could not be asked.")
            problem.__cause__ = error
        else:
            self.watch.breaker.success()
            return decision
        self.watch.failed(problem)
        if self.strict:
            raise problem
        return no_ad(problem.reason)


class AsyncPending:
    """A match on its way."""

    def __init__(self, network: AsyncTollfree, request: AdRequest) -> None:
        self._network, self._until = network, now() + network.timeout
        self._task = asyncio.create_task(network.decide(request))

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
        late = AdNetworkTimeout("The ad network did not answer in time.")
        self._network.watch.failed(late)
        if self._network.strict:
            raise late
        return Match(no_ad(NoFill.TIMEOUT))


class AsyncAds:
    """``tollfree.ads``. All three take the same options, by the names of `AdRequest`."""

    def __init__(self, network: AsyncTollfree) -> None:
        self._network = network

    async def match(self, *, messages: Iterable[Any], **options: Any) -> Match:
        """The ad for the last turn of `messages`, or the reason for none."""
        return await self.start(messages=messages, **options).result()

    def start(self, *, messages: Iterable[Any], **options: Any) -> AsyncPending:
        """The same, on its way: ask before your model, take the `result` after it."""
        clean = without_ads(messages, base_url=self._network.base_url)
        return AsyncPending(self._network, ad_request(clean, options))

    def stream(
        self, *, messages: Iterable[Any], delivery: str = "content", **options: Any
    ) -> AsyncAdStream:
        """The same, around any source of text; see `AsyncAdStream`."""
        return AsyncAdStream(self.start(messages=messages, **options), delivery=delivery)


class AsyncEvents:
    """``tollfree.events``."""

    def __init__(self, network: AsyncTollfree) -> None:
        self._network = network

    async def report(self, decision_id: str, step: Step | str) -> bool:
        """Say that an ad was rendered or viewable; whether it arrived. Safe to repeat."""
        return await _sent(self._network, EVENTS, event_body(decision_id, step))


class AsyncConversions:
    """``tollfree.conversions``."""

    def __init__(self, network: AsyncTollfree) -> None:
        self._network = network

    async def create(
        self,
        *,
        event: str,
        event_id: str,
        click_id: str,
        value: Decimal | float | str | None = None,
        currency: str = "USD",
    ) -> bool:
        """Say that a click became a sale; whether it arrived. Safe to repeat."""
        body = conversion_body(
            event=event, event_id=event_id, click_id=click_id, value=value, currency=currency
        )
        return await _sent(self._network, CONVERSIONS, body)


async def _sent(network: AsyncTollfree, path: str, body: dict[str, Any]) -> bool:
    try:
        told = await network.send(path, body, seconds=_REPORT_SECONDS)
    except AdNetworkError as error:
        network.watch.failed(error)
        if network.strict:
            raise
        return False
    return not is_refused(told)


async def _read(response: httpx.Response) -> bytes:
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > _MOST_BYTES:
            raise AdNetworkGarbled("The ad network's answer is too long.")
    return bytes(content)


def _decision_in(told: dict[str, Any]) -> AdDecision:
    try:
        return decision_from_json(told)
    except ContractError as error:
        raise AdNetworkGarbled("The ad network's answer does not speak the contract.") from error
