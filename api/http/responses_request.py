"""A request of ``POST /v1/responses``, as the chat request that means the same.

Translates input items, function tools and text formats. We keep no state: what refers to something
stored is refused with what to send instead, and so are tools that only OpenAI can run.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from api.http.reading import objects, passed_on, refused, required, text_in
from kernel.errors import BadRequest

_SAME: Final = (
    "model", "temperature", "top_p", "stream", "metadata", "user", "parallel_tool_calls",
    "service_tier", "safety_identifier", "prompt_cache_key", "tollfree",
)  # fmt: skip
_ROLES: Final = {"user", "assistant", "system", "developer"}
_STATE: Final = {
    "previous_response_id": (
        "names an answer that we do not keep. Send the earlier items again in `input`, with the "
        "`output` of the previous response among them."
    ),
    "conversation": "is kept nowhere here. Send the whole conversation in `input`.",
    "background": "needs answers that are kept. Leave it out, and use `stream` for long answers.",
    "prompt": "names a template stored at OpenAI. Send its text in `instructions` and `input`.",
}
_EFFORTS: Final = {"none", "minimal", "low", "medium", "high", "xhigh", "max"}


def chat_request(body: Mapping[str, Any]) -> dict[str, Any]:
    """The chat body for a Responses body. Raises BadRequest."""
    for name, why in _STATE.items():
        if body.get(name):
            raise refused(name, why)
    chat = passed_on(body, _SAME)
    chat["messages"] = _messages(body)
    if body.get("max_output_tokens") is not None:
        chat["max_completion_tokens"] = body["max_output_tokens"]
    chat |= _reasoning(body.get("reasoning")) | _text_format(body.get("text")) | _logprobs(body)
    if tools := [_tool(tool, f"tools[{at}]") for at, tool in _listed(body, "tools")]:
        chat["tools"] = tools
    if body.get("tool_choice") is not None:
        chat["tool_choice"] = _tool_choice(body["tool_choice"])
    if chat.get("stream") is True:
        chat["stream_options"] = {"include_usage": True}
    return chat


def _listed(body: Mapping[str, Any], name: str) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(objects(body.get(name), name)))


def _messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if body.get("instructions") is not None:
        text = required(body, "instructions", str, "a string")
        messages.append({"role": "system", "content": text})
    given = body.get("input")
    if isinstance(given, str):
        return [*messages, {"role": "user", "content": given}]
    if not isinstance(given, list) or not given:
        raise BadRequest("`input` must be a string or a list of items.", param="input")
    for at, item in enumerate(objects(given, "input")):
        _add_item(messages, item, f"input[{at}]")
    return messages


def _add_item(messages: list[dict[str, Any]], item: dict[str, Any], where: str) -> None:
    match item.get("type", "message"):
        case "message":
            messages.append(_message(item, where))
        case "function_call":
            _add_call(messages, item, where)
        case "function_call_output":
            messages.append(
                {
                    "role": "tool",
                    "tool_call_id": text_in(item, "call_id", where),
                    "content": _content(item.get("output"), f"{where}.output"),
                }
            )
        case "reasoning":
            # Thoughts belong to the model that had them; the chat format has no place for them.
            return
        case "item_reference":
            raise refused(where, "refers to an item that we do not keep. Send the item itself.")
        case _:
            raise refused(
                where, "is of a type that is not offered here. Send messages and function calls."
            )


def _message(item: dict[str, Any], where: str) -> dict[str, Any]:
    role = item.get("role")
    if role not in _ROLES:
        raise BadRequest(
            f"`{where}.role` must be one of {', '.join(sorted(_ROLES))}.", param=f"{where}.role"
        )
    return {"role": role, "content": _content(item.get("content"), f"{where}.content")}


def _add_call(messages: list[dict[str, Any]], item: dict[str, Any], where: str) -> None:
    """Join a call to the assistant's turn that it belongs to: chat keeps both in one message."""
    call = {
        "id": text_in(item, "call_id", where),
        "type": "function",
        "function": {
            "name": text_in(item, "name", where),
            "arguments": text_in(item, "arguments", where),
        },
    }
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": None})
    messages[-1].setdefault("tool_calls", []).append(call)


