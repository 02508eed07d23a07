"""Providers that do not speak OpenAI's format, through litellm as a translator.

The one module that imports litellm, on first use and on a thread, because that takes seconds. What
is passed on is an explicit list of members; the provider, the address and the key come from the
operator alone. litellm retries nothing, fetches no price list, and its words are not shown.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import orjson

from api.upstream.event_stream import DONE_EVENT, event_of
from api.upstream.relay import RelayTimeouts
from api.upstream.upstream import UpstreamAnswer, UpstreamRefused, UpstreamTimedOut
from kernel.errors import UpstreamFailed

_PASSED_ON: Final = frozenset(
    "messages temperature top_p n stop max_tokens max_completion_tokens presence_penalty "
    "frequency_penalty logit_bias seed tools tool_choice parallel_tool_calls response_format "
    "logprobs top_logprobs reasoning_effort stream_options".split()
)
_THE_CALLERS: Final = frozenset({400, 404, 409, 413, 415, 422})


@dataclass(frozen=True, slots=True)
class TranslatedSettings:
    """``TranslatedSettings("claude", "anthropic", key)``; `provider` is litellm's word."""

    name: str
    provider: str
    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    timeouts: RelayTimeouts = field(default_factory=RelayTimeouts)
    on_disconnect: Literal["cancel", "drain"] = "cancel"


class LitellmUpstream:
    """One provider behind litellm."""

    reports_usage = True

    def __init__(self, settings: TranslatedSettings) -> None:
        self.settings = settings

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def on_disconnect(self) -> str:
        return self.settings.on_disconnect

    async def open(self, body: bytes, *, stream: bool) -> UpstreamAnswer:
        """Translate a chat request and send it. Raises UpstreamFailed."""
        request = orjson.loads(body)
        litellm = await asyncio.to_thread(_litellm)
        try:
            answer = await litellm.acompletion(
                **{name: request[name] for name in _PASSED_ON & request.keys()},
                model=f"{self.settings.provider}/{request['model']}",
                stream=stream,
                api_key=self.settings.api_key,
                api_base=self.settings.base_url,
                timeout=self.settings.timeouts.total,
                max_retries=0,
                num_retries=0,
                drop_params=True,
            )
        except Exception as error:  # noqa: BLE001  litellm has no common root for its errors
            raise _failure(error) from None
        if not stream:
            return UpstreamAnswer(False, _once(orjson.dumps(_plain(answer))), _nothing)
        return UpstreamAnswer(True, _events(answer, self.settings.timeouts.silence), answer.aclose)

    async def close(self) -> None:
        return


def _litellm() -> Any:
    # Read when it is imported: without it litellm would fetch a price list from the network.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    return litellm


def _plain(answer: Any) -> dict[str, Any]:
    body: dict[str, Any] = answer.model_dump(exclude_none=True)
    for choice in body["choices"]:
        choice["message"].pop("provider_specific_fields", None)
        choice["message"].setdefault("content", None)
    return body


async def _events(answer: Any, silence: float) -> AsyncIterator[bytes]:
    chunks = aiter(answer)
    try:
        while True:
            async with asyncio.timeout(silence):
                chunk = await anext(chunks, None)
            if chunk is None:
                break
            yield event_of(_chunk(chunk.model_dump(exclude_none=True)))
    except TimeoutError:
        raise UpstreamTimedOut("The model's provider fell silent.") from None
    except Exception as error:  # noqa: BLE001  as above
        raise _failure(error) from None
    yield DONE_EVENT


def _chunk(body: dict[str, Any]) -> dict[str, Any]:
    body.pop("provider_specific_fields", None)
    body.pop("citations", None)
    if body.get("usage"):
        # A chunk with usage has no choices; litellm's has an empty one.
        return body | {"choices": []}
    for choice in body["choices"]:
        choice.setdefault("finish_reason", None)
        choice["delta"].pop("provider_specific_fields", None)
    return body


def _failure(error: Exception) -> UpstreamFailed:
    """What an error of litellm means to the caller; its words may hold keys and are dropped."""
    if isinstance(error, UpstreamFailed):
        return error
    status = getattr(error, "status_code", None)
    if isinstance(error, TimeoutError) or status == 408:
        return UpstreamTimedOut("The model's provider did not answer in time. Try again.")
    if status in _THE_CALLERS:
        return UpstreamRefused(
            "The model's provider refused the request.",
            status=status,
            type="invalid_request_error",
            code="upstream_refused",
        )
    if status == 429:
        return UpstreamRefused(
            "The model's provider is at its limit. Try again later.",
            status=429,
            type="rate_limit_error",
            code="upstream_rate_limited",
            retry_after=_retry_after(error),
        )
    if status in {401, 402, 403}:
        return UpstreamFailed(
            "The model's provider refused this service.", code="upstream_refused_us"
        )
    return UpstreamFailed("The model's provider failed. Try again.")


def _retry_after(error: Exception) -> str | None:
    headers = getattr(getattr(error, "response", None), "headers", None)
    return headers.get("retry-after") if isinstance(headers, Mapping) else None


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _nothing() -> None:
    return
