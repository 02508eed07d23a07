"""Place clearly labelled ads in the answers of any LLM service, and earn a share.

    Tollfree, AsyncTollfree     ask the network, report steps and conversions
    with_ads                    around an OpenAI client, return types unchanged
    tollfree_sdk.adapters       FastAPI, LangChain, LlamaIndex, litellm
    tollfree_sdk.placement      put an ad into a text and take it out again
    tollfree_sdk.testing        an ad server for your tests

Depends on httpx only, and imports it when `Tollfree` is first named. Types: see the stub beside it.
"""

import importlib
from typing import Any, Final

_HOMES: Final = {
    "AsyncTollfree": "tollfree_sdk.async_network",
    "Match": "tollfree_sdk.match",
    "Tollfree": "tollfree_sdk.network",
    "with_ads": "tollfree_sdk.adapters.openai",
}

__all__ = ["AsyncTollfree", "Match", "Tollfree", "with_ads"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"tollfree_sdk has no {name}.")
    return getattr(importlib.import_module(_HOMES[name]), name)
