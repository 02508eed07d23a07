"""An ad server for your tests, in this process and with an answer that never changes.

    with CannedAdServer() as server:
        tollfree = Tollfree("tf_pub_test", base_url=server.url)

`server.reason` makes it answer without an ad, `server.behaviour` makes it slow, garbled, silent or
failing. What it was asked and told is in `requests`, `events` and `conversions`. Needs the standard
library only; listens on this machine only.
"""

import json
import threading
import time
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Final, Self

from tollfree_sdk.contract import (
    Ad,
    AdDecision,
    AdRequest,
    Advertiser,
    Format,
    Label,
    NoFill,
    no_ad,
)
from tollfree_sdk.wire import decision_to_json, request_from_json

_TOKEN: Final = "canned" + "A" * 38


class Behaviour(StrEnum):
    """What the server does to whoever asks."""

    WELL = "well"
    SLOW = "slow"
    TRICKLING = "trickling"
    GARBLED = "garbled"
    HALF = "half"
    FAILING = "failing"
    REFUSING = "refusing"
    HANGING_UP = "hanging up"


class CannedAdServer:
    """A server between ``with`` and the end of its block."""

    def __init__(self, *, format: Format | str = Format.UNIT) -> None:  # noqa: A002  the contract's word
        self.behaviour = Behaviour.WELL
        self.reason: NoFill | None = None
        self.requests: list[AdRequest] = []
        self.events: list[dict[str, Any]] = []
        self.conversions: list[dict[str, Any]] = []
        self._format = Format(format)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.canned = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens; also the address that its links point to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def ad(self) -> Ad:
        """The ad that it answers with."""
        return Ad(
            format=self._format,
            label=Label.SPONSORED,
            advertiser=Advertiser("Strideworks", "strideworks.example"),
            title="Trail shoe Scree",
            body="Eight millimetres of drop on recycled foam.",
            cta="See the Scree",
            click_url=f"{self.url}/c/{_TOKEN}",
            why_url=f"{self.url}/why/dec_canned",
            relevance=0.8,
            facts=("Weighs 240 g", "8 mm of drop"),
        )

    def decision(self) -> AdDecision:
        """The decision that it answers with."""
        if self.reason is not None:
            return no_ad(self.reason, decision_id="dec_canned")
        return AdDecision("dec_canned", self.ad(), None, 1.0)

    def heard(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Note a call, and the answer to it."""
        with self._lock:
            if path.endswith("/decisions"):
                self.requests.append(request_from_json(body))
                return decision_to_json(self.decision())
            if path.endswith("/conversions"):
                self.conversions.append(body)
            else:
                self.events.extend(body.get("events", [body]))
        return {}

    def close(self) -> None:
        """Stop listening; connections are refused from here on."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    canned: CannedAdServer
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that left is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    _statuses: ClassVar = {Behaviour.FAILING: 503, Behaviour.REFUSING: 401}

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = json.loads(self.rfile.read(length) or b"{}")
        behaviour = self.server.canned.behaviour
        if behaviour is Behaviour.HANGING_UP:
            self.close_connection = True
            return
        if behaviour in self._statuses:
            self._answer(self._statuses[behaviour], b'{"error": {"code": "canned"}}')
            return
        answer = json.dumps(self.server.canned.heard(self.path, body)).encode()
        match behaviour:
            case Behaviour.GARBLED:
                self._answer(200, b'<html>\xff{"ad": 7}')
            case Behaviour.HALF:
                self._answer(200, answer[: len(answer) // 2])
            case Behaviour.SLOW:
                time.sleep(1.0)
                self._answer(200, answer)
            case Behaviour.TRICKLING:
                self._answer(200, answer, pause_s=0.02)
            case _:
                self._answer(200, answer)

    def _answer(self, status: int, content: bytes, *, pause_s: float = 0.0) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        if not pause_s:
            self.wfile.write(content)
            return
        for byte in content:
            self.wfile.write(bytes((byte,)))
            self.wfile.flush()
            time.sleep(pause_s)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name that the library gave it
        """Say nothing: requests hold conversations."""