def _content(content: Any, where: str) -> str | list[dict[str, Any]]:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise BadRequest(f"`{where}` must be a string or a list of parts.", param=where)
    parts = [_part(part, f"{where}[{at}]") for at, part in enumerate(objects(content, where))]
    if len(parts) == 1 and parts[0]["type"] == "text":
        return str(parts[0]["text"])
    return parts


def _part(part: dict[str, Any], where: str) -> dict[str, Any]:
    make = _PARTS.get(str(part.get("type")))
    if make is None:
        raise refused(where, f"must be one of {', '.join(_PARTS)}.")
    return make(part, where)


def _text_part(part: dict[str, Any], where: str) -> dict[str, Any]:
    return {"type": "text", "text": text_in(part, "text", where)}


def _image_part(part: dict[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(part.get("image_url"), str):
        raise refused(where, "must have an `image_url`; files are not kept here.")
    return {
        "type": "image_url",
        "image_url": {"url": part["image_url"]} | passed_on(part, ("detail",)),
    }


def _file_part(part: dict[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(part.get("file_data"), str):
        raise refused(where, "must have `file_data`; files are not kept here.")
    return {"type": "file", "file": passed_on(part, ("file_data", "filename"))}


_PARTS: Final[dict[str, Callable[[dict[str, Any], str], dict[str, Any]]]] = {
    "input_text": _text_part,
    "output_text": _text_part,
    "refusal": lambda part, where: {"type": "text", "text": text_in(part, "refusal", where)},
    "input_image": _image_part,
    "input_file": _file_part,
    "input_audio": lambda part, _: {"type": "input_audio", "input_audio": part.get("input_audio")},
}


def _tool(tool: dict[str, Any], where: str) -> dict[str, Any]:
    if tool.get("type") != "function":
        raise refused(where, "must be of type `function`: tools are run by you, not by us.")
    text_in(tool, "name", where)
    known = ("name", "description", "parameters", "strict")
    return {"type": "function", "function": passed_on(tool, known)}


def _tool_choice(choice: Any) -> Any:
    match choice:
        case "none" | "auto" | "required":
            return choice
        case {"type": "function", "name": str(name)}:
            return {"type": "function", "function": {"name": name}}
        case {"type": "allowed_tools", "mode": mode, "tools": list(tools)}:
            allowed = [{"type": "function", "function": {"name": one.get("name")}} for one in tools]
            return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": allowed}}
        case _:
            raise refused("tool_choice", "must be none, auto, required, or name a function.")


def _reasoning(given: Any) -> dict[str, Any]:
    effort = given.get("effort") if isinstance(given, dict) else None
    if effort is None:
        return {}
    if effort not in _EFFORTS:
        raise BadRequest("`reasoning.effort` is not one we know.", param="reasoning.effort")
    return {"reasoning_effort": effort}


def _text_format(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        return {}
    chat = passed_on(given, ("verbosity",))
    match given.get("format"):
        case None | {"type": "text"}:
            return chat
        case {"type": "json_object"}:
            return chat | {"response_format": {"type": "json_object"}}
        case {"type": "json_schema", **schema}:
            return chat | {"response_format": {"type": "json_schema", "json_schema": schema}}
        case _:
            raise BadRequest(
                "`text.format.type` must be text, json_object or json_schema.", param="text.format"
            )


def _logprobs(body: Mapping[str, Any]) -> dict[str, Any]:
    asked = "message.output_text.logprobs" in (body.get("include") or ())
    if not asked and not body.get("top_logprobs"):
        return {}
    return {"logprobs": True} | passed_on(body, ("top_logprobs",))
