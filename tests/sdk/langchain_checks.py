"""What the LangChain adapters owe to their users; a program for the environment that has LangChain."""

import asyncio
import sys
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from openai_stand_in import ANSWER, OpenAIStandIn
from readme_examples import run_example

from tollfree_sdk import Tollfree
from tollfree_sdk.adapters.langchain import ChatTollfree
from tollfree_sdk.adapters.langchain_agents import TollfreeMiddleware
from tollfree_sdk.testing import CannedAdServer

STARTS = ANSWER + "\n\n---\n**Sponsored · Strideworks** — "


@tool
def look_up(what: str) -> str:
    """Look something up."""
    return what


def main() -> None:
    with OpenAIStandIn() as server, CannedAdServer() as ads:
        network = Tollfree("tf_pub_test", base_url=ads.url, timeout=5.0)
        inner = ChatOpenAI(model="m", base_url=server.url, api_key="k")
        model = ChatTollfree(model=inner, network=network)

        answer = model.invoke("Which trail shoes?")
        assert isinstance(answer, AIMessage)
        assert answer.content.startswith(STARTS), answer.content
        assert answer.response_metadata["tollfree"]["ads"][0]["label"] == "Sponsored"

        turns = [HumanMessage("Which?"), answer, HumanMessage("And socks?")]
        model.invoke(turns)
        assert server.bodies[-1]["messages"][1]["content"] == ANSWER

        streamed = "".join(chunk.content for chunk in model.stream("Which trail shoes?"))
        assert streamed.startswith(STARTS), streamed

        asyncio.run(in_an_event_loop(model))
        an_agent(inner, network, server)
        network.close()
        names = run_example("LangChain", model_url=server.url, ads_url=ads.url)
        assert names["answer"].content.startswith(ANSWER)
        asked = {"messages": [HumanMessage("Which trail shoes?")]}
        assert names["agent"].invoke(asked)["messages"][-1].content.startswith(ANSWER)


async def in_an_event_loop(model: Any) -> None:
    assert (await model.ainvoke("Which trail shoes?")).content.startswith(STARTS)
    streamed = "".join([chunk.content async for chunk in model.astream("Which trail shoes?")])
    assert streamed.startswith(STARTS)


def an_agent(inner: Any, network: Tollfree, server: OpenAIStandIn) -> None:
    agent = create_agent(inner, [], middleware=[TollfreeMiddleware(network)])
    said = agent.invoke({"messages": [HumanMessage("Which trail shoes?")]})["messages"][-1]
    assert said.content.startswith(STARTS), said.content
    said = agent.invoke({"messages": [HumanMessage("Which?"), said, HumanMessage("Why?")]})
    assert server.bodies[-1]["messages"][1]["content"] == ANSWER
    # A turn that calls a tool is for a program: this one stops before the tool is run.
    with_tools = create_agent(
        inner, [look_up], middleware=[TollfreeMiddleware(network)], interrupt_before=["tools"]
    )
    called = with_tools.invoke({"messages": [HumanMessage("Which?")]})["messages"][-1]
    assert called.tool_calls[0]["name"] == "look_up"
    assert not called.content
    assert called.response_metadata["tollfree"]["no_fill_reason"] == "not_placeable"


if __name__ == "__main__":
    main()
    sys.stdout.write("passed\n")
