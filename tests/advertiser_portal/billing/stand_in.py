"""Two ways to the stand-in for Stripe: over a loopback port, and at hand in the same process."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import stripe
import uvicorn

from fakestripe.app import Asked, FakeStripe, build


@contextmanager
def stand_in_server() -> Iterator[tuple[FakeStripe, str]]:
    """The stand-in on a loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    fake = build(public_url=url)
    config = uvicorn.Config(fake.asgi, host="127.0.0.1", port=port, log_level="error", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield fake, url
    server.should_exit = True
    thread.join(timeout=5)


class AtHand(stripe.HTTPClient):
    """The official client's way to a stand-in in the same process: no socket, no second thread."""

    name = "at_hand"

    def __init__(self, fake: FakeStripe, *, timeout_seconds: float = 0.05) -> None:
        super().__init__()
        self._fake, self._timeout_seconds = fake, timeout_seconds
        self.asked: list[Asked] = []

    async def request_async(self, method, url, headers, post_data=None):
        parts = urlsplit(url)
        lower = {name.lower(): value for name, value in headers.items()}
        body = post_data.encode() if isinstance(post_data, str) else (post_data or b"")
        asked = Asked(method.upper(), parts.path, parts.query, lower, body)
        self.asked.append(asked)
        try:
            answer = await asyncio.wait_for(self._fake.answer(asked), self._timeout_seconds)
        except TimeoutError:
            raise stripe.APIConnectionError("The answer was lost.") from None
        return answer.body.decode(), answer.status, dict(answer.headers)

    async def close_async(self) -> None:
        """There is nothing to close."""
