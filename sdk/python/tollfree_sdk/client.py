"""Ask the ad network for a decision over HTTP.

`AdNetwork` is the `AdSource` for services that do not run the engine themselves. It fails open: in
time, and with a typed reason, whatever the network does; each failure is counted in `failures`.
``strict=True`` raises instead. It never retries a decision, because the turn would be over.
"""

import asyncio
import json
from collections import Counter
from types import TracebackType
from typing import Any, Final, Self

import httpx

from tollfree_sdk.contract import AdDecision, AdRequest, Step, no_ad
from tollfree_sdk.errors import (
    AdNetworkError,
    AdNetworkGarbled,
    AdNetworkRefused,
    AdNetworkTimeout,
    AdNetworkUnreachable,
    error_code,
)
from tollfree_sdk.wire import ContractError, decision_from_json, request_to_json

_DECISIONS: Final = "/ads/v1/decisions"
_RECORD_ATTEMPTS: Final = 3


class AdNetwork:
    """An ad network at `base_url`, asked with the publisher key `key` (``tf_pub_…``).

    `defer_delivered` is for services that report the delivered step themselves, after the last
    byte; otherwise the network records it with the decision. A client passed as `http` stays the
    caller's to close.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        http: httpx.AsyncClient | None = None,
        deadline_ms: int = 250,
        strict: bool = False,
        defer_delivered: bool = False,
    ) -> None:
        self.failures: Counter[str] = Counter()
        self._base_url = base_url.rstrip("/")
        self._headers = {"authorization": f"Bearer {key}"}
        self._deadline_seconds = deadline_ms / 1000
        self._strict, self._defer_delivered = strict, defer_delivered
        self._owns_http = http is None
        self._http = httpx.AsyncClient() if http is None else http

    async def decide(self, request: AdRequest) -> AdDecision:
        """The network's decision, or a no-ad that says what went wrong."""
        body = request_to_json(request)
        if self._defer_delivered:
            body["defer_delivered"] = True
        try:
            return _decision(await self._post(_DECISIONS, body))
        except AdNetworkError as error:
            self._count(error)
            if self._strict:
                raise
            return no_ad(error.reason)

    async def record(self, decision_id: str, step: Step) -> None:
        """Say that a step happened. Repeating it is safe, so a passing failure is retried."""
        for attempt in range(1, _RECORD_ATTEMPTS + 1):
            try:
                await self._post(f"{_DECISIONS}/{decision_id}/steps", {"step": step})
            except AdNetworkError as error:
                self._count(error)
                passing = not isinstance(error, AdNetworkRefused) or error.status >= 429
                if passing and attempt < _RECORD_ATTEMPTS:
                    continue
                if self._strict:
                    raise
            return

    async def close(self) -> None:
        """Close the connections, unless the HTTP client was given."""
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

    async def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        try:
            # httpx counts each read by itself; a network that trickles would never be late.
            async with asyncio.timeout(self._deadline_seconds):
                response = await self._http.post(
                    self._base_url + path, json=body, headers=self._headers, timeout=None
                )
        except (TimeoutError, httpx.TimeoutException) as error:
            raise AdNetworkTimeout("The ad network did not answer in time.") from error
        except httpx.HTTPError as error:
            raise AdNetworkUnreachable("The ad network cannot be reached.") from error
        if response.is_success:
            return response
        raise AdNetworkRefused(response.status_code, error_code(response.content))

    def _count(self, error: AdNetworkError) -> None:
        self.failures[type(error).__name__] += 1


def _decision(response: httpx.Response) -> AdDecision:
    try:
        body = response.json()
        if not isinstance(body, dict):
            raise AdNetworkGarbled("The ad network answered with something else than an object.")
        return decision_from_json(body)
    except (ContractError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise AdNetworkGarbled("The ad network's answer does not speak the contract.") from error
