"""What words and characters in ad copy mean for its review. Pure, no state, no model.

Two questions: are there characters that could hide, reorder or imitate text, and are there words
that we refuse or that a person should weigh. Patterns run on text in NFKC and small letters, so
that full-width and styled letters do not slip through.
"""

import re
import unicodedata
from typing import Final

_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKUP: Final = frozenset("<>[]{}|`*\\~")
_TOP_LEVEL: Final = (
    "com|net|org|io|ai|app|dev|co|shop|store|info|biz|eu|uk|de|fr|es|it|nl|be|ch|at|pl|pt|us|ca|au|"
    "in|me|ly|gg|xyz|site|online|link|click|example"
)

ADDRESS: Final = re.compile(
    r"\w+://|\bwww\.|\b[\w-]+\.(?:" + _TOP_LEVEL + r")\b(?!\w)|\S+@\S+\.\w+|\+?\d[\d ()/-]{8,}\d"
)
SUPERLATIVE: Final = re.compile(
    r"\b(?:best|cheapest|fastest|greatest|finest|safest|strongest|ultimate|unbeatable|unrivalled|"
    r"number one|no\. ?1|world'?s (?:first|most|leading)|world-class|market-leading|perfect|"
    r"guaranteed?|risk-free|miracle|revolutionary|like no other|always works|never fails|"
    r"besten?|günstigsten?|meilleure?s?|mejor(?:es)?|miglior[ei]?)\b|#1|\b100 ?%"
)
URGENCY: Final = re.compile(
    r"\b(?:hurry|act (?:now|fast)|right now|last chance|limited[- ](?:time|offer)|(?:today|tonight) "
    r"only|only \d+ left|(?:do not|don'?t) (?:miss|wait)|before (?:it is|it'?s|they'?re) (?:gone|too "
    r"late)|(?:sale|offer|deal) ends|while (?:stocks?|supplies) last|now or never|final hours|"
    r"selling out|countdown|nur heute|jetzt zuschlagen|última oportunidad|dernière chance)\b"
)
DENIAL: Final = re.compile(
    r"\b(?:not an? ad(?:vert\w*)?|isn'?t an? ad(?:vert\w*)?|unsponsored|independent (?:advice|review)|"
    r"recommended by (?:your|the|this) (?:assistant|ai|model|chatbot)|"
    r"(?:your|the|this) (?:assistant|ai|model|chatbot) recommends)\b"
)
TO_THE_MODEL: Final = re.compile(
    r"\b(?:ignore|disregard|forget) (?:all |any |the |your )*(?:previous|prior|above|earlier|system)\b|"
    r"\b(?:system|assistant|user) ?:|\bas an ai\b|\byou are (?:now|an? (?:ai|assistant|chatbot))\b|"
    r"\b(?:system prompt|new instructions|respond only|repeat after me)\b"
)
PROHIBITED: Final[dict[str, re.Pattern[str]]] = {
    subject: re.compile(rf"\b(?:{words})\b")
    for subject, words in {
        "adult": r"porn\w*|xxx|escort (?:service|girl)s?|camgirls?|sex toys?|onlyfans|nudes",
        "betting": r"casinos?|sportsbooks?|betting|slot machines?|poker|lotter(?:y|ies)|jackpot|wager",
        "counterfeits": r"replica (?:watch|bag|shoe)\w*|counterfeits?|fake (?:id|passport|diploma)s?|"
        r"essay[- ]writing service|(?:we )?write your (?:essay|thesis)",
        "drugs": r"cannabis|marijuana|cocaine|mdma|ecstasy pills?|anabolic steroids?|oxycodone|xanax|"
        r"viagra|without prescription|no prescription",
        "loans": r"payday loans?|debt relief|get rich|double your money|guaranteed returns?|"
        r"forex signals?|passive income secrets?|credit repair",
        "politics": r"vote (?:for|against)|elect \w+|ballot measure|campaign donation|political party",
        "religion": r"salvation|jesus|scripture|join our (?:church|faith)|prayer (?:line|request)s?",
        "surveillance": r"spyware|keyloggers?|stalkerware|hack (?:into|any|an?) \w+|"
        r"(?:track|spy on) your (?:partner|wife|husband|girlfriend|boyfriend|ex)",
        "tobacco": r"cigarettes?|e-cigarettes?|cigars?|vap(?:e|es|ing)|nicotine|tobacco",
        "treatments": r"cures?|weight[- ]loss|lose \d+ ?(?:kg|kilos?|pounds|lbs)|fat[- ]burn\w*|"
        r"reverses? (?:ageing|aging|diabetes)|treats? (?:depression|anxiety|cancer|adhd)",
        "weapons": r"firearms?|handguns?|rifles?|pistols?|ammunition|ammo|silencers?|explosives?",
    }.items()
}


def plain(text: str) -> str:
    """The text as patterns see it."""
    return unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")


def odd_characters(text: str) -> list[tuple[str, str]]:
    """Characters that may not stand in copy, as (code, what to tell the author); each kind once."""
    found: dict[str, str] = {}
    for character in text:
        code, message = _odd(character)
        if code:
            found.setdefault(code, message)
    if any(_mixes_scripts(word) for word in re.findall(r"[^\W\d_]+", text)):
        found["mixed_scripts"] = "a word that mixes alphabets"
    return list(found.items())


def _odd(character: str) -> tuple[str, str]:
    name = f"U+{ord(character):04X}"
    if character in _BIDI:
        return "bidi_character", f"a character that changes the writing direction ({name})"
    kind = unicodedata.category(character)
    if kind in ("Cc", "Zl", "Zp"):
        return "control_character", f"a line break or control character ({name})"
    if kind in ("Cf", "Cs", "Co", "Cn"):
        return "invisible_character", f"an invisible or unassigned character ({name})"
    if character in _MARKUP:
        return "markup", f"the markup character {character}"
    return "", ""


def _mixes_scripts(word: str) -> bool:
    # Look-alikes from these three alphabets are what imitated brand names are made of.
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
    return len(scripts & {"LATIN", "CYRILLIC", "GREEK"}) > 1
