"""The ad network as a service sees it: one object, asked from threads or from an event loop.

    Tollfree, AsyncTollfree
    ├── ads.match(messages=…)      the ad for a turn, or the reason for none
    ├── ads.start(messages=…)      the same, on its way while your model writes
    ├── ads.stream(messages=…)     the same, around any source of text
    ├── events.report(…)           an ad was rendered, or viewable
    └── conversions.create(…)      a click became a sale

Fails open: whatever the network does, `match` is over within `timeout` seconds and does not raise,
unless it was made ``strict``. Failures are counted, warned of once a minute, and stop the asking for
a while when they repeat.
"""

import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
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
    AdNetworkTimeout,
)
from tollfree_sdk.exchange import exchange
from tollfree_sdk.match import Match
from tollfree_sdk.reporting import CONVERSIONS, EVENTS, conversion_body, event_body, is_refused
from tollfree_sdk.streaming import AdStream
from tollfree_sdk.surroundings import now
from tollfree_sdk.wire import ContractError, decision_from_json, request_to_json

_DECISIONS: Final = "/ads/v1/decisions"
_WORKERS: Final = 8
_MOST_WAITING: Final = 32
_REPORT_SECONDS: Final = 5.0


class Tollfree(Connection):
    """The network for programs that use threads; safe to share between them.

    ``Tollfree("tf_pub_…", base_url="https://ads.example")``
    """

    def __init__(
        self,
        key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float = 0.25,
        strict: bool = False,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(key, base_url, timeout=timeout, strict=strict)
        self.ads, self.events = Ads(self), Events(self)
        self.conversions = Conversions(self)
        self._owns_http = http is None
        self._http = httpx.Client() if http is None else http
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="tollfree")
        self._places = threading.BoundedSemaphore(_MOST_WAITING)

    def close(self) -> None:
        """Let connections and threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, path: str, body: dict[str, Any], *, until: float) -> dict[str, Any]:
        """POST to the network. Raises AdNetworkError."""
        return exchange(self._http, self.base_url + path, self.key, body, until=until)

    def start(self, request: AdRequest) -> "Pending":
        """Ask on another thread."""
        until = now() + self.timeout
        if not self._places.acquire(blocking=False):
            return Pending(self, no_ad(NoFill.OVERLOADED), until)
        if not self.watch.breaker.allows():
            self._places.release()
            return Pending(self, no_ad(NoFill.UNAVAILABLE), until)
        try:
            future = self._pool.submit(self._decide, request, until)
        except RuntimeError:
            # Closed, or the interpreter is on its way out.
            self._places.release()
            return Pending(self, no_ad(NoFill.UNAVAILABLE), until)
        future.add_done_callback(lambda _: self._places.release())
        return Pending(self, future, until)

    def _decide(self, request: AdRequest, until: float) -> AdDecision:
        try:
            told = self.send(_DECISIONS, request_to_json(request), until=until)
            decision = _decision_in(told)
        except AdNetworkError as error:
            self.watch.failed(error)
            raise
        except Exception as error:
            wrapped = AdNetworkGarbled("The ad network could not be asked.")
            self.watch.failed(wrapped)
            raise wrapped from error
        self.watch.breaker.success()
        return decision


class Pending:
    """A match on its way. `result` waits for it, never beyond the time that the turn has."""

    def __init__(
        self, network: Tollfree, found: "Future[AdDecision] | AdDecision", until: float
    ) -> None:
        self._network, self._found, self._until = network, found, until

    @property
    def is_ready(self) -> bool:
        """Whether `result` would not wait."""
        return isinstance(self._found, AdDecision) or self._found.done()

    def result(self, max_wait: float | None = None) -> Match:
        """The match; raises AdNetworkError only where the network was made ``strict``."""
        if isinstance(self._found, AdDecision):
            return Match(self._found)
        left = max(0.0, self._until - now())
        try:
            return Match(self._found.result(left if max_wait is None else min(left, max_wait)))
        except LateError:
            error: AdNetworkError = AdNetworkTimeout("The ad network did not answer in time.")
            self._network.watch.failed(error)
        except AdNetworkError as told:
            error = told
        except Exception:  # noqa: BLE001  cancelled by close: no ad, and no error to the answer
            error = AdNetworkTimeout("The ad network was let go.")
        if self._network.strict:
            raise error
        self._found = no_ad(error.reason)
        return Match(self._found)


class Ads:
    """``tollfree.ads``. All three take the same options, by the names of `AdRequest`."""

    def __init__(self, network: Tollfree) -> None:
        self._network = network

    def match(self, *, messages: Iterable[Any], **options: Any) -> Match:
        """The ad for the last turn of `messages`, or the reason for none."""
        return self.start(messages=messages, **options).result()

    def start(self, *, messages: Iterable[Any], **options: Any) -> Pending:
        """The same, on its way: ask before your model, take the `result` after it."""
        clean = without_ads(messages, base_url=self._network.base_url)
        return self._network.start(ad_request(clean, options))

    def stream(
        self, *, messages: Iterable[Any], delivery: str = "content", **options: Any
    ) -> AdStream:
        """The same, around any source of text; see `AdStream`."""
        return AdStream(self.start(messages=messages, **options), delivery=delivery)


class Events:
    """``tollfree.events``."""

    def __init__(self, network: Tollfree) -> None:
        self._network = network

    def report(self, decision_id: str, step: Step | str) -> bool:
        """Say that an ad was rendered or viewable; whether it arrived. Safe to repeat."""
        return _sent(self._network, EVENTS, event_body(decision_id, step))


class Conversions:
    """``tollfree.conversions``."""

    def __init__(self, network: Tollfree) -> None:
        self._network = network

    def create(
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
        return _sent(self._network, CONVERSIONS, body)


def _sent(network: Tollfree, path: str, body: dict[str, Any]) -> bool:
    try:
        told = network.send(path, body, until=now() + _REPORT_SECONDS)
    except AdNetworkError as error:
        network.watch.failed(error)
        if network.strict:
            raise
        return False
    return not is_refused(told)


def _decision_in(told: dict[str, Any]) -> AdDecision:
    try:
        return decision_from_json(told)
    except ContractError as error:
        raise AdNetworkGarbled("The ad network's answer does not speak the contract.") from error
