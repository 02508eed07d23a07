"""Ads in the answers of LangChain agents, as a middleware.

    agent = create_agent(model, tools, middleware=[TollfreeMiddleware(Tollfree(…))])

Only an answer for people gets an ad: a turn of the model that calls a tool is left alone. The model
never reads an earlier ad; the match runs beside its call.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from langchain.agents.middleware import AgentMiddleware

from tollfree_sdk.adapters.langchain import asked, placed_in, without_ads_of
from tollfree_sdk.network import Tollfree


class TollfreeMiddleware(AgentMiddleware):  # type: ignore[misc]  # as in `langchain`
    """Around every call of an agent's model. `options` are those of ``ads.match``."""

    def __init__(self, network: Tollfree, *, delivery: str = "content", **options: Any) -> None:
        super().__init__()
        self._network, self._delivery, self._options = network, delivery, options

    def wrap_model_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """The model's answer with an ad."""
        clean = without_ads_of(self._network, request.messages)
        pending = asked(self._network, clean, self._options)
        response = handler(request.override(messages=clean))
        placed_in(response.result[-1], pending.result(), self._delivery)
        return response

    async def awrap_model_call(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        """The same in an event loop."""
        clean = without_ads_of(self._network, request.messages)
        pending = asked(self._network, clean, self._options)
        response = await handler(request.override(messages=clean))
        match = await asyncio.to_thread(pending.result)
        placed_in(response.result[-1], match, self._delivery)
        return response
