"""Events and their delivery to webhook endpoints.

An event is a snapshot of an object at the moment something happened to it. Deliveries are signed
like Stripe's (``t=…,v1=…``: HMAC-SHA-256 over time, dot, raw body), at least once, in no promised
order; the knobs of `Faults` duplicate, shuffle, delay and drop them. An endpoint that does not
answer 2xx is tried again with growing pauses. `flush` delivers everything now, for tests.
"""

import asyncio
import copy
import hashlib
import hmac
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

from fakestripe.clock import Clock
from fakestripe.faults import Faults
from fakestripe.forms import Params
from fakestripe.objects import Objects, Thing

# (url, body, headers) → HTTP status; given by whoever runs the stand-in.
Post = Callable[[str, bytes, dict[str, str]], Awaitable[int]]

_ATTEMPTS = 5


class Events:
    """What happened, and who still has to hear of it."""

    def __init__(self, objects: Objects, clock: Clock, faults: Faults, *, api_version: str) -> None:
        self._objects, self._clock, self._faults = objects, clock, faults
        self._api_version = api_version
        self._queue: list[tuple[Thing, Thing]] = []
        self._seen = 0
        self.undelivered: set[str] = set()
        self.arrived = asyncio.Event()
        # Fixed, so that a shuffled run can be repeated.
        self._order = random.Random(7)  # noqa: S311  an order, not a secret

    def emit(self, kind: str, thing: Thing, *, previous: Params | None = None) -> Thing:
        """Record that `kind` happened to `thing` and queue its deliveries."""
        data: Params = {"object": copy.deepcopy(thing)}
        if previous:
            data["previous_attributes"] = previous
        event = self._objects.add(
            {
                "id": Objects.new_id("evt"),
                "object": "event",
                "api_version": self._api_version,
                "created": self._clock.now(),
                "data": data,
                "livemode": False,
                "pending_webhooks": 0,
                "request": {"id": None, "idempotency_key": None},
                "type": kind,
            }
        )
        for endpoint in self._objects.every("webhook_endpoint"):
            wanted = endpoint["enabled_events"]
            if endpoint["status"] == "enabled" and ("*" in wanted or kind in wanted):
                self._enqueue(event, endpoint)
        return event

    def resend(self, event_id: str) -> None:
        """Queue an event again for every endpoint."""
        event = self._objects.get("event", event_id)
        for endpoint in self._objects.every("webhook_endpoint"):
            self._enqueue(event, endpoint, knobs=False)

    def page(self, params: Params) -> Thing:
        """The list of events; `delivery_success=false` shows those that no endpoint accepted."""
        wanted = params.get("delivery_success")
        listed = self._objects.page("event", params, url="/v1/events", filters="type")
        if wanted is not None:
            failed = wanted == "false"
            listed["data"] = [
                event for event in listed["data"] if (event["id"] in self.undelivered) == failed
            ]
        return listed

    async def flush(self, post: Post) -> int:
        """Deliver what is queued, in order or shuffled; returns the number of attempts."""
        attempts = 0
        while self._queue:
            batch, self._queue = self._queue, []
            self.arrived.clear()
            if self._faults.shuffle:
                self._order.shuffle(batch)
            for event, endpoint in batch:
                attempts += 1
                await self._deliver(event, endpoint, post)
        return attempts

    async def run(self, post: Post) -> None:
        """Deliver for as long as the stand-in lives."""
        while True:
            await self.arrived.wait()
            await asyncio.sleep(self._faults.delay_seconds)
            await self.flush(post)

    def _enqueue(self, event: Thing, endpoint: Thing, *, knobs: bool = True) -> None:
        self._seen += 1
        self.undelivered.add(event["id"])
        every = self._faults.drop_every
        if knobs and every and self._seen % every == 0:
            return
        for _ in range(self._faults.duplicate if knobs else 1):
            self._queue.append((event, endpoint))
        event["pending_webhooks"] += 1
        self.arrived.set()

    async def _deliver(self, event: Thing, endpoint: Thing, post: Post) -> None:
        body = json.dumps(event, separators=(",", ":")).encode()
        for attempt in range(_ATTEMPTS):
            headers = {
                "content-type": "application/json; charset=utf-8",
                "stripe-signature": signature(body, endpoint["secret"], self._clock.now()),
            }
            try:
                status = await post(endpoint["url"], body, headers)
            except OSError:
                status = 0
            if 200 <= status < 300:
                self.undelivered.discard(event["id"])
                event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
                return
            await asyncio.sleep(0.05 * 2**attempt)


def signature(body: bytes, secret: str, at: int) -> str:
    """The `Stripe-Signature` header for `body`."""
    tag = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={tag}"


def describe(event: Thing) -> dict[str, Any]:
    """A line for the log page: when, what, to which object."""
    return {
        "id": event["id"],
        "type": event["type"],
        "created": event["created"],
        "object": event["data"]["object"].get("id"),
    }
