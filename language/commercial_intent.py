"""Does the person want to choose, buy or book something?

Owns one number, 0-1, with 0.5 as the line: "best running shoes for flat feet" is above, "write a
for-loop in python" below. With the text's vector a trained head judges; without one, a short list
of words that shoppers use, which is cruder and stays near the line. Pure and thread-safe.
"""

import math
import re
from typing import Final

from language.head import load_head
from language.vector import Vector

_BUYING: Final = re.compile(
    r"\b(?:best|top \d+|buy\w*|cheap\w*|affordable|budget|recommend\w*|suggest\w*|price[ds]?|pricing"
    r"|deals?|discount|worth|reviews?|compare|versus|vs|alternatives? to|looking for|should i get"
    r"|which [\w -]{1,40} (?:should|would|is|are|fits?|suits?)|where (?:can|do|could) i (?:buy|get|find|book)"
    r"|book (?:a|me|an)|hotels?|flights?|rent(?:al)?|itinerary|trip|vacation|holiday|restaurants?"
    r"|need (?:a|an|some|new)|gifts?|brands?|under [$€£]?\d+|near me|for beginners)\b"
)
_DOING: Final = re.compile(
    r"\b(?:code|python|javascript|java|sql|function|bug|loop|regex|essay|poem|story|lyrics|translate"
    r"|summari[sz]e|rewrite|proofread|solve|equation|history of|who (?:is|was|invented|won)|capital of"
    r"|define|meaning of|explain|joke|write (?:a|an|me)|remind me|timer|alarm|died)\b"
)


def score(text: str, vector: Vector | None = None, *, model_id: str | None = None) -> float:
    """How likely it is that an offer helps here, 0-1.

    `vector` is the text's own, if known, in the space of `model_id`; of any other space it is
    ignored. Text without a word scores 0.
    """
    if not text.strip():
        return 0.0
    head = load_head("commercial_intent")
    if vector is not None and head.knows(vector, model_id):
        return _probability(head.logits(text, vector)["commercial"])
    lowered = text.lower()
    buying, doing = len(_BUYING.findall(lowered)), len(_DOING.findall(lowered))
    return _probability(1.2 * min(buying, 3) - 1.5 * min(doing, 3) - 0.6)


def _probability(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))
