"""A request of Anthropic's ``POST /v1/messages``, as the chat request that means the same.

Text, images, documents, tool use and tool results are translated; earlier thoughts are left out,
because only the model that had them can read them. Tools that only Anthropic can run are refused.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from api.http.reading import objects, passed_on, refused, required, text_in
from kernel.errors import BadRequest

_SAME: Final = ("model", "temperature", "top_p", "top_k", "stream", "service_tier", "tollfree")
_THOUGHTS: Final = {"thinking", "redacted_thinking"}
_TEXT_MEDIA: Final = "text/plain"


def chat_request(body: Mapping[str, Any], *, counts_only: bool = False) -> dict[str, Any]:
    """The chat body for a Messages body. Raises BadRequest."""
    chat = passed_on(body, _SAME)
    # Anthropic's tiers are not the upstream's; a plain answer is what both mean by default.
    chat.pop("service_tier", None)
    if not counts_only:
        given = required(body, "max_tokens", int, "a whole number; it is required here")
        chat["max_completion_tokens"] = given
    chat["messages"] = [*_system(body.get("system")), *_messages(body)]
    if body.get("stop_sequences"):
        chat["stop"] = body["stop_sequences"]
    if tools := [_tool(tool, f"tools[{at}]") for at, tool in _listed(body, "tools")]:
        chat["tools"] = tools
    if isinstance(body.get("tool_choice"), dict):
        chat |= _tool_choice(body["tool_choice"])
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and isinstance(user := metadata.get("user_id"), str):
        chat["user"] = user
    chat |= _thinking(body.get("thinking")) | _output_format(body)
    if chat.get("stream") is True:
        chat["stream_options"] = {"include_usage": True}
    return chat


def _listed(body: Mapping[str, Any], name: str) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(objects(body.get(name), name)))


def _system(system: Any) -> list[dict[str, Any]]:
    if system is None:
        return []
    if isinstance(system, str):
        return [{"role": "system", "content": system}]
    texts = [
        text_in(block, "text", f"system[{at}]")
        for at, block in enumerate(objects(system, "system"))
    ]
    return [{"role": "system", "content": "\n\n".join(texts)}] if texts else []


def _messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = required(body, "messages", list, "a list of messages")
    if not given:
        raise BadRequest("`messages` must have at least one message.", param="messages")
    messages: list[dict[str, Any]] = []
    for at, message in enumerate(objects(given, "messages")):
        where, role = f"messages[{at}]", message.get("role")
        if role not in ("user", "assistant", "system"):
            raise BadRequest(f"`{where}.role` must be user or assistant.", param=f"{where}.role")
        content = message.get("content")
        if isinstance(content, str):
            messages.append({"role": role, "content": content})
            continue
        blocks = objects(content, f"{where}.content")
        read = _assistant_turn if role == "assistant" else _user_turn
        messages += read(blocks, f"{where}.content", role)
    return messages


def _assistant_turn(blocks: list[dict[str, Any]], where: str, role: str) -> list[dict[str, Any]]:
    parts, calls = [], []
    for at, block in enumerate(blocks):
        place = f"{where}[{at}]"
        if block.get("type") in _THOUGHTS:
            continue
        if block.get("type") != "tool_use":
            parts.append(_part(block, place))
            continue
        arguments = orjson.dumps(block.get("input") or {}).decode()
        function = {"name": text_in(block, "name", place), "arguments": arguments}
        calls.append({"id": text_in(block, "id", place), "type": "function", "function": function})
    turn: dict[str, Any] = {"role": role, "content": _plain(parts) if parts else None}
    return [turn | ({"tool_calls": calls} if calls else {})]


def _user_turn(blocks: list[dict[str, Any]], where: str, role: str) -> list[dict[str, Any]]:
    """Results of tools are turns of their own in the chat format, and come first."""
    results, parts = [], []
    for at, block in enumerate(blocks):
        place = f"{where}[{at}]"
        if block.get("type") == "tool_result":
            results.append(
                {
                    "role": "tool",
                    "tool_call_id": text_in(block, "tool_use_id", place),
                    "content": _result(block.get("content"), f"{place}.content"),
                }
            )
        else:
            parts.append(_part(block, place))
    return [*results, *([{"role": role, "content": _plain(parts)}] if parts else [])]


def _result(content: Any, where: str) -> str | list[dict[str, Any]]:
    if content is None or isinstance(content, str):
        return content or ""
    parts = [_part(block, f"{where}[{at}]") for at, block in enumerate(objects(content, where))]
    return _plain(parts) if parts else ""


def _plain(parts: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """One text stands alone, as it would in a chat request written by hand."""
    return str(parts[0]["text"]) if len(parts) == 1 and parts[0]["type"] == "text" else parts


def _part(block: dict[str, Any], where: str) -> dict[str, Any]:
    source = block.get("source")
    match block.get("type"):
        case "text":
            return {"type": "text", "text": text_in(block, "text", where)}
        case "image" if isinstance(source, dict):
            return {"type": "image_url", "image_url": {"url": _address(source, where)}}
        case "document" if isinstance(source, dict) and source.get("media_type") == _TEXT_MEDIA:
            return {"type": "text", "text": text_in(source, "data", f"{where}.source")}
        case "document" if isinstance(source, dict) and source.get("type") == "base64":
            file = {"file_data": _address(source, where), "filename": block.get("title") or "file"}
            return {"type": "file", "file": file}
        case _:
            raise refused(where, "is of a type that is not offered here. Send text or images.")


def _address(source: Mapping[str, Any], where: str) -> str:
    match source:
        case {"type": "url", "url": str(url)}:
            return url
        case {"type": "base64", "media_type": str(media), "data": str(data)}:
            return f"data:{media};base64,{data}"
        case _:
            raise refused(f"{where}.source", "must be base64 data or a URL; files are not kept.")


def _tool(tool: dict[str, Any], where: str) -> dict[str, Any]:
    if tool.get("type") not in (None, "custom"):
        raise refused(where, "can only be run by Anthropic. Define it with an `input_schema`.")
    schema = tool.get("input_schema") or {"type": "object"}
    told = passed_on(tool, ("description", "strict"))
    return {
        "type": "function",
        "function": {"name": text_in(tool, "name", where), **told, "parameters": schema},
    }


def _tool_choice(choice: Mapping[str, Any]) -> dict[str, Any]:
    alone = choice.get("disable_parallel_tool_use")
    chat: dict[str, Any] = {} if alone is None else {"parallel_tool_calls": not alone}
    match choice:
        case {"type": "auto" | "none" as kind}:
            return chat | {"tool_choice": kind}
        case {"type": "any"}:
            return chat | {"tool_choice": "required"}
        case {"type": "tool", "name": str(name)}:
            return chat | {"tool_choice": {"type": "function", "function": {"name": name}}}
        case _:
            raise BadRequest(
                "`tool_choice.type` must be auto, any, tool or none.", param="tool_choice"
            )


def _thinking(thinking: Any) -> dict[str, Any]:
    """A budget of thought becomes the nearest effort."""
    if not isinstance(thinking, dict) or thinking.get("type") != "enabled":
        return {}
    budget = thinking.get("budget_tokens")
    if not isinstance(budget, int):
        return {"reasoning_effort": "medium"}
    return {
        "reasoning_effort": "low" if budget < 4_096 else "medium" if budget < 16_384 else "high"
    }


def _output_format(body: Mapping[str, Any]) -> dict[str, Any]:
    config = body.get("output_config")
    wanted = config.get("format") if isinstance(config, dict) else body.get("output_format")
    if not isinstance(wanted, dict):
        return {}
    schema = {"name": "answer", "schema": wanted.get("schema"), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}
