"""Whether a finished answer is one that an ad may stand beside, as far as its words alone can tell.

The network judges the conversation; this looks at what the model made of it: no ad beside a refusal,
a word of comfort, or a warning that is all there is. Small on purpose, and errs towards no ad.
"""

import re
from typing import Final

from tollfree_sdk.contract import NoFill

_OPENING: Final = 320
_REFUSAL: Final = re.compile(
    r"\bi(?:['’]m| am) (?:sorry|afraid|unable|not able|not comfortable)\b[^.!?]{0,60}\b(?:can(?:['’]?t|not)|unable|not able|won['’]t|help|assist|provide)"
    r"|\bi (?:can(?:['’]?t|not)|won['’]t|must decline|am unable to|will not) (?:help|assist|provide|do that|answer|discuss|support|comply|share|create|write)"
    r"|\bas an ai\b[^.!?]{0,60}\bcan(?:['’]?t|not)\b",
    re.IGNORECASE,
)
_GRAVE: Final = re.compile(
    r"\b(?:suicid\w*|self-harm|988 lifeline|crisis (?:line|hotline|text line)|(?:sorry|condolences) for your loss"
    r"|(?:my|our|deepest) condolences|emergency (?:services|number|room)|overdos\w+|call (?:911|112|999))\b",
    re.IGNORECASE,
)


def objection_to(answer: str) -> NoFill | None:
    """What speaks against an ad beside this answer, or None."""
    if _REFUSAL.search(answer[:_OPENING]):
        return NoFill.NOT_PLACEABLE
    return NoFill.SENSITIVE_TOPIC if _GRAVE.search(answer) else None
