"""LangChain's OpenAI package, as its users use it."""

from typing import Any

from checks import QUESTION, expect_ad, run
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, SecretStr


class Shoe(BaseModel):
    name: str
    price: float


@tool
def get_weather(place: str) -> str:
    """The weather at a place."""
    return f"22 degrees in {place}"


def chat(url: str, **members: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model="demo",
        base_url=f"{url}/v1",
        api_key=SecretStr("tf_live_x"),
        max_retries=0,
        **members,
    )


def check_invoke(url: str, ads: bool) -> None:
    answer = chat(url).invoke(QUESTION)

    expect_ad(answer.text, ads=ads)
    assert answer.usage_metadata
    assert answer.usage_metadata["output_tokens"] > 0


def check_stream(url: str, ads: bool) -> None:
    whole: Any = None
    for chunk in chat(url, stream_usage=True).stream(QUESTION):
        whole = chunk if whole is None else whole + chunk

    expect_ad(whole.text, ads=ads)
    assert whole.usage_metadata["output_tokens"] > 0


def check_tools(url: str, ads: bool) -> None:
    bound = chat(url).bind_tools([get_weather])
    asked = HumanMessage("Tell me the weather in Lisbon.")
    answer = bound.invoke([asked])
    assert isinstance(answer, AIMessage)
    (call,) = answer.tool_calls
    result = ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])

    assert "22 degrees" in bound.invoke([asked, answer, result]).text


def check_structured_output(url: str, ads: bool) -> None:
    for method in ("json_schema", "function_calling"):
        bound = chat(url).with_structured_output(Shoe, method=method)

        assert isinstance(bound.invoke(QUESTION), Shoe)


def check_responses(url: str, ads: bool) -> None:
    model = chat(url, use_responses_api=True)
    whole: Any = None
    for chunk in model.stream(QUESTION):
        whole = chunk if whole is None else whole + chunk

    expect_ad(model.invoke(QUESTION).text, ads=ads)
    expect_ad(whole.text, ads=ads)


def check_embeddings(url: str, ads: bool) -> None:
    embedder = OpenAIEmbeddings(
        model="lexical",
        base_url=f"{url}/v1",
        api_key=SecretStr("tf_live_x"),
        # Without this the package cuts texts into the token ids of another model.
        check_embedding_ctx_length=False,
    )

    assert [len(vector) for vector in embedder.embed_documents(["shoes", "tea"])] == [1024, 1024]


if __name__ == "__main__":
    run(globals())
