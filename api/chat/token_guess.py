"""How many tokens a conversation is, guessed from its letters; rather too many than too few.

Nobody's tokenizer is asked: each model has its own, and a limit of ours must not hang on which one
answers. English is guessed a fifth above what it is, scripts without spaces at one token a letter.
Pure.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

_LETTERS_PER_TOKEN: Final = 3.5
_PER_EXTRA_BYTE: Final = 0.6
_PER_MESSAGE: Final = 5
_PER_IMAGE: Final = 1_500


def tokens_in_text(text: str) -> int:
    """About how many tokens a text is."""
    if text.isascii():
        return int(len(text) / _LETTERS_PER_TOKEN) + 1
    # Letters beyond ASCII take two to four bytes, and often a token of their own.
    extra = len(text.encode("utf-8", "surrogatepass")) - len(text)
    return int(len(text) / _LETTERS_PER_TOKEN + extra * _PER_EXTRA_BYTE) + 1


def tokens_in_message(message: Mapping[str, Any]) -> int:
    """One message with what belongs to it: its parts, and the tools that it calls."""
    content, tokens = message.get("content"), _PER_MESSAGE
    if isinstance(content, str):
        tokens += tokens_in_text(content)
    elif isinstance(content, list):
        tokens += sum(map(_tokens_in_part, content))
    for name in ("tool_calls", "function_call"):
        if message.get(name):
            tokens += tokens_in_json(message[name])
    return tokens


def tokens_in_json(value: Any) -> int:
    """What is sent as JSON, such as the tools on offer."""
    return 0 if not value else int(len(orjson.dumps(value)) / _LETTERS_PER_TOKEN) + 1


def _tokens_in_part(part: Any) -> int:
    if not isinstance(part, dict):
        return 0
    text = part.get("text")
    return tokens_in_text(text) if isinstance(text, str) else _PER_IMAGE
