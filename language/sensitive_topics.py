"""Subjects beside which nothing is ever sold.

Owns the closed list of sensitive topics and the judgement of one text. Recall comes first: a lost
ad is cheap and an ad beside grief is not. Two votes, either blocks: the words in
`lexicons/sensitive_topics.toml`, looked up after disguised spellings are undone, and a head trained
on the text's vector. Pure and thread-safe.
"""

import tomllib
from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final

from language.head import load_head
from language.lexicon import Lexicon, mask
from language.spelling import readings
from language.vector import Vector


class SensitiveTopic(StrEnum):
    """What a text touches; the value is the coarse id that events may keep. Gravest first."""

    SELF_HARM = "self_harm"
    MINORS = "minors"
    SEXUAL = "sexual"
    HATE = "hate"
    VIOLENCE = "violence"
    GRIEF = "grief"
    CRIME = "crime"
    MEDICAL = "medical"
    MENTAL_HEALTH = "mental_health"
    LEGAL = "legal"
    FINANCIAL_DISTRESS = "financial_distress"
    DISASTER = "disaster"
    POLITICS = "politics"
    RELIGION = "religion"


# Once touched, the rest of the conversation carries no ad.
STICKY: Final = frozenset({SensitiveTopic.SELF_HARM, SensitiveTopic.MINORS})

# One word of these decides, however long the text around it.
_GRAVE: Final = frozenset({SensitiveTopic.SELF_HARM, SensitiveTopic.MINORS, SensitiveTopic.GRIEF})
# A page that names a church once is about a town; a question that does may be about faith.
_SHORT_WORDS: Final = 60
_WORDS_PER_PROOF: Final = 100
_MOST_PROOFS: Final = 6


def screen(
    text: str, vector: Vector | None = None, *, model_id: str | None = None
) -> SensitiveTopic | None:
    """The gravest topic that forbids an ad beside `text`, or None.

    `vector` is the text's own, if known, in the space of `model_id`: with it the trained head
    votes beside the lexicon, and either of them is enough.
    """
    touched = topics_in(text, vector, model_id=model_id)
    return next((topic for topic in SensitiveTopic if topic in touched), None)


def topics_in(
    text: str, vector: Vector | None = None, *, model_id: str | None = None
) -> set[SensitiveTopic]:
    """Every topic that `text` touches; the head is asked where the lexicon finds none."""
    harmless, topics = _lexicons()
    touched: set[SensitiveTopic] = set()
    for words in readings(text):
        if topics.may_find(words):
            touched |= _touched(mask(words, harmless), topics)
    if not touched and vector is not None:
        touched = _judged(text, vector, model_id)
    return touched


def _judged(text: str, vector: Vector, model_id: str | None) -> set[SensitiveTopic]:
    head = load_head("sensitive_topics")
    if not head.knows(vector, model_id):
        return set()
    return {
        SensitiveTopic(label) for label, logit in head.logits(text, vector).items() if logit > 0.0
    }


def _touched(words: Sequence[str], topics: Lexicon) -> set[SensitiveTopic]:
    strong: dict[str, set[str]] = defaultdict(set)
    weak: dict[str, set[str]] = defaultdict(set)
    for found in topics.find(words):
        topic, _, strength = found.phrase.label.partition("/")
        (strong if strength == "strong" else weak)[topic].add(found.phrase.text)
    return {
        topic
        for topic in SensitiveTopic
        if len(strong[topic]) + len(weak[topic]) // 2 >= _proofs_needed(topic, len(words))
    }


def _proofs_needed(topic: SensitiveTopic, length: int) -> int:
    """How many different phrases it takes in a text of this many words."""
    if topic in _GRAVE or length <= _SHORT_WORDS:
        return 1
    return min(1 + length // _WORDS_PER_PROOF, _MOST_PROOFS)


@cache
def _lexicons() -> tuple[Lexicon, Lexicon]:
    """The harmless phrases, and those of all topics labelled ``topic/strength``."""
    source = resources.files("language") / "lexicons" / "sensitive_topics.toml"
    written: dict[str, Any] = tomllib.loads(source.read_text(encoding="utf-8"))
    harmless = Lexicon(("harmless", phrase) for phrase in written["harmless"])
    topics = Lexicon(
        (f"{topic}/{strength}", phrase)
        for topic in SensitiveTopic
        for strength, phrases in written[topic].items()
        for phrase in phrases
    )
    return harmless, topics
