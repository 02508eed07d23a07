"""Does the person want to choose, buy or book something?

Owns one number, 0-1, with 0.5 as the line: "best running shoes for flat feet" is above, "write a
for-loop in python" below. Pure and thread-safe.
"""

import re

from language.vector import Vector

_BUYING = re.compile(
    r"\b(?:best|buy|cheap\w*|recommend\w*|price\w*|deal\w*|which .{1,40} should i|hotel\w*|flight\w*"
    r"|review\w*|compare|vs|under [$€£]?\d+)\b"
)


def score(text: str, vector: Vector | None = None, *, model_id: str | None = None) -> float:
    """How likely it is that an offer helps here, 0-1. `vector` is the text's own, if known."""
    del vector, model_id
    found = len(_BUYING.findall(text.lower()))
    return found / (found + 0.8)
