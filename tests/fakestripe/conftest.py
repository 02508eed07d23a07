"""A stand-in on a loopback port, and the official client pointed at it."""

import json
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe
import uvicorn

from fakestripe.app import FakeStripe, build


class Till:
    """The stand-in, its client, and its levers by HTTP as a test far away would pull them."""

    def __init__(self, fake: FakeStripe, url: str) -> None:
        self.fake, self.url = fake, url
        self.client = stripe.StripeClient(
            fake.platform.secret_key, base_addresses={"api": url}, max_network_retries=0
        )

    def pull(self, lever: str, **given: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_control/{lever}", json.dumps(given).encode(), method="POST"
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["result"]


def serve(make: Callable[[str], FakeStripe]) -> Iterator[Till]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    fake = make(f"http://127.0.0.1:{port}")
    server = uvicorn.Server(
        uvicorn.Config(fake.asgi, host="127.0.0.1", port=port, log_level="error", ws="none")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Till(fake, f"http://127.0.0.1:{port}")
    server.should_exit = True
    thread.join(timeout=5)


@pytest.fixture
def till() -> Iterator[Till]:
    yield from serve(lambda url: build(public_url=url))
