"""Ads in the answers of OpenAI's official client, versions 2 and 3, return types unchanged.

    client = with_ads(OpenAI(), Tollfree(…))
    completion = client.chat.completions.create(model="…", messages=messages)

The match runs beside the model. Earlier ads are taken out of the messages before they are sent.
`completion.tollfree` describes what was placed; a stream has `ads` after its end. JSON mode,
structured outputs, tool calls and raw responses are untouched, and so is everything of the client
that is not a chat completion.
"""

from typing import Any, TypeVar

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

Client = TypeVar("Client")


def with_ads(
    client: Client,
    network: Tollfree | AsyncTollfree | None = None,
    *,
    delivery: Delivery | str = Delivery.CONTENT,
    **options: Any,
) -> Client:
    """A copy of `client` whose chat completions carry ads; the client itself stays as it is.

    Without a `network` one is made from TOLLFREE_API_KEY and TOLLFREE_BASE_URL. `options` hold for
    every call; ``create(…, tollfree={…})`` adds to them for one.
    """
    is_async = any(kind.__name__ == "AsyncOpenAI" for kind in type(client).__mro__)
    wanted: type[Any] = AsyncTollfree if is_async else Tollfree
    asked = network or wanted()
    if not isinstance(asked, wanted):
        raise TypeError(
            f"This client needs an {wanted.__name__}; it was given a {type(asked).__name__}."
        )
    copied: Any = client.copy()  # type: ignore[attr-defined]  # every client of OpenAI's has it
    completions = copied.chat.completions
    made = _AsyncCreate if is_async else _Create
    # An attribute of this one object: its class, and every other client, stay as they are.
    completions.create = made(completions.create, asked, Delivery(delivery), options)
    result: Client = copied
    return result


class _Calls:
    """What both kinds of `create` share."""

    def __init__(
        self, create: Any, network: Any, delivery: Delivery, options: dict[str, Any]
    ) -> None:
        self._create, self._network = create, network
        self._delivery, self._options = delivery, options

    def _prepared(self, arguments: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        """The arguments for the model, and the match on its way, or None where no ad belongs."""
        told = arguments.pop("tollfree", None) or {}
        if "messages" not in arguments:
            return arguments, None
        messages = without_ads(arguments["messages"], base_url=self._network.base_url)
        arguments = {**arguments, "messages": messages}
        if is_for_a_program(arguments):
            return arguments, None
        options = {**self._options, **told}
        return arguments, self._network.ads.start(messages=messages, **options)


class _Create(_Calls):
    def __call__(self, *given: Any, **arguments: Any) -> Any:
        arguments, pending = self._prepared(arguments)
        answer = self._create(*given, **arguments)
        if pending is None:
            return answer
        if hasattr(answer, "choices"):
            place_in_completion(answer, pending.result(), delivery=self._delivery)
        elif hasattr(answer, "_iterator"):
            placer = ChunkPlacer(self._delivery)
            answer._iterator = chunks_with_ad(answer._iterator, pending, placer)  # noqa: SLF001
            answer.ads = _Ads(placer)
        # What is left is a raw response: its bytes are the caller's own.
        return answer


class _AsyncCreate(_Calls):
    async def __call__(self, *given: Any, **arguments: Any) -> Any:
        arguments, pending = self._prepared(arguments)
        answer = await self._create(*given, **arguments)
        if pending is None:
            return answer
        if hasattr(answer, "choices"):
            place_in_completion(answer, await pending.result(), delivery=self._delivery)
        elif hasattr(answer, "_iterator"):
            placer = ChunkPlacer(self._delivery)
            answer._iterator = achunks_with_ad(answer._iterator, pending, placer)  # noqa: SLF001
            answer.ads = _Ads(placer)
        return answer


class _Ads:
    """The ads of a stream, as a sequence that is empty until its end."""

    def __init__(self, placer: ChunkPlacer) -> None:
        self._placer = placer

    def __iter__(self) -> Any:
        return iter(self._placer.text.ads)

    def __len__(self) -> int:
        return len(self._placer.text.ads)

    def __getitem__(self, position: int) -> Any:
        return self._placer.text.ads[position]

    def __repr__(self) -> str:
        return repr(list(self))
