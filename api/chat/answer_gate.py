"""Whether a finished answer may stand next to an ad.

Pure. The conversation was judged when the ad was decided; this judges what the model made of it.
Never an ad beside a refusal or a sensitive subject, nor in what a program is going to parse: tool
calls, JSON, bare code, one-word verdicts.
"""

import re
from dataclasses import dataclass
from typing import Final

import orjson

from language.refusals import is_refusal
from language.sensitive_topics import screen
from tollfree_sdk.contract import Delivery, NoFill

_FENCED: Final = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1|\Z)", re.MULTILINE | re.DOTALL)
# Fewer letters than this around the code, and the answer is a value rather than a text.
_LEAST_LETTERS: Final = 30
_ENOUGH: Final = 2_000


@dataclass(slots=True)
class Finished:
    """How an answer ended, as far as ads care."""

    text: str
    finish_reason: str | None
    called_tools: bool = False
    refused: bool = False
    is_structured: bool = False


def reason_against_an_ad(answer: Finished) -> NoFill | None:
    """Why this answer carries no ad, or None."""
    if answer.is_structured or answer.called_tools or answer.refused:
        return NoFill.NOT_PLACEABLE
    match answer.finish_reason:
        case "content_filter":
            return NoFill.SENSITIVE_TOPIC
        case "tool_calls" | "function_call":
            return NoFill.NOT_PLACEABLE
        case _:
            pass
    if not _is_prose(answer.text) or is_refusal(answer.text):
        return NoFill.NOT_PLACEABLE
    if screen(answer.text) is not None:
        return NoFill.SENSITIVE_TOPIC
    return None


@dataclass(frozen=True, slots=True)
class Leave:
    """What a finished answer allows: the reason against any ad, and whether text may carry one."""

    blocked: NoFill | None
    in_text: bool = True


def leave_of(answer: Finished, delivery: Delivery) -> Leave:
    """As `reason_against_an_ad`; what a program reads may still have an ad in the field beside it.

    Only for callers who asked for the field: `content` is what a program reads.
    """
    reason = reason_against_an_ad(answer)
    if reason is not NoFill.NOT_PLACEABLE or delivery is Delivery.CONTENT:
        return Leave(reason)
    if answer.refused or is_refusal(answer.text):
        return Leave(reason)
    is_sensitive = screen(answer.text) is not None
    return Leave(NoFill.SENSITIVE_TOPIC if is_sensitive else None, in_text=False)


def _is_prose(text: str) -> bool:
    around = _FENCED.sub("", text) if "```" in text or "~~~" in text else text
    if sum(map(str.isalnum, around[:_ENOUGH])) < _LEAST_LETTERS:
        return False
    return not _is_json(text)


def _is_json(text: str) -> bool:
    stripped = text.strip()
    if stripped[:1] not in {"{", "["}:
        return False
    try:
        orjson.loads(stripped)
    except orjson.JSONDecodeError:
        return False
    return True
