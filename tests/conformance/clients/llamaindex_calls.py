"""LlamaIndex, by OpenAILike and by its own OpenAI class, as its users use them."""

import asyncio
from typing import Any

from checks import QUESTION, expect_ad, run
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai import OpenAI
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel


class Shoe(BaseModel):
    """A shoe."""

    name: str
    price: float


def like(url: str, **members: Any) -> OpenAILike:
    return OpenAILike(
        model="demo",
        api_base=f"{url}/v1",
        api_key="tf_live_x",
        is_chat_model=True,
        is_function_calling_model=True,
        max_retries=0,
        **members,
    )


def asked() -> list[ChatMessage]:
    return [ChatMessage(role="user", content=QUESTION)]


def check_chat(url: str, ads: bool) -> None:
    expect_ad(str(like(url).chat(asked()).message.content), ads=ads)


def check_stream_chat(url: str, ads: bool) -> None:
    *_, last = like(url).stream_chat(asked())

    expect_ad(str(last.message.content), ads=ads)


def check_async_stream(url: str, ads: bool) -> None:
    async def read() -> str:
        text = ""
        async for chunk in await like(url).astream_chat(asked()):
            text += chunk.delta or ""
        return text

    expect_ad(asyncio.run(read()), ads=ads)


def check_complete(url: str, ads: bool) -> None:
    expect_ad(like(url).complete(QUESTION).text, ads=ads)


def check_legacy_completions(url: str, ads: bool) -> None:
    plain = like(url)
    plain.is_chat_model = False

    expect_ad(plain.complete(QUESTION).text, ads=ads)


def check_tools(url: str, ads: bool) -> None:
    def get_weather(place: str) -> str:
        """The weather at a place."""
        return f"22 degrees in {place}"

    tool = FunctionTool.from_defaults(fn=get_weather)
    told = like(url).predict_and_call(
        [tool], user_msg="Use get_weather: what is the weather in Lisbon?"
    )

    assert "22 degrees" in str(told)


def check_structured(url: str, ads: bool) -> None:
    shoe = like(url, should_use_structured_outputs=True).as_structured_llm(Shoe)

    assert isinstance(shoe.chat(asked()).raw, Shoe)


def check_own_class(url: str, ads: bool) -> None:
    # The class knows OpenAI's names only, so the request is sent to one of ours under such a name.
    own = OpenAI(model="gpt-4o-mini", api_base=f"{url}/v1", api_key="tf_live_x", max_retries=0)
    *_, last = own.stream_chat(asked())

    expect_ad(str(own.chat(asked()).message.content), ads=ads)
    expect_ad(str(last.message.content), ads=ads)


if __name__ == "__main__":
    run(globals())
