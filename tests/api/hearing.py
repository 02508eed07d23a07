"""What a client makes of an answer, and answers of many shapes to make something of."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import orjson


@dataclass
class Heard:
    """What a client makes of an answer, streamed or plain."""

    content: str
    field: dict[str, Any] | None
    error: dict[str, Any] | None
    is_done: bool
    finish_reason: str | None


def heard(response: httpx.Response) -> Heard:
    if not response.headers["content-type"].startswith("text/event-stream"):
        body = response.json()
        choice = body["choices"][0]
        content = choice["message"]["content"] or ""
        return Heard(content, body.get("tollfree"), None, True, choice["finish_reason"])
    return heard_stream(response.content)


def heard_stream(raw: bytes) -> Heard:
    result = Heard("", None, None, False, None)
    for event in raw.split(b"\n\n"):
        if not event.startswith(b"data: "):
            assert not event or event.startswith(b":"), event
            continue
        assert not result.is_done, "nothing follows [DONE]"
        if event == b"data: [DONE]":
            result.is_done = True
            continue
        chunk = orjson.loads(event[6:])
        if "error" in chunk:
            result.error = chunk["error"]
            continue
        for choice in chunk["choices"]:
            if choice["index"] == 0:
                result.content += choice["delta"].get("content") or ""
                result.finish_reason = choice["finish_reason"] or result.finish_reason
        result.field = chunk.get("tollfree", result.field)
    return result


def without_spans(content: str, ads: Sequence[dict[str, Any]]) -> str:
    """The organic answer, from what the field says about the delivered one."""
    spans = sorted((span for ad in ads for span in ad["spans"]), key=lambda span: -span["start"])
    for span in spans:
        content = content[: span["start"]] + (span["original"] or "") + content[span["end"] :]
    return content


_PIECES = (
    "Start with the fit: a thumb's width at the toe. ",
    "It depends on how often you run, and where.\n\n",
    "1. Measure both feet.\n2. Try them on.\n3. Walk.\n\n",
    "- light\n- stable\n- dry\n\n",
    "```python\nfor shoe in shoes:\n    print(shoe)\n```\n\n",
    "> Somebody once said so.\n\n",
    "| a | b |\n| --- | --- |\n| 1 | 2 |\n\n",
    "Größe 42½ — naïve 👟🏽 and 靴を試す. ",
    "See [a shop](https://shop.example/p?id=1&x=2) for prices. ",
    "**Sponsored** is a word like any other --- here.\n",
    "\n---\n",
    "Line with trailing spaces   \n\n\n",
    "`code` and $5 and \\escapes\\ and <b>tags</b>. ",
    "```\nan unclosed fence",
)


def generated_answers(count: int, seed: int = 7) -> list[str]:
    """Answers of many shapes, the same ones each time."""
    draw = random.Random(seed)
    return ["".join(draw.choices(_PIECES, k=draw.randint(0, 9))) for _ in range(count)]
