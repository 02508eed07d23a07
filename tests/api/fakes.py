"""Stand-ins for the api's neighbours: an upstream that records, ad sources good and bad, rows.

The upstream answers in OpenAI's format with whatever text the test names; the ads carry links whose
tokens the tests can verify, so that removal works as in production.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from api.access.ad_settings import AdSettings
from api.access.key_book import Caller
from api.access.keys import KeyKind
from api.chat.completion import ChatHeart, ChatSettings
from api.http.chat_completions import ChatCompletions
from api.upstream.attempts import RetryPolicy
from api.upstream.routing import ModelAlias, Routing
from api.upstream.upstream import UpstreamAnswer
from kernel.clock import SystemClock
from kernel.errors import Unauthenticated
from tollfree_sdk.contract import (
    Ad,
    AdDecision,
    AdRequest,
    Advertiser,
    Format,
    Label,
    Step,
)

PUBLIC_URL = "https://ads.example"
ANSWER = (
    "Look at the heel first, then at the arch.\n\n"
    "- A firm heel keeps the foot straight.\n- A wide toe box leaves room.\n\n"
    "Try them on in the evening, when feet are largest."
)


def token(number: int) -> str:
    return f"{number:044d}"


def verifies(candidate: str) -> bool:
    return len(candidate) == 44 and candidate.isdigit()


def an_ad(number: int = 1, **changes: Any) -> Ad:
    words = {
        "format": Format.UNIT,
        "label": Label.SPONSORED,
        "advertiser": Advertiser("Strideworks", "strideworks.example"),
        "title": "Tempo 3",
        "body": "A stable shoe with a wide toe box.",
        "cta": "See it",
        "click_url": f"{PUBLIC_URL}/c/{token(number)}",
        "why_url": f"{PUBLIC_URL}/why/dec_{number}",
        "relevance": 0.8,
    }
    return Ad(**(words | changes))


class FixedAds:
    """Decides for the same ad each time, under a new id; `ad` may be a function of the number."""

    def __init__(self, ad: Callable[[int], Ad] = an_ad) -> None:
        self._ad = ad
        self.requests: list[AdRequest] = []
        self.recorded: list[tuple[str, Step]] = []

    async def decide(self, request: AdRequest) -> AdDecision:
        self.requests.append(request)
        number = len(self.requests)
        return AdDecision(f"dec_{number}", self._ad(number), None, 0.4)

    async def record(self, decision_id: str, step: Step) -> None:
        self.recorded.append((decision_id, step))


class BadAds:
    """Does something wrong instead of deciding."""

    def __init__(self, wrong: Callable[[], Any]) -> None:
        self._wrong = wrong

    async def decide(self, request: AdRequest) -> Any:
        outcome = self._wrong()
        return await outcome if asyncio.iscoroutine(outcome) else outcome

    async def record(self, decision_id: str, step: Step) -> None:
        raise RuntimeError("nobody records here")


def stream_events(text: str, *, size: int = 7, usage: bool = True) -> list[bytes]:
    """An answer as an upstream would stream it."""
    shared = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}

    def event(delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return b"data: " + orjson.dumps(shared | {"choices": [choice]}) + b"\n\n"

    events = [event({"role": "assistant", "content": ""})]
    events += [event({"content": text[at : at + size]}) for at in range(0, len(text), size)]
    events.append(event({}, "stop"))
    if usage:
        counts = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
        events.append(b"data: " + orjson.dumps(shared | {"choices": [], "usage": counts}) + b"\n\n")
    return [*events, b"data: [DONE]\n\n"]


def plain_body(text: str | None, **message: Any) -> bytes:
    """The same answer in one piece."""
    said = {"role": "assistant", "content": text} | message
    return orjson.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "message": said, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14},
        }
    )


class RecordingUpstream:
    """Keeps every body that it is sent; answers with `text`, or with `reads` as they are."""

    name = "recording"
    reports_usage = True

    def __init__(self, text: str | Callable[[dict[str, Any]], str] = ANSWER) -> None:
        self.text = text
        self.reads: Sequence[bytes | Exception] | None = None
        self.bodies: list[bytes] = []
        self.closed = 0
        self.silent = asyncio.Event()
        self.hangs_after: int | None = None

    async def open(self, body: bytes, *, stream: bool) -> UpstreamAnswer:
        self.bodies.append(body)
        request = orjson.loads(body)
        text = self.text if isinstance(self.text, str) else self.text(request)
        reads = self.reads
        if reads is None:
            asked = (request.get("stream_options") or {}).get("include_usage", False)
            reads = stream_events(text, usage=asked) if stream else [plain_body(text)]
        return UpstreamAnswer(is_event_stream=stream, chunks=self._read(reads), close=self._close)

    async def close(self) -> None:
        return

    async def _read(self, reads: Sequence[bytes | Exception]) -> AsyncIterator[bytes]:
        for position, read in enumerate(reads):
            if position == self.hangs_after:
                self.silent.set()
                await asyncio.Event().wait()
            if isinstance(read, Exception):
                raise read
            yield read

    async def _close(self) -> None:
        self.closed += 1


class KnownKeys:
    """Every key is good but one; stands in for the book of keys."""

    def __init__(self, ads: AdSettings | None = None, kind: KeyKind = KeyKind.LIVE) -> None:
        self.caller = Caller("app_1", "key_1", kind, ads or AdSettings())

    async def verify(self, authorization: str | None) -> Caller:
        if authorization == "Bearer bad":
            raise Unauthenticated("This API key is unknown or was revoked.")
        return self.caller


class KeptRows(list[Any]):
    """Stands in for the group commit of completions."""

    def put(self, row: Any) -> None:
        self.append(row)


@dataclass
class Road:
    """The api with fakes around it; `client` speaks to it in process."""

    ads: Any = field(default_factory=FixedAds)
    upstream: RecordingUpstream = field(default_factory=RecordingUpstream)
    settings: AdSettings = field(default_factory=AdSettings)
    kind: KeyKind = KeyKind.LIVE
    rows: KeptRows = field(default_factory=KeptRows)
    deadline_ms: float = 30
    keep_alive_seconds: float = 10

    def __post_init__(self) -> None:
        self.routing = Routing([ModelAlias("demo", self.upstream, "upstream-model")])
        self.heart = ChatHeart(
            self.ads,
            self.routing,
            self.rows,
            SystemClock(),
            public_url=PUBLIC_URL,
            verifies=verifies,
            settings=ChatSettings(
                decision_deadline_ms=self.deadline_ms, retries=RetryPolicy(pause=0)
            ),
        )
        self.keys = KnownKeys(self.settings, self.kind)
        self.app = ChatCompletions(
            self.heart, self.keys, keep_alive_seconds=self.keep_alive_seconds
        )

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            yield client
        await self.heart.settle()

    async def ask(self, content: str = "Which shoes?", **members: Any) -> httpx.Response:
        async with self.client() as client:
            return await post(client, [{"role": "user", "content": content}], **members)


async def post(
    client: httpx.AsyncClient, messages: list[dict[str, Any]], **members: Any
) -> httpx.Response:
    body = {"model": "demo", "messages": messages} | members
    return await client.post("/v1/chat/completions", json=body)
