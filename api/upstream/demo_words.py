"""What the demo model understands of a request: the user's own words and what they ask for.

Pure and deterministic. Reads the last user message, finds the subject in it, and notices wishes
such as code, a table or shop links by plain words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_QUOTED: Final = 160
_SUBJECT_WORDS: Final = 9
_KEYWORDS: Final = 5

_LEAD: Final = re.compile(
    r"^(?:i['’]m|what['’]s|i['’]d|would like|looking for|hi|hello|hey|please|thanks?|ok(?:ay)?|so|"
    r"and|but|also|now|then|can|could|would|will|you|tell|show|give|help|find|get|write|make|"
    r"create|explain|describe|compare|list|recommend|suggest|me|us|i|we|am|need|want|like|"
    r"planning|to|know|about|what|which|who|how|why|when|where|is|are|was|do|does|did|should|buy|"
    r"with|of|the|a|an|some|any|my|our|your)\b(?![-'’])[\s,:!]*",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W_][\w’'-]*")
_EMPTY_WORDS: Final = frozenset(
    """about after all and any are because been before being best better but buy can cheap code compare
    comparison could days does for from function get give good great have help how into just know last like link links list looking make
    me more most my need new not of off on one or our out over planning please recommend shop shops should
    show some store stores table tell than that the their them then there these they this to under url urls use using versus want was we website
    websites were what when where which while who why will with without would write you your""".split()
)
_WISHES: Final = {
    "code": re.compile(
        r"\b(?:code|function|script|program|snippet|regex|class|for[- ]loop|loop|python|"
        r"javascript|typescript|sql|bash|html|rust|golang|java)\b",
        re.IGNORECASE,
    ),
    "table": re.compile(r"\b(?:table|compare|comparison|versus|vs)\b", re.IGNORECASE),
    "links": re.compile(
        r"\b(?:links?|urls?|shops?|stores?|order online|websites?|merchants?|where (?:can|do|could|should|to)\b.{0,20}\b(?:buy|get|order))\b",
        re.IGNORECASE,
    ),
    "essay": re.compile(
        r"\b(?:essay|explain|describe|story|article|in detail|paragraphs?)\b|"
        r"^\s*(?:what(?:['’]s| is| are) (?!the best|a good)|why|how (?:does|do(?! i| we)|did|is|are)|who|when)\b",
        re.IGNORECASE,
    ),
    "refusal": re.compile(r"\b(?:refuse|refusal|decline to answer)\b", re.IGNORECASE),
    "greeting": re.compile(
        r"^\s*(?:hi|hello|hey|good (?:morning|evening|day))\b[\s\w]{0,12}[!.,]*\s*$", re.IGNORECASE
    ),
}
_SAY: Final = re.compile(
    r"^(?:please\s+)?(?:just\s+)?(?:say|repeat|echo|reply with|respond with|answer with)\s+"
    r"(?:exactly\s+|only\s+|the words?\s+)*:?\s*[\"“']?(.+?)[\"”']?\s*$",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """A request as the demo model reads it.

    ``"What are the best running shoes for flat feet?"`` has the subject ``best running shoes for
    flat feet``, the keywords ``running, shoes, flat, feet`` and the phrases ``running shoes, flat feet``.
    """

    said: str
    quote: str
    subject: str
    keywords: tuple[str, ...]
    phrases: tuple[str, ...]
    asks_for: frozenset[str]
    repeat: str | None
    earlier: str | None


def read_wishes(messages: Sequence[Any]) -> Wishes:
    """Read the conversation; anything that is not text is passed over."""
    said = [text_of(message) for message in messages if _role(message) == "user"]
    last = said[-1] if said else ""
    earlier = plain(said[-2]) if len(said) > 1 else None
    quote = plain(last)
    subject = subject_of(quote)
    found = _SAY.match(last.strip())
    return Wishes(
        said=last,
        quote=_shorten(quote),
        subject=subject,
        keywords=keywords_of(subject) or keywords_of(quote),
        phrases=phrases_of(subject) or (subject,),
        asks_for=frozenset(
            name for name, pattern in _WISHES.items() if pattern.search(last[:2000])
        ),
        repeat=found[1].strip() if found else None,
        earlier=subject_of(earlier) if earlier else None,
    )


def text_of(message: Any) -> str:
    """The plain text of a message, parts joined."""
    content = message.get("content") if isinstance(message, Mapping) else None
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = [part.get("text") for part in content if isinstance(part, Mapping)]
    return "\n".join(text for text in texts if isinstance(text, str))


def plain(text: str) -> str:
    """One line without code, markup or anything that Markdown would take for its own."""
    text = re.sub(r"```.*?(?:```|$)", " ", text[:4000], flags=re.DOTALL)
    text = re.sub(r"https?://\S+", " ", text)
    text = re.sub(r"[`*_#<>\[\]()|\\~]", " ", text)
    if text.count("$") > 1:
        # Two of them are a formula to many Markdown readers.
        text = text.replace("$", " ")
    return " ".join(text.split())


def subject_of(quote: str) -> str:
    """What the words are about: the first sentence without its polite beginning."""
    sentence = re.split(r"(?<=\w)[.?!;](?:\s|$)", quote, maxsplit=1)[0].strip(" ,:?!.")
    rest = sentence
    while found := _LEAD.match(rest):
        rest = rest[found.end() :]
    words = (rest or sentence).split()[:_SUBJECT_WORDS]
    while len(words) > 1 and words[-1].lower().strip(",") in _EMPTY_WORDS:
        words.pop()
    return " ".join(words).strip(" ,:?!.") or "your question"


def keywords_of(text: str) -> tuple[str, ...]:
    """The words that carry meaning, in order, each once."""
    kept = [word for word in _WORD.findall(text) if _carries_meaning(word)]
    return tuple(dict.fromkeys(kept))[:_KEYWORDS]


def phrases_of(text: str) -> tuple[str, ...]:
    """The keywords with those that stand together kept together: ``running shoes, flat feet``."""
    runs: list[list[str]] = [[]]
    for word in text.split():
        found = _WORD.search(word)
        if found is not None and _carries_meaning(found[0]):
            runs[-1].append(found[0])
        elif runs[-1]:
            runs.append([])
    return tuple(" ".join(run[:4]) for run in runs if run)


def _carries_meaning(word: str) -> bool:
    return len(word) > 2 and not word.isdigit() and word.lower() not in _EMPTY_WORDS


def _role(message: Any) -> str:
    return str(message.get("role")) if isinstance(message, Mapping) else ""


def _shorten(text: str) -> str:
    if len(text) <= _QUOTED:
        return text
    return text[:_QUOTED].rsplit(" ", 1)[0] + " …"
