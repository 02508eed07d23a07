"""The ASGI program: authentication, decoding, idempotency, faults, then the resource.

``build(public_url=…)`` returns it with its `platform` for direct control in tests. Answers carry
`request-id` and, for a repeated key, `idempotent-replayed`.
"""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fakestripe import control, hosted, routes
from fakestripe.errors import Refusal
from fakestripe.events import Post
from fakestripe.forms import Params, parse_form
from fakestripe.idempotency import fingerprint
from fakestripe.objects import Objects
from fakestripe.platform import API_VERSION, Platform

_BROKEN = {"error": {"type": "api_error", "message": "Something went wrong on Stripe's end."}}


@dataclass(frozen=True)
class Asked:
    """A request of the API; the names of `headers` are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]


class FakeStripe:
    """The program and the platform behind it. `post` delivers webhooks while it runs."""

    def __init__(self, platform: Platform, *, post: Post | None = None) -> None:
        self.platform = platform
        self._post = post
        self.asgi = Starlette(routes=self._routes(), lifespan=self._lifespan)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            if self._post is not None:
                task = asyncio.create_task(self.platform.events.run(self._post))
                stack.callback(task.cancel)
            yield

    def _routes(self) -> list[Route]:
        pages: dict[str, Callable[[Platform, Request], Any]] = {
            "/hosted/checkout/{id}": hosted.checkout_page,
            "/hosted/authenticate/{id}": hosted.authenticate_page,
            "/hosted/onboarding/{id}": hosted.onboarding_page,
            "/hosted/invoices/{id}": hosted.invoice_page,
            "/hosted/invoices/{id}/pdf": hosted.invoice_page,
            "/hosted/receipts/{id}": hosted.receipt_page,
        }
        shown = [
            Route(path, self._page(handler), methods=["GET", "POST"])
            for path, handler in pages.items()
        ]
        return [
            *shown,
            Route("/_control/{lever}", self._control, methods=["POST"]),
            Route("/{path:path}", self._api, methods=["GET", "POST", "DELETE"]),
        ]

    def _page(self, handler: Callable[[Platform, Request], Any]) -> Callable[[Request], Any]:
        async def show(request: Request) -> Response:
            answer: Response = await handler(self.platform, request)
            return answer

        return show

    async def _control(self, request: Request) -> Response:
        try:
            given = json.loads(await request.body() or b"{}")
            result = control.pull(self.platform, request.path_params["lever"], given)
        except Refusal as refusal:
            return _response(_encoded(refusal.status, refusal.body))
        return _response(_encoded(200, {"result": result}))

    async def _api(self, request: Request) -> Response:
        # Mounted under a prefix, the path still carries it.
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        asked = Asked(
            request.method, path, request.url.query, request.headers, await request.body()
        )
        return _response(await self.answer(asked))

    async def answer(self, asked: Asked) -> Answer:
        """Answer a request of the API: what HTTP does here, and a client in the same process."""
        key = asked.headers.get("idempotency-key") if asked.method == "POST" else None
        mark = fingerprint(asked.method, asked.path, asked.body)
        try:
            self._authenticate(asked)
            self._limit(asked.path)
            kept = self.platform.answers.find(key, mark) if key else None
        except Refusal as refusal:
            return _encoded(refusal.status, refusal.body)
        if kept is not None:
            replayed = {"idempotent-replayed": "true", "original-request": "req_original"}
            return Answer(kept.status, kept.body, replayed)
        status, thing = self._execute(asked)
        answer = _encoded(status, thing)
        if key:
            self.platform.answers.keep(key, mark, status, answer.body)
        hang = self.platform.faults.take(asked.path, "hang_after_commit")
        if hang:
            await asyncio.sleep(hang.seconds)
        return answer

    def _execute(self, asked: Asked) -> tuple[int, Any]:
        """Run the request; a server error here is kept for its key, as Stripe keeps it."""
        if self.platform.faults.take(asked.path, "fail_before"):
            return 500, _BROKEN
        try:
            handler, ids = routes.find(asked.method, asked.path)
            params = _params(asked)
            account = asked.headers.get("stripe-account")
            thing = handler(routes.Call(self.platform, params, ids, account))
            answer = self.platform.objects.expanded(thing, params)
        except Refusal as refusal:
            return refusal.status, refusal.body
        if self.platform.faults.take(asked.path, "fail_after_commit"):
            return 500, _BROKEN
        return 200, answer

    def _limit(self, path: str) -> None:
        if self.platform.faults.take(path, "limit"):
            message = "Too many requests hit the API too quickly."
            raise Refusal(429, "rate_limit_error", message, code="rate_limit")

    def _authenticate(self, asked: Asked) -> None:
        kind, _, given = asked.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            given = base64.b64decode(given).decode().partition(":")[0]
        if given != self.platform.secret_key:
            raise Refusal(401, "invalid_request_error", "Invalid API Key provided.")


def _params(asked: Asked) -> Params:
    query = parse_form(asked.query)
    if "json" in asked.headers.get("content-type", ""):
        decoded: Params = json.loads(asked.body or b"{}")
        return query | decoded
    return query | parse_form(asked.body.decode())


def _encoded(status: int, body: Any) -> Answer:
    return Answer(status, json.dumps(body).encode(), {})


def _response(answer: Answer) -> Response:
    ids = {"request-id": Objects.new_id("req"), "stripe-version": API_VERSION}
    headers = ids | dict(answer.headers)
    return Response(answer.body, answer.status, media_type="application/json", headers=headers)


def build(
    *,
    public_url: str,
    secret_key: str = "sk_test_tollfree",  # noqa: S107  test money
    post: Post | None = None,
) -> FakeStripe:
    """A fresh stand-in; with `post`, webhooks go out while its lifespan runs."""
    return FakeStripe(Platform(public_url=public_url, secret_key=secret_key), post=post)
