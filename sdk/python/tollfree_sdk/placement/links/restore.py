"""Put rewritten links back, byte for byte, without any look-up.

A link is ours if one of our accounts wrote it and its note stands directly behind; both are taken
away. One whose note was edited is left alone and counted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tollfree_sdk.placement.disclosure import link_note
from tollfree_sdk.placement.links.book import LinkBook
from tollfree_sdk.placement.links.rewriter import REL

_NOTE: Final = re.compile(r" · [^\n·]{1,90}? \(affiliate link\)")
# A link up to its note, which closes in one of three ways: an element, a destination, nothing.
_CLOSED: Final = re.compile(
    r"(?P<url>https?://[^\s<>\"'`|]+?)"
    r"(?P<close>[\"']"
    + REL
    + r"[^<>\n]*>[^<>\n]*</a>|>?(?:[ ]+(?:\"[^\"\n<>]*\"|'[^'\n<>]*'))?[ ]*\)|>|)",
    re.IGNORECASE,
)
_HREF: Final = re.compile(r"href\s*=\s*[\"']", re.IGNORECASE)
_LAST_WORD: Final = re.compile(r"[(*_–—]{0,3}")
_LONGEST: Final = 6_000
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
    pieces: list[str] = []
    sentences: set[str] = set()
    done = 0
    begin = 0
    for note in _NOTE.finditer(text):
        found = _link_before(text, max(begin, note.start() - _LONGEST), note, book)
        begin = note.end()
        if found is not None:
            pieces += (text[done : found.start], found.organic)
            sentences.add(found.sentence)
            done = note.end()
    left = "".join((*pieces, text[done:]))
    altered = sum(book.original_of(url) is not None for url in _ANY.findall(left))
    if not pieces:
        return Restored(text, 0, altered)
    for sentence in sentences - {""}:
        left = _without_sentence(left, sentence)
    return Restored(left, len(pieces) // 2, altered)


@dataclass(frozen=True, slots=True)
class _Link:
    start: int
    organic: str
    sentence: str


def _link_before(text: str, begin: int, note: re.Match[str], book: LinkBook) -> _Link | None:
    """Our link that ends where `note` starts."""
    for start in _starts(text, begin, note.start()):
        closed = _CLOSED.fullmatch(text, start, note.start())
        ours = None if closed is None else book.original_of(closed["url"])
        if closed is not None and ours is not None and note[0] == link_note(ours[1].merchant):
            organic = ours[0] + closed["close"].replace(REL, "", 1)
            return _Link(start, organic, ours[1].sentence)
    return None


def _starts(text: str, begin: int, end: int) -> Iterator[int]:
    """Where a link that ends at `end` may have begun.

    A handful of places only, so that hostile text costs no more than it is long.
    """
    if text.endswith("</a>", begin, end):
        tag = text[begin:end].lower().rfind("<a")
        found = None if tag < 0 else _HREF.search(text, begin + tag, end)
        if found is not None:
            yield found.end()
    destination = text.rfind("](", begin, end)
    if destination >= 0:
        yield destination + (3 if text.startswith("<", destination + 2) else 2)
    angle = text.rfind("<", begin, end)
    if angle >= 0:
        yield angle + 1
    space = max(text.rfind(mark, begin, end) for mark in " \t\n\r")
    word = max(space + 1, begin) if space >= 0 else begin
    lead = _LAST_WORD.match(text, word, end)
    yield word if lead is None else lead.end()


def _without_sentence(text: str, sentence: str) -> str:
    start = text.rfind("\n\n" + sentence)
    end = start + 2 + len(sentence)
    return text if start < 0 or text[end:].strip() else text[:start] + text[end:]
