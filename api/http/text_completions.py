"""The legacy ``POST /v1/completions``: one prompt is one user message.

Translates both ways, log probabilities included. Refuses what the chat format cannot do: token
arrays, several prompts at once, `suffix`, `echo` and `best_of`.
"""

from collections.abc import Mapping
from typing import Any, Final

from api.http.reading import passed_on, refused
from api.http.responses_answer import id_after
from api.upstream.event_stream import DONE_EVENT, event_of
from kernel.errors import BadRequest

_SAME: Final = (
    "model", "temperature", "top_p", "n", "stream", "stream_options", "stop", "max_tokens",
    "presence_penalty", "frequency_penalty", "logit_bias", "seed", "user", "tollfree",
)  # fmt: skip
_REASONS: Final = {"stop", "length", "content_filter"}


def chat_request(body: Mapping[str, Any]) -> dict[str, Any]:
    """The chat body for a completions body. Raises BadRequest."""
    if body.get("suffix"):
        raise refused("suffix", "is not offered: the models here write on, they do not fill in.")
    if body.get("echo"):
        raise refused("echo", "is not offered. Put the prompt before the answer yourself.")
    if body.get("best_of") not in (None, 1, body.get("n")):
        raise refused("best_of", "is not offered. Use `n`, and choose yourself.")
    chat = passed_on(body, _SAME)
    chat["messages"] = [{"role": "user", "content": _prompt(body.get("prompt"))}]
    if type(body.get("logprobs")) is int:
        chat |= {"logprobs": True, "top_logprobs": body["logprobs"]}
    return chat


def whole(chat: dict[str, Any]) -> dict[str, Any]:
    """The completion for a chat answer in one piece."""
    choices = [
        _choice(one, one["message"].get("content") or one["message"].get("refusal") or "")
        for one in chat["choices"]
    ]
    return _envelope(chat) | {"choices": choices} | passed_on(chat, ("usage", "tollfree"))


class CompletionEvents:
    """Chunks of a chat stream as chunks of a text."""

    def chunk(self, body: dict[str, Any]) -> list[bytes]:
        choices = [
            _choice(one, (one.get("delta") or {}).get("content") or "")
            for one in body["choices"]
            if (one.get("delta") or {}).get("content") or one.get("finish_reason")
        ]
        if not choices and not body.get("usage"):
            return []
        extra = passed_on(body, ("usage", "tollfree"))
        return [event_of(_envelope(body) | {"choices": choices} | extra)]

    def done(self) -> list[bytes]:
        return [DONE_EVENT]

    def broken(self, error: Mapping[str, Any]) -> bytes:
        return event_of({"error": dict(error)})


def _prompt(prompt: Any) -> str:
    if isinstance(prompt, str):
        return prompt
    if not isinstance(prompt, list) or not prompt:
        raise BadRequest("`prompt` must be a string.", param="prompt")
    if not isinstance(prompt[0], str):
        raise refused("prompt", "must be text: models here do not share one tokenizer.")
    if len(prompt) > 1:
        raise refused("prompt", "may hold one text only. Send one request for each.")
    return prompt[0]


def _envelope(chat: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": id_after("cmpl", chat.get("id")),
        "object": "text_completion",
        "created": chat.get("created", 0),
        "model": chat.get("model"),
    } | passed_on(chat, ("system_fingerprint",))


def _choice(one: Mapping[str, Any], text: str) -> dict[str, Any]:
    told = one.get("finish_reason")
    reason = told if told in _REASONS or told is None else "stop"
    return {
        "index": one.get("index", 0),
        "text": text,
        "logprobs": _logprobs(one.get("logprobs")),
        "finish_reason": reason,
    }


def _logprobs(told: Any) -> dict[str, Any] | None:
    tokens = told.get("content") if isinstance(told, dict) else None
    if not tokens:
        return None
    offsets, at = [], 0
    for one in tokens:
        offsets.append(at)
        at += len(one["token"])
    return {
        "tokens": [one["token"] for one in tokens],
        "token_logprobs": [one["logprob"] for one in tokens],
        "top_logprobs": [
            {top["token"]: top["logprob"] for top in one.get("top_logprobs") or []}
            for one in tokens
        ],
        "text_offset": offsets,
    }
