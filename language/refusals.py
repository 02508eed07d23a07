"""Did the model decline to answer?

Owns one judgement: an answer that refuses, or that says it cannot help, is no place for an ad. It
looks at how an answer opens, since a long answer may well say "I can't" further down.
"""

import re
from typing import Final

_OPENING_CHARACTERS: Final = 320

_TELLTALE: Final = (
    "sorry", "apolog", "can't", "cannot", "can not", "unable", "won't", "will not", "not able",
    "declin", "refus", " ai", "against", "violat", "request", "comfortable", "not going",
    "permitted", "position", "language model", "can i ", "i don't", "i do not", "depends",
)  # fmt: skip
_REFUSAL: Final = re.compile(
    r"""
      \b i(?:'m|\ am|\ must)?\s*(?:really\ |very\ |so\ |deeply\ )? (?:sorry|apologi[sz]e)
          \b [^.!?\n]{0,80} \b (?:can(?:no|')t|can\ not|unable|won't|will\ not|not\ able|not\ comfortable|but\ i)
    | \b i\s*(?:'m|\ am)\s+ (?:not\ able|unable|not\ comfortable|not\ in\ a\ position|not\ permitted|not\ going)
          \s+ (?:to|with|doing|providing)
    | \b i\s+ (?:can(?:no|')t|can\ not|won't|will\ not|must\ decline|have\ to\ decline|must\ refuse)
          \s* (?:\b(?:in\ good\ conscience|fulfil+|help|assist|provide|comply|do\ that|do\ this|answer
          |discuss|create|write|generate|support|engage|offer|share|give|continue|participate|to)\b|[.,])
    | \b as\ an\ ai\b [^.!?\n]{0,60} \b (?:can(?:no|')t|can\ not|unable|not\ able|don't\ have)
    | \b (?:against|violates?) \s+ (?:my|our|the) \s+ (?:guidelines|polic(?:y|ies)|principles|programming|values)
    | \b (?:this|that|your) \s+ request \s+ (?:is|was|seems) \s+ (?:inappropriate|harmful|not\ something\ i)
    | \b i\s+ (?:do\ not|don't) \s+ feel \s+ comfortable
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_refusal(answer: str) -> bool:
    """Whether the answer opens by declining: "I'm sorry, but I can't help with that." is one."""
    opening = answer.strip()[:_OPENING_CHARACTERS].replace("’", "'")
    return has_telltale(opening.lower()) and _REFUSAL.search(opening) is not None


def has_telltale(opening: str) -> bool:
    """Whether small letters hold anything that every refusal and every generic phrase has."""
    # A loop: a generator would take twice as long, for every answer.
    for word in _TELLTALE:  # noqa: SIM110
        if word in opening:
            return True
    return False
