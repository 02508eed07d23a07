"""What differs between the surfaces that answer conversations: credentials, headers, error shape.

The exchange itself (key, body, heart, socket) is the same for all and lives in `chat_completions`.
A dialect says how one family of clients presents its key and reads an error.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import Final, Protocol

import orjson

from api.access.key_book import Caller
from api.chat.plain_answer import PlainAnswer
from kernel.clock import Clock
from kernel.errors import TollfreeError, error_body


class Streamed(Protocol):
    """An answer as it is written; `close` it in any case."""

    @property
    def upstream(self) -> str: ...

    def blocks(self) -> AsyncGenerator[bytes, None]: ...

    def broken_off(self, error: TollfreeError) -> bytes: ...

    async def close(self) -> None: ...


class Heart(Protocol):
    """What answers: the chat heart, or a translation in front of it."""

    clock: Clock

    async def answer(
        self, caller: Caller, raw: bytes, headers: Mapping[str, str], *, arrived: float
    ) -> PlainAnswer | Streamed: ...


class Dialect(Protocol):
    """The manners of one family of clients."""

    def authorization(self, headers: Mapping[str, str]) -> str | None: ...

    def headers(self, request_id: str) -> list[tuple[bytes, bytes]]: ...

    def refusal(self, error: TollfreeError, request_id: str) -> bytes: ...


class OpenAIDialect:
    """A bearer token, and `error` with its four members."""

    def authorization(self, headers: Mapping[str, str]) -> str | None:
        return headers.get("authorization")

    def headers(self, request_id: str) -> list[tuple[bytes, bytes]]:  # noqa: ARG002  the protocol's
        return []

    def refusal(self, error: TollfreeError, request_id: str) -> bytes:  # noqa: ARG002  the protocol's
        return orjson.dumps(error_body(error))


class AnthropicDialect:
    """`x-api-key` as well as a bearer token, `request-id`, and Anthropic's error envelope.

    The inner object also has our `param` and `code`: their clients let unknown members pass.
    """

    def authorization(self, headers: Mapping[str, str]) -> str | None:
        key = headers.get("x-api-key")
        return f"Bearer {key}" if key else headers.get("authorization")

    def headers(self, request_id: str) -> list[tuple[bytes, bytes]]:
        return [(b"request-id", request_id.encode())]

    def refusal(self, error: TollfreeError, request_id: str) -> bytes:
        return orjson.dumps(anthropic_error(error) | {"request_id": request_id})


_ANTHROPIC_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def anthropic_error(error: TollfreeError) -> dict[str, object]:
    """The error in Anthropic's shape."""
    otherwise = "invalid_request_error" if error.status < 500 else "api_error"
    inner = error_body(error)["error"]
    return {
        "type": "error",
        "error": inner | {"type": _ANTHROPIC_TYPES.get(error.status, otherwise)},
    }


OPENAI: Final = OpenAIDialect()
ANTHROPIC: Final = AnthropicDialect()
