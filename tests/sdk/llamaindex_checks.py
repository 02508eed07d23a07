"""What the LlamaIndex adapter owes to its users; a program for the environment that has it."""

import asyncio
import sys
from typing import Any

from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike
from openai_stand_in import ANSWER, OpenAIStandIn
from readme_examples import run_example

from tollfree_sdk import Tollfree
from tollfree_sdk.adapters.llamaindex import LLMWithAds
from tollfree_sdk.testing import CannedAdServer

STARTS = ANSWER + "\n\n---\n**Sponsored · Strideworks** — "
MESSAGES = [ChatMessage(role="user", content="Which trail shoes?")]


def main() -> None:
    with OpenAIStandIn() as server, CannedAdServer() as ads:
        network = Tollfree("tf_pub_test", base_url=ads.url, timeout=5.0)
        inner = OpenAILike(model="m", api_base=server.url, api_key="k", is_chat_model=True)
        model = LLMWithAds(llm=inner, network=network)

        answer = model.chat(MESSAGES)
        assert answer.message.content.startswith(STARTS), answer.message.content
        assert answer.additional_kwargs["tollfree"]["ads"][0]["label"] == "Sponsored"

        model.chat([*MESSAGES, answer.message, *MESSAGES])
        assert server.bodies[-1]["messages"][1]["content"] == ANSWER

        responses = list(model.stream_chat(MESSAGES))
        assert "".join(one.delta for one in responses).startswith(STARTS)
        assert responses[-1].message.content.startswith(STARTS)

        asyncio.run(in_an_event_loop(model))
        network.close()
        names = run_example("LlamaIndex", model_url=server.url, ads_url=ads.url)
        assert names["answer"].message.content.startswith(ANSWER)


async def in_an_event_loop(model: Any) -> None:
    assert (await model.achat(MESSAGES)).message.content.startswith(STARTS)
    streamed = [one.delta async for one in await model.astream_chat(MESSAGES)]
    assert "".join(streamed).startswith(STARTS)


if __name__ == "__main__":
    main()
    sys.stdout.write("passed\n")
