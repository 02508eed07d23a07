"""Sensitive topics in languages that the model does not speak, by words alone.

Owns a lexicon for each of a few languages, `lexicons/<code>.toml`; every phrase in it decides. A
text in such a language has no head to judge it, so a clean lexicon permits only what an advertiser
asked for by name: a keyword in that language. For any other language nothing is known to be clean.
"""

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

from language.lexicon import Lexicon, mask
from language.sensitive_topics import SensitiveTopic
from language.spelling import readings

# What the embedding model and the heads were made for.
SPOKEN: Final = frozenset({"en"})
SCREENED: Final = frozenset({"de", "es", "fr", "it", "pt"})


def screen_in(language: str, text: str) -> SensitiveTopic | None:
    """The gravest topic that the words of `text` touch, or None; `language` is one of `SCREENED`."""
    harmless, topics = _lexicons(language)
    touched = set()
    for words in readings(text):
        if topics.may_find(words):
            touched |= {found.phrase.label for found in topics.find(mask(words, harmless))}
    return next((topic for topic in SensitiveTopic if topic.value in touched), None)


@cache
def _lexicons(language: str) -> tuple[Lexicon, Lexicon]:
    source = resources.files("language") / "lexicons" / f"{language}.toml"
    written: dict[str, Any] = tomllib.loads(source.read_text(encoding="utf-8"))
    harmless = Lexicon(("harmless", phrase) for phrase in written["harmless"])
    topics = Lexicon((topic.value, phrase) for topic in SensitiveTopic for phrase in written[topic])
    return harmless, topics
