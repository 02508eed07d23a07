"""One real chat through the official client, so that a newcomer sees the main job at once.

Runs in a thread of its own beside the server that it asks. A machine without the client gets the
banner only; a chat that fails says so in one line and disturbs nothing.
"""

import sys
import threading
from typing import Any, TextIO

from tollfree.banner import SAMPLE_QUESTION


def send(base_url: str, api_key: str, *, out: TextIO | None = None) -> threading.Thread:
    """Start the chat; it prints as the answer streams in."""
    thread = threading.Thread(
        target=_chat, args=(base_url, api_key, out or sys.stdout), daemon=True, name="sample-chat"
    )
    thread.start()
    return thread


def _chat(base_url: str, api_key: str, out: TextIO) -> None:
    try:
        from openai import OpenAI, OpenAIError
    except ImportError:
        return
    try:
        with OpenAI(base_url=base_url, api_key=api_key, timeout=60, max_retries=0) as client:
            _stream(client, out)
    except OpenAIError as error:
        out.write(f"\n  (The sample chat did not work: {type(error).__name__}.)\n")
    out.flush()


def _stream(client: Any, out: TextIO) -> None:
    out.write(f"  You      {SAMPLE_QUESTION}\n\n")
    field: dict[str, Any] = {}
    with client.chat.completions.create(
        model="demo", messages=[{"role": "user", "content": SAMPLE_QUESTION}], stream=True
    ) as chunks:
        at_line_start = True
        for chunk in chunks:
            field = getattr(chunk, "tollfree", None) or field
            for choice in chunk.choices:
                text = choice.delta.content or ""
                shown = text.replace("\n", "\n  ")
                out.write(f"  {shown}" if at_line_start and text else shown)
                at_line_start = at_line_start and not text
                out.flush()
    out.write(f"\n\n  {_explained(field)}\n\n")


def _explained(field: dict[str, Any]) -> str:
    if not field.get("ads"):
        return f"No ad this time: {field.get('no_fill_reason', 'unknown')}."
    ad = field["ads"][0]
    return (
        f'The last lines are an ad, labelled "{ad["label"]}", paid by {ad["advertiser"]["name"]}. '
        f"It was chosen in {field['decided_in_ms']:.0f} ms, beside the answer."
    )
