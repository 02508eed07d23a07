"""Ads in the answers of any LlamaIndex model.

    llm = LLMWithAds(llm=OpenAILike(…), network=Tollfree(…))

`chat` and `stream_chat`, and their async twins, carry ads; completions, which have no conversation,
go through as they are. ``response.additional_kwargs["tollfree"]`` describes what was placed.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from llama_index.core.llms import LLM, ChatMessage, ChatResponse, LLMMetadata

from tollfree_sdk.asking import without_ads
from tollfree_sdk.contract import Delivery
from tollfree_sdk.match import Match
from tollfree_sdk.network import Pending
from tollfree_sdk.placement import place_answer
from tollfree_sdk.placement.answers import objection_to
from tollfree_sdk.streaming import TextWithAd
from tollfree_sdk.wire import field_to_json


class LLMWithAds(LLM):  # type: ignore[misc]  # LlamaIndex is not installed where types are checked
    """A model around another one."""

    llm: LLM
    network: Any
    delivery: str = "content"
    ad_options: dict[str, Any] = {}  # noqa: RUF012  pydantic copies it

    @property
    def metadata(self) -> LLMMetadata:
        return self.llm.metadata

    def chat(self, messages: Sequence[ChatMessage], **told: Any) -> ChatResponse:
        clean, pending = self._asked(messages)
        return self._placed(self.llm.chat(clean, **told), pending.result())

    async def achat(self, messages: Sequence[ChatMessage], **told: Any) -> ChatResponse:
        clean, pending = self._asked(messages)
        response = await self.llm.achat(clean, **told)
        return self._placed(response, await asyncio.to_thread(pending.result))

    def stream_chat(self, messages: Sequence[ChatMessage], **told: Any) -> Iterator[ChatResponse]:
        clean, pending = self._asked(messages)
        text, so_far, is_known = TextWithAd(self.delivery), _SoFar(), False
        for response in self.llm.stream_chat(clean, **told):
            if not is_known and pending.is_ready:
                is_known = True
                text.know(pending.result())
            yield so_far.add(response, text.feed(response.delta or ""))
        yield so_far.end(text, pending.result())

    async def astream_chat(
        self, messages: Sequence[ChatMessage], **told: Any
    ) -> AsyncIterator[ChatResponse]:
        async def responses() -> AsyncIterator[ChatResponse]:
            clean, pending = self._asked(messages)
            text, so_far, is_known = TextWithAd(self.delivery), _SoFar(), False
            async for response in await self.llm.astream_chat(clean, **told):
                if not is_known and pending.is_ready:
                    is_known = True
                    text.know(pending.result())
                yield so_far.add(response, text.feed(response.delta or ""))
            yield so_far.end(text, await asyncio.to_thread(pending.result))

        return responses()

    def complete(self, prompt: str, formatted: bool = False, **told: Any) -> Any:  # noqa: FBT001, FBT002  LlamaIndex's signature
        return self.llm.complete(prompt, formatted=formatted, **told)

    async def acomplete(self, prompt: str, formatted: bool = False, **told: Any) -> Any:  # noqa: FBT001, FBT002  LlamaIndex's signature
        return await self.llm.acomplete(prompt, formatted=formatted, **told)

    def stream_complete(self, prompt: str, formatted: bool = False, **told: Any) -> Any:  # noqa: FBT001, FBT002  LlamaIndex's signature
        return self.llm.stream_complete(prompt, formatted=formatted, **told)

    async def astream_complete(self, prompt: str, formatted: bool = False, **told: Any) -> Any:  # noqa: FBT001, FBT002  LlamaIndex's signature
        return await self.llm.astream_complete(prompt, formatted=formatted, **told)

    def _asked(self, messages: Sequence[ChatMessage]) -> tuple[list[ChatMessage], Pending]:
        turns = [{"role": one.role.value, "content": one.content or ""} for one in messages]
        clean = without_ads(turns, base_url=self.network.base_url)
        kept = [
            old if new is turn else ChatMessage(role=old.role, content=new["content"])
            for old, turn, new in zip(messages, turns, clean, strict=True)
        ]
        return kept, self.network.ads.start(messages=clean, **self.ad_options)

    def _placed(self, response: ChatResponse, match: Match) -> ChatResponse:
        text = response.message.content or ""
        delivery = Delivery(self.delivery)
        placed = place_answer(text, match.decision, delivery=delivery, blocked=objection_to(text))
        if placed.content != text:
            response.message.content = placed.content
        response.additional_kwargs["tollfree"] = field_to_json(placed.field)
        return response


class _SoFar:
    """LlamaIndex's streams carry the text so far in every response."""

    def __init__(self) -> None:
        self._text = ""
        self._role: Any = "assistant"

    def add(self, response: ChatResponse, delta: str) -> ChatResponse:
        self._text += delta
        self._role = response.message.role
        message = ChatMessage(
            role=self._role,
            content=self._text,
            additional_kwargs=response.message.additional_kwargs,
        )
        return response.model_copy(update={"message": message, "delta": delta})

    def end(self, text: TextWithAd, match: Match) -> ChatResponse:
        tail = text.end(match)
        assert text.field is not None
        self._text += tail
        return ChatResponse(
            message=ChatMessage(role=self._role, content=self._text),
            delta=tail,
            additional_kwargs={"tollfree": field_to_json(text.field)},
        )
