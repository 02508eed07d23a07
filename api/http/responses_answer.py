"""Objects of the Responses wire: the response, its items and their parts.

Ids are derived from the chat answer's, so that the same answer always reads the same. `store` is
false whatever was asked, because nothing is kept.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from api.http.reading import passed_on, whole_usage

_ECHOED: Final[dict[str, Any]] = {
    "instructions": None, "max_output_tokens": None, "metadata": {}, "parallel_tool_calls": True,
    "temperature": 1.0, "tool_choice": "auto", "top_p": 1.0,
}  # fmt: skip
_INCOMPLETE: Final = {"length": "max_output_tokens", "content_filter": "content_filter"}


def id_after(prefix: str, chat_id: Any, number: int = 0) -> str:
    """``resp_…`` for an answer, ``msg_…`` or ``fc_…`` for the `number`-th item in it."""
    seed = f"{chat_id}\0{number}".encode("utf-8", "surrogatepass")
    return f"{prefix}_{blake2b(seed, digest_size=16).hexdigest()}"


def response(
    asked: Mapping[str, Any], chat: Mapping[str, Any], status: str, output: list[dict[str, Any]]
) -> dict[str, Any]:
    """The response object around `output`; `chat` is the answer or a chunk of it."""
    text = asked.get("text") or {}
    reasoning = asked.get("reasoning") or {}
    echoed = {
        name: default if asked.get(name) is None else asked[name]
        for name, default in _ECHOED.items()
    }
    named = ("user", "safety_identifier", "prompt_cache_key")
    echoed |= passed_on(asked, named)
    return echoed | {
        "id": id_after("resp", chat.get("id")),
        "object": "response",
        "created_at": chat.get("created", 0),
        "status": status,
        "completed_at": None,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": chat.get("model", asked.get("model")),
        "output": output,
        "previous_response_id": None,
        "reasoning": {"effort": reasoning.get("effort"), "summary": None},
        "service_tier": chat.get("service_tier") or "default",
        "store": False,
        "text": {"format": {"type": "text"}} | {k: v for k, v in text.items() if v is not None},
        "tools": [_echoed_tool(tool) for tool in asked.get("tools") or []],
        "top_logprobs": asked.get("top_logprobs") or 0,
        "truncation": "disabled",
    }


def finished(
    asked: Mapping[str, Any],
    chat: Mapping[str, Any],
    reason: str | None,
    output: list[dict[str, Any]],
) -> dict[str, Any]:
    """The response when the model has stopped for `reason`."""
    cut = _INCOMPLETE.get(reason or "")
    made = response(asked, chat, "incomplete" if cut else "completed", output)
    if cut:
        made["incomplete_details"] = {"reason": cut}
    else:
        made["completed_at"] = made["created_at"]
    if isinstance(chat.get("usage"), dict):
        made["usage"] = usage(chat["usage"])
    if "tollfree" in chat:
        made["tollfree"] = chat["tollfree"]
    return made


def usage(given: dict[str, Any]) -> dict[str, Any]:
    """Responses' names for the counts; left out where the upstream told none."""
    counts = whole_usage(given)
    return {
        "input_tokens": counts["prompt"],
        "input_tokens_details": {"cached_tokens": counts["cached"], "cache_write_tokens": 0},
        "output_tokens": counts["completion"],
        "output_tokens_details": {"reasoning_tokens": counts["reasoning"]},
        "total_tokens": counts["prompt"] + counts["completion"],
    }


def message_item(item_id: str, parts: list[dict[str, Any]], status: str) -> dict[str, Any]:
    return {
        "id": item_id,
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": parts,
    }


def reasoning_item(item_id: str, parts: list[dict[str, Any]], status: str) -> dict[str, Any]:
    return {"id": item_id, "type": "reasoning", "summary": [], "content": parts, "status": status}


def call_item(
    item_id: str, call_id: str, name: str, *, arguments: str, status: str
) -> dict[str, Any]:
    return {
        "id": item_id,
        "type": "function_call",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        "status": status,
    }


def text_part(text: str, logprobs: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs or []}


def logprobs_of(choice: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The token probabilities of a choice, in this wire's form."""
    told = choice.get("logprobs")
    tokens = told.get("content") if isinstance(told, dict) else None
    return [
        _token(one) | {"top_logprobs": [_token(top) for top in one.get("top_logprobs") or []]}
        for one in tokens or []
    ]


def thoughts_in(said: Mapping[str, Any]) -> str:
    """What a message or delta tells of the model's reasoning, under either name in use."""
    told = said.get("reasoning_content") or said.get("reasoning")
    return told if isinstance(told, str) else ""


def whole(asked: Mapping[str, Any], chat: dict[str, Any]) -> dict[str, Any]:
    """The response for a chat answer in one piece."""
    choice = chat["choices"][0]
    message, reason = choice["message"], choice.get("finish_reason")
    status = "incomplete" if reason in _INCOMPLETE else "completed"
    output: list[dict[str, Any]] = []

    def named(prefix: str) -> str:
        return id_after(prefix, chat.get("id"), len(output) + 1)

    if thoughts := thoughts_in(message):
        parts = [{"type": "reasoning_text", "text": thoughts}]
        output.append(reasoning_item(named("rs"), parts, "completed"))
    parts = []
    if isinstance(message.get("content"), str) and message["content"]:
        parts.append(text_part(message["content"], logprobs_of(choice)))
    if message.get("refusal"):
        parts.append({"type": "refusal", "refusal": message["refusal"]})
    if parts or not message.get("tool_calls"):
        output.append(message_item(named("msg"), parts or [text_part("")], status))
    for call in message.get("tool_calls") or []:
        said = call.get("function") or {}
        output.append(
            call_item(
                named("fc"),
                call.get("id", ""),
                said.get("name", ""),
                arguments=said.get("arguments") or "",
                status=status,
            )
        )
    return finished(asked, chat, reason, output)


def _token(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "token": one.get("token", ""),
        "bytes": one.get("bytes") or [],
        "logprob": one.get("logprob", 0.0),
    }


def _echoed_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    return {"strict": None, "parameters": None, "description": None} | dict(tool)
