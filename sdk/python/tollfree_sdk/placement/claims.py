"""What a sponsored sentence may say.

Everything in it comes from copy that was approved, and even then nothing that boasts, compares,
presses, speaks as a person or gives orders. English words, with the common ones of its neighbours;
where a language is not known here, the review of the creative is the wall.
"""

import re
from functools import lru_cache
from typing import Final

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_SPELLED: Final = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "hundred": "100", "half": "1/2", "twice": "2"}
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")

_FORBIDDEN: Final = {
    "superlative": (
        r"best|better|cheapest|cheaper|fastest|faster|greatest|finest|safest|strongest|lightest|"
        r"highest|lowest|largest|biggest|smallest|most|least|number one|no\.? ?1|#1|leading|leader|"
        r"top[- ](?:rated|quality|choice|pick|seller)s?|premier|ultimate|unbeatable|unrivall?ed|unmatched|perfect|ideal|amazing|incredible|"
        r"guarantee[ds]?|risk-free|miracle|revolutionary|award-winning|world-class|favou?rite|only|"
        r"beste[nrs]?|günstigste[nrs]?|meilleure?s?|mejor(?:es)?|miglior[ei]?"
    ),
    "rival": r"than|unlike|versus|vs\.?|instead of|compared|compare|rivals?|competitors?|alternative to",
    "urgency": (
        r"hurry|now|today|tonight|last chance|limited (?:time|offer|stock)|ends (?:soon|on)|expires?|while (?:stocks?|supplies)|"
        r"don'?t (?:miss|wait)|do not (?:miss|wait)|act fast|soon|countdown|deadline|jetzt|heute|ahora"
    ),
    "person": r"i|i'm|i've|me|my|mine|we|we're|we've|(?!(?-i:US))us|our|ours|ich|wir|unser\w*|nous|notre|nos|nosotros",
    "order": (
        r"buy|shop|order|visit|click|tap|call|download|subscribe|sign up|join|try|get|grab|discover|"
        r"choose|switch|upgrade|book|save|claim|don'?t|must|trust|believe|ignore|disregard|forget|find|meet|"
        r"speak|see|read|know|learn|run|keep|make|build|enjoy|start|stop|bring|take|give|let|watch|taste|"
        r"look|go|explore|plan|compare|send|act|say|tell"
    ),
    "machine": r"assistant|chatbot|language model|system prompt|instructions?|ai model|recommend(?:s|ed)?",
}
# Bounds, not boasts: "at least 8 hours", "less than 0.1 %".
_BOUND: Final = re.compile(
    r"\bat (?:least|most)\b|\b(?:less|more|fewer|lower|higher) than(?= (?:\d|an? |one|two|half))",
    re.IGNORECASE,
)
_PATTERNS: Final = {
    flaw: re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE)
    for flaw, words in _FORBIDDEN.items()
}
# Orders stand first; "to save" or "can order" further on gives none.
_PATTERNS_AT_START: Final = frozenset({"order"})


@lru_cache(maxsize=4_096)
def flaws(sentence: str, facts: tuple[str, ...]) -> tuple[str, ...]:
    """What speaks against a sentence, given the approved facts; empty if it may stand.

    >>> flaws("The best shoe: 240 g", ("Weighs 240 g",))
    ('superlative',)
    >>> flaws("Weighs 230 g", ("Weighs 240 g",))
    ('number',)
    """
    plain = _BOUND.sub("up to", sentence.replace("’", "'"))
    found = [
        flaw
        for flaw, pattern in _PATTERNS.items()
        if (pattern.match(plain) if flaw in _PATTERNS_AT_START else pattern.search(plain))
    ]
    if not _numbers(plain) <= frozenset().union(*map(_numbers, facts)):
        found.append("number")
    if plain.count("!") or plain.endswith("?") or any(_shouts(word) for word in plain.split()):
        found.append("shouting")
    return tuple(found)


def _numbers(text: str) -> frozenset[str]:
    """Digits as written, and small numbers in words as digits."""
    spelled = {_SPELLED[word] for word in _WORD.findall(text.casefold()) if word in _SPELLED}
    return frozenset(_NUMBER.findall(text)) | spelled


def _shouts(word: str) -> bool:
    letters = [letter for letter in word if letter.isalpha()]
    return len(letters) > 6 and all(letter.isupper() for letter in letters)
