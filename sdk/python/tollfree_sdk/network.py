"""The ad network for programs that use threads; safe to share between them.

    Tollfree ── ads, events, conversions      what a program calls: `tollfree_sdk.calls`
    └── AsyncTollfree                         its twin: `tollfree_sdk.async_network`

Fails open: whatever the network does, `match` is over within `timeout` seconds and does not raise,
unless it was made ``strict``. Failures are counted, warned of once a minute, and stop the asking for
a while when they repeat.
"""

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from types import TracebackType
from typing import Any, Final, Self

import httpx

from tollfree_sdk.calls import Ads, Conversions, Events
from tollfree_sdk.connection import Connection
from tollfree_sdk.contract import AdDecision, AdRequest, NoFill, no_ad
from tollfree_sdk.errors import AdNetworkError, AdNetworkTimeout
from tollfree_sdk.exchange import (
    DECISIONS,
    REPORT_SECONDS,
    decision_in,
    exchange,
    late,
    problem_of,
)
from tollfree_sdk.match import Match
from tollfree_sdk.reporting import is_refused
from tollfree_sdk.streaming import AdStream
from tollfree_sdk.surroundings import now
from tollfree_sdk.wire import request_to_json

_WORKERS: Final = 8
_MOST_WAITING: Final = 32


class Tollfree(Connection):
    """``Tollfree("tf_pub_…", base_url="https://ads.example")``."""

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
        self.ads: Ads[Pending, Match, AdStream] = Ads(
            self._start, Pending.result, lambda pending, how: AdStream(pending, delivery=how)
        )
        self.events, self.conversions = Events(self._told), Conversions(self._told)
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

    def _start(self, messages: Iterable[Any], options: Mapping[str, Any]) -> "Pending":
        """Ask on another thread."""
        until = self.until()
        request = self.request_for(messages, options)
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
            decision = decision_in(self.send(DECISIONS, request_to_json(request), until=until))
        except Exception as error:  # noqa: BLE001  it is told to whoever waits, as one of ours
            problem = problem_of(error)
            self.watch.failed(problem)
            raise problem from problem.__cause__
        self.watch.breaker.success()
        return decision

    def _told(self, path: str, body: dict[str, Any]) -> bool:
        """Report back; whether it arrived and counts."""
        try:
            told = self.send(path, body, until=now() + REPORT_SECONDS)
        except AdNetworkError as error:
            self.watch.failed(error)
            if self.strict:
                raise
            return False
        return not is_refused(told)


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
            error: AdNetworkError = late()
            self._network.watch.failed(error)
        except AdNetworkError as told:
            error = told
        except Exception:  # noqa: BLE001  cancelled by close: no ad, and no error to the answer
            error = AdNetworkTimeout("The ad network was let go.")
        if self._network.strict:
            raise error
        self._found = no_ad(error.reason)
        return Match(self._found)
