"""A chat request as it arrived, made ready for the upstream.

Takes out everything that is ours: ad spans in resent answers and the `tollfree` object. What is
left goes upstream, always written anew from its parsed form, so that the bytes there depend on what
the caller meant and never on ads. Checks only what we read ourselves; the rest is the upstream's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from api.chat.ad_wishes import AdWishes, read_wishes
from kernel.errors import BadRequest
from kernel.telemetry import counter
from tollfree_sdk.contract import Turn
from tollfree_sdk.placement.links import LinkBook
from tollfree_sdk.placement.remove import remove

_spans = counter("spans_in_history", "Our own ad spans in resent conversations.", "fate")
_SPANS_REMOVED: Final = _spans.labels("removed")
_SPANS_ALTERED: Final = _spans.labels("altered")


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request without anything of ours. `is_structured`: the answer is for a program to parse."""

    model: str
    stream: bool
    wants_usage: bool
    is_structured: bool
    wishes: AdWishes
    body: Mapping[str, Any]
    #: Some part of it is an image.
    shows_images: bool = False
    #: The same with the pictures themselves in the place of their addresses.
    with_pictures: Mapping[str, Any] | None = None

    def upstream_body(self, model: str, *, ask_for_usage: bool, inline: bool = False) -> bytes:
        """The bytes to send upstream; a stream is asked for its token counts where that works."""
        given = self.with_pictures if inline and self.with_pictures is not None else self.body
        body = {**given, "model": model}
        if self.stream and ask_for_usage:
            body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
        return orjson.dumps(body)

    @property
    def offers_tools(self) -> bool:
        """Whether the answer may be a call instead of a text."""
        return bool(self.body.get("tools") or self.body.get("functions"))

    def turns(self) -> tuple[Turn, ...]:
        """The conversation as plain text, for the ad network."""
        return tuple(
            Turn(message["role"], _text_of(message.get("content")))
            for message in self.body["messages"]
        )


def read_request(
    raw: bytes,
    headers: Mapping[str, str],
    *,
    public_url: str,
    verifies: Callable[[str], bool],
    links: LinkBook | None = None,
) -> ChatRequest:
    """Read the body of ``POST /v1/chat/completions``. Raises BadRequest that names the member."""
    body = json_object(raw)
    model, stream = body.get("model"), body.get("stream")
    if not isinstance(model, str) or not model:
        raise BadRequest("`model` is missing. GET /v1/models lists what there is.", param="model")
    if stream is not None and not isinstance(stream, bool):
        raise BadRequest("`stream` must be true or false.", param="stream")
    options = body.get("stream_options")
    if options is not None and not isinstance(options, dict):
        raise BadRequest("`stream_options` must be an object.", param="stream_options")
    messages, shows_images = _messages(body.get("messages"))
    wishes = read_wishes(body.pop("tollfree", None), headers)
    removed = remove(messages, public_url=public_url, verifies=verifies, links=links)
    if removed.removed:
        _SPANS_REMOVED.inc(removed.removed)
    if removed.altered:
        _SPANS_ALTERED.inc(removed.altered)
    body["messages"] = removed.messages
    if body.get("store"):
        # Conversations are kept nowhere, not at the provider either.
        body["store"] = False
    return ChatRequest(
        model=model,
        stream=stream is True,
        wants_usage=bool(options and options.get("include_usage") is True),
        is_structured=_is_structured(body.get("response_format")),
        wishes=wishes,
        body=body,
        shows_images=shows_images,
    )


def json_object(raw: bytes) -> dict[str, Any]:
    """The object that a body holds. Raises BadRequest."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        # The parser's own words name a place, never the text.
        raise BadRequest(f"The body is not valid JSON: {error}.", code="invalid_json") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.", code="invalid_json")
    return body


def _messages(messages: Any) -> tuple[list[dict[str, Any]], bool]:
    """The messages, and whether one of them shows an image."""
    shows_images = False
    if not isinstance(messages, list) or not messages:
        raise BadRequest(
            "`messages` must be a list with at least one message, such as "
            '{"role": "user", "content": "Hello"}.',
            param="messages",
        )
    for position, message in enumerate(messages):
        where = f"messages[{position}]"
        if not isinstance(message, dict):
            raise BadRequest(f"`{where}` must be an object.", param=where)
        if not isinstance(message.get("role"), str):
            raise BadRequest(f"`{where}.role` must be a string.", param=f"{where}.role")
        content = message.get("content")
        if not isinstance(content, str | list | None):
            raise BadRequest(
                f"`{where}.content` must be a string, a list of parts, or null.",
                param=f"{where}.content",
            )
        if isinstance(content, list) and not shows_images:
            shows_images = any(
                isinstance(part, dict) and part.get("type") == "image_url" for part in content
            )
    return messages, shows_images


def _is_structured(response_format: Any) -> bool:
    if not isinstance(response_format, dict):
        return False
    return response_format.get("type") not in (None, "text")


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = [part.get("text") for part in content if isinstance(part, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))
