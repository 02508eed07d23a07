"""Put rewritten links back, byte for byte, without any look-up.

A link is ours if one of our accounts wrote it and its note stands directly behind; both are taken
away. One whose note was edited is left alone and counted.
"""

import re
from dataclasses import dataclass
from typing import Final

from tollfree_sdk.placement.disclosure import link_note
from tollfree_sdk.placement.links.book import LinkBook
from tollfree_sdk.placement.links.rewriter import REL

# The three ways in which a link closes before its note: an element, a destination, nothing.
_NOTED: Final = re.compile(
    r"(?P<url>https?://[^\s<>\"'`|]+?)"
    r"(?P<close>[\"']"
    + REL
    + r"[^<>]*>[^<>\n]*</a>|>?(?:[ ]+(?:\"[^\"\n<>]*\"|'[^'\n<>]*'))?[ ]*\)|>|)"
    r"(?P<note> · [^\n·]{1,90}? \(affiliate link\))",
    re.IGNORECASE,
)
_ANY: Final = re.compile(r"https?://[^\s<>\"'`|)]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Restored:
    """A text without our links; the same object if it had none."""

    text: str
    restored: int
    altered: int


def restore(text: str, book: LinkBook) -> Restored:
    """Take our links out of `text`."""
    if "://" not in text:
        return Restored(text, 0, 0)
    sentences: set[str] = set()
    count = 0

    def original(found: re.Match[str]) -> str:
        nonlocal count
        ours = book.original_of(found["url"])
        if ours is None or found["note"] != link_note(ours[1].merchant):
            return found[0]
        count += 1
        sentences.add(ours[1].sentence)
        return ours[0] + found["close"].replace(REL, "", 1)

    left = _NOTED.sub(original, text)
    altered = sum(book.original_of(url) is not None for url in _ANY.findall(left))
    if count == 0:
        return Restored(text, 0, altered)
    for sentence in sentences - {""}:
        left = _without_sentence(left, sentence)
    return Restored(left, count, altered)


def _without_sentence(text: str, sentence: str) -> str:
    start = text.rfind("\n\n" + sentence)
    end = start + 2 + len(sentence)
    return text if start < 0 or text[end:].strip() else text[:start] + text[end:]
