"""Click links: ``/c/<token>`` sends the reader on.

The answer never waits for more than the desk allows and never says whether anything was charged. A
link that leads nowhere, or no longer, shows a plain page instead of an error.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from adserver.events.clicks import ClickDesk
from adserver.http.public_page import HEADERS, page, paragraph

# A header carries ASCII; what an address may hold stays as it was approved.
_AS_THEY_ARE: Final = "%/:?#[]@!$&'()*+,;=~"
Insiders = Callable[[Mapping[str, str]], Awaitable[frozenset[str]]]

_PREFETCH_HEADERS: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")


async def nobody(_cookies: Mapping[str, str]) -> frozenset[str]:
    """Where nobody signs in, nobody clicks on ads of their own."""
    return frozenset()


def routes(desk: ClickDesk, insiders: Insiders = nobody) -> APIRouter:
    """The click link, for GET and HEAD; `insiders` tells whose members the cookies belong to."""
    router = APIRouter(tags=["clicks"])

    @router.api_route("/c/{token}", methods=["GET", "HEAD"], include_in_schema=False)
    async def follow(token: str, request: Request) -> Response:
        outcome = await desk.follow(
            token,
            user_agent=request.headers.get("user-agent"),
            method=request.method,
            purpose=_purpose(request),
            address=request.client.host if request.client else None,
            insider_of=await insiders(request.cookies) if request.cookies else frozenset(),
        )
        if outcome.url is None:
            return nowhere()
        return Response(
            status_code=302,
            headers={
                "location": quote(outcome.url, safe=_AS_THEY_ARE),
                "cache-control": "no-store",
                "referrer-policy": "no-referrer",
                "x-robots-tag": HEADERS["x-robots-tag"],
            },
        )

    return router


def nowhere() -> Response:
    """The page behind a link that leads nowhere, or no longer."""
    return page(
        "This link is not active",
        paragraph("The ad it belonged to has ended or was withdrawn. Nothing was charged."),
        status=404,
    )


def _purpose(request: Request) -> str | None:
    said = [request.headers[name] for name in _PREFETCH_HEADERS if name in request.headers]
    return " ".join(said) or None
