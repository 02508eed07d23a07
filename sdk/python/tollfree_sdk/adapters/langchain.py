"""Ads in the answers of any LangChain chat model.

    model = ChatTollfree(model=ChatOpenAI(…), network=Tollfree(…))

Invoke and stream it like the model inside. The message's ``response_metadata["tollfree"]`` describes
what was placed. Agents, which bind tools, take `tollfree_sdk.adapters.langchain_agents` instead.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from tollfree_sdk.contract import Delivery, NoFill
from tollfree_sdk.match import Match
from tollfree_sdk.network import Pending, Tollfree
from tollfree_sdk.placement import place_answer, remove, well_formed
from tollfree_sdk.placement.answers import objection_to
from tollfree_sdk.streaming import TextWithAd
from tollfree_sdk.wire import field_to_json

_ROLES = {"human": "user", "ai": "assistant"}


class ChatTollfree(BaseChatModel):  # type: ignore[misc]  # LangChain is not installed where types are checked
    """A chat model around another one."""

    model: BaseChatModel
    network: Any
    delivery: str = "content"
    ad_options: dict[str, Any] = {}  # noqa: RUF012  pydantic copies it

    @property
    def _llm_type(self) -> str:
        return f"{self.model._llm_type}-with-ads"  # noqa: SLF001  the same class's

    def _generate(self, messages: list[BaseMessage], *given: Any, **told: Any) -> ChatResult:
        clean = without_ads_of(self.network, messages)
        pending = asked(self.network, clean, self.ad_options)
        result = self.model._generate(clean, *given, **told)  # noqa: SLF001  the same class's
        placed_in(result.generations[0].message, pending.result(), self.delivery)
        return result

    async def _agenerate(self, messages: list[BaseMessage], *given: Any, **told: Any) -> ChatResult:
        clean = without_ads_of(self.network, messages)
        pending = asked(self.network, clean, self.ad_options)
        result = await self.model._agenerate(clean, *given, **told)  # noqa: SLF001  the same class's
        match = await asyncio.to_thread(pending.result)
        placed_in(result.generations[0].message, match, self.delivery)
        return result

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: Any = None,
        run_manager: Any = None,  # noqa: ARG002  LangChain tells it of the chunks that we give
        **told: Any,
    ) -> Iterator[ChatGenerationChunk]:
        clean = without_ads_of(self.network, messages)
        pending, text = asked(self.network, clean, self.ad_options), TextWithAd(self.delivery)
        is_known = calls_tools = False
        for chunk in self.model._stream(clean, stop, None, **told):  # noqa: SLF001  the same class's
            if not is_known and pending.is_ready:
                is_known = True
                text.know(pending.result())
            calls_tools |= bool(chunk.message.tool_call_chunks)
            yield _fed(chunk, text)
        yield _tail(text, pending.result(), calls_tools=calls_tools)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: Any = None,
        run_manager: Any = None,  # noqa: ARG002  LangChain tells it of the chunks that we give
        **told: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        clean = without_ads_of(self.network, messages)
        pending, text = asked(self.network, clean, self.ad_options), TextWithAd(self.delivery)
        is_known = calls_tools = False
        async for chunk in self.model._astream(clean, stop, None, **told):  # noqa: SLF001  the same class's
            if not is_known and pending.is_ready:
                is_known = True
                text.know(pending.result())
            calls_tools |= bool(chunk.message.tool_call_chunks)
            yield _fed(chunk, text)
        yield _tail(text, await asyncio.to_thread(pending.result), calls_tools=calls_tools)


def asked(network: Tollfree, messages: Sequence[BaseMessage], options: dict[str, Any]) -> Pending:
    """The match on its way."""
    turns = [
        {"role": _ROLES.get(message.type, message.type), "content": message.content}
        for message in messages
    ]
    return network.ads.start(messages=turns, **options)


def without_ads_of(network: Tollfree, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The same messages without our earlier ads."""
    return [_clean(network, message) for message in messages]


def placed_in(message: BaseMessage, match: Match, delivery: str) -> None:
    """Place the match in a finished message, unless it calls tools or is more than text."""
    text = message.content if isinstance(message.content, str) else ""
    is_text = isinstance(message.content, str) and not getattr(message, "tool_calls", None)
    blocked = objection_to(text) if is_text else NoFill.NOT_PLACEABLE
    placed = place_answer(text, match.decision, delivery=Delivery(delivery), blocked=blocked)
    if is_text:
        message.content = placed.content
    message.response_metadata["tollfree"] = field_to_json(placed.field)


def _clean(network: Tollfree, message: BaseMessage) -> BaseMessage:
    if not isinstance(message, AIMessage):
        return message
    told = [{"role": "assistant", "content": message.content}]
    removed = remove(told, public_url=network.base_url, verifies=well_formed)
    if not removed.removed:
        return message
    return message.model_copy(update={"content": removed.messages[0]["content"]})


def _fed(chunk: ChatGenerationChunk, text: TextWithAd) -> ChatGenerationChunk:
    said = chunk.message.content
    if not isinstance(said, str) or not said:
        return chunk
    message = chunk.message.model_copy(update={"content": text.feed(said)})
    return ChatGenerationChunk(message=message, generation_info=chunk.generation_info)


def _tail(text: TextWithAd, match: Match, *, calls_tools: bool) -> ChatGenerationChunk:
    tail = text.end(match, blocked=NoFill.NOT_PLACEABLE if calls_tools else None)
    assert text.field is not None
    told = {"tollfree": field_to_json(text.field)}
    return ChatGenerationChunk(message=AIMessageChunk(content=tail, response_metadata=told))
