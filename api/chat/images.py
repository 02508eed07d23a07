"""Images that a request names by their address.

    link      the address goes on to the upstream, unless it leads into a private network
    inline    we fetch it, through the one client that may, and send the picture itself

A model on this machine, or a client library that fetches for itself, would otherwise be a way to
addresses that only we can reach. Pictures are bounded in number, in decoded bytes, and in time.
"""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from api.chat.request import ChatRequest
from api.upstream.routing import Leg
from kernel.egress import Fetches
from kernel.errors import BadRequest
from kernel.public_address import EgressRefused

_MOST_IMAGES: Final = 16
_MOST_BYTES: Final = 4 * 1024 * 1024
_MOST_BYTES_TOGETHER: Final = 12 * 1024 * 1024
_SECONDS: Final = 8.0
_AT_ONCE: Final = 8
_KINDS: Final = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}


class Network(Fetches, Protocol):
    """Fetches, and looks at where an address leads without going there."""

    async def check(self, url: str) -> None: ...


class ImageDesk:
    """Makes the images of a request fit for the upstreams that may answer it."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._fetching = asyncio.Semaphore(_AT_ONCE)

    async def ready(self, request: ChatRequest, legs: Sequence[Leg]) -> ChatRequest:
        """The request as each of these legs may get it. Raises BadRequest that names the image."""
        addresses = _addresses(request.body["messages"])
        remote = {url: where for where, url in addresses.items() if _is_remote(url)}
        if len(remote) > _MOST_IMAGES:
            raise BadRequest(
                f"A request may name {_MOST_IMAGES} images by address. Send fewer, or send them as "
                "data: URLs.",
                param="messages",
            )
        if any(leg.bounds.images == "link" for leg in legs):
            await asyncio.gather(*(self._check(url, where) for url, where in remote.items()))
        if all(leg.bounds.images == "link" for leg in legs):
            return request
        for where, url in addresses.items():
            if not _is_remote(url) and not url.startswith("data:image/"):
                raise _refused(where, "Send an https address or a data: URL of an image.")
        fetched = await asyncio.gather(*(self._fetch(url, at) for url, at in remote.items()))
        pictures = dict(zip(remote, fetched, strict=True))
        if sum(map(len, fetched)) > _MOST_BYTES_TOGETHER:
            raise BadRequest("The images of this request are too large together.", param="messages")
        return replace(request, with_pictures=_with_pictures(request.body, pictures))

    async def _check(self, url: str, where: str) -> None:
        try:
            await self._network.check(url)
        except EgressRefused as refused:
            raise _refused(where, refused.message) from None

    async def _fetch(self, url: str, where: str) -> str:
        """The picture as a data: URL."""
        try:
            async with self._fetching:
                found = await self._network.fetch(
                    url, max_bytes=_MOST_BYTES, timeout_s=_SECONDS, accept=tuple(_KINDS)
                )
        except EgressRefused as refused:
            raise _refused(where, refused.message) from None
        kind = found.content_type.partition(";")[0].strip().lower()
        if found.status != 200:
            raise _refused(where, f"Its host answered with status {found.status}.")
        if not found.body.startswith(_KINDS.get(kind, ())):
            raise _refused(where, "What is there is no PNG, JPEG, GIF or WebP.")
        return f"data:{kind};base64,{base64.b64encode(found.body).decode()}"


def _addresses(messages: Any) -> dict[str, str]:
    """Every image's address by where it stands: ``messages[0].content[1]``."""
    found: dict[str, str] = {}
    for at, message in enumerate(messages):
        content = message.get("content")
        for position, part in enumerate(content if isinstance(content, list) else ()):
            url = _url_of(part)
            if url is not None:
                found[f"messages[{at}].content[{position}]"] = url
    return found


def _url_of(part: Any) -> str | None:
    if not isinstance(part, dict) or part.get("type") != "image_url":
        return None
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else image
    return url if isinstance(url, str) else None


def _is_remote(url: str) -> bool:
    return url[:8].lower().startswith(("http://", "https://"))


def _with_pictures(body: Mapping[str, Any], pictures: Mapping[str, str]) -> dict[str, Any]:
    messages = []
    for message in body["messages"]:
        content = message.get("content")
        if isinstance(content, list):
            parts = [_with_picture(part, pictures) for part in content]
            messages.append({**message, "content": parts})
        else:
            messages.append(message)
    return {**body, "messages": messages}


def _with_picture(part: Any, pictures: Mapping[str, str]) -> Any:
    picture = pictures.get(_url_of(part) or "")
    if picture is None:
        return part
    image = part["image_url"]
    given = image if isinstance(image, dict) else {}
    return {**part, "image_url": {**given, "url": picture}}


def _refused(where: str, why: str) -> BadRequest:
    return BadRequest(
        f"The image at `{where}` cannot be used. {why}", param=where, code="image_refused"
    )
