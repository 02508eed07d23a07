"""Ads in the answers of ``litellm.completion`` and ``litellm.acompletion``.

    completion = with_ads(litellm.completion, Tollfree(…))
    answer = completion(model="…", messages=messages)

The functions take and return what litellm's do; `answer.tollfree` describes what was placed. A
stream is one object to iterate, with `ads` after its end and everything else of litellm's stream.
"""

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from tollfree_sdk.adapters.chat_answers import (
    ChunkPlacer,
    achunks_with_ad,
    chunks_with_ad,
    is_for_a_program,
    place_in_completion,
)
from tollfree_sdk.asking import without_ads
from tollfree_sdk.async_network import AsyncTollfree
from tollfree_sdk.contract import Delivery
from tollfree_sdk.network import Tollfree


def with_ads(
    completion: Callable[..., Any],
    network: Tollfree | AsyncTollfree,
    *,
    delivery: Delivery | str = Delivery.CONTENT,
    **options: Any,
) -> Callable[..., Any]:
    """`completion` with ads; an async function needs an `AsyncTollfree`."""
    is_async = inspect.iscoroutinefunction(completion)
    if is_async is not isinstance(network, AsyncTollfree):
        raise TypeError(
            "litellm.completion goes with a Tollfree, acompletion with an AsyncTollfree."
        )
    placed = Delivery(delivery)

    def prepared(arguments: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        messages = without_ads(arguments["messages"], base_url=network.base_url)
        arguments = {**arguments, "messages": messages}
        if is_for_a_program(arguments):
            return arguments, None
        return arguments, network.ads.start(messages=messages, **options)

    def answered(*given: Any, **arguments: Any) -> Any:
        arguments, pending = prepared(arguments)
        answer = completion(*given, **arguments)
        if pending is None:
            return answer
        if arguments.get("stream"):
            return StreamWithAds(answer, pending, placed)
        place_in_completion(answer, pending.result(), delivery=placed)
        return answer

    async def aanswered(*given: Any, **arguments: Any) -> Any:
        arguments, pending = prepared(arguments)
        answer = await completion(*given, **arguments)
        if pending is None:
            return answer
        if arguments.get("stream"):
            return StreamWithAds(answer, pending, placed)
        place_in_completion(answer, await pending.result(), delivery=placed)
        return answer

    return aanswered if is_async else answered


class StreamWithAds:
    """litellm's stream with an ad in it."""

    def __init__(self, stream: Any, pending: Any, delivery: Delivery) -> None:
        self._stream, self._pending = stream, pending
        self._placer = ChunkPlacer(delivery)

    @property
    def ads(self) -> Any:
        return self._placer.text.ads

    def __iter__(self) -> Iterator[Any]:
        return chunks_with_ad(self._stream, self._pending, self._placer)

    def __aiter__(self) -> AsyncIterator[Any]:
        return achunks_with_ad(self._stream, self._pending, self._placer)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
