"""Rewrite the product links of a text as it passes, and say beside each that it earns.

Holds back only from a possible start of a link, at most a few thousand letters, and decides by the
text alone. A rewritten link keeps its original inside; the note stands directly behind it.

    [Tempo 3](https://shop.example/p/1)  →  [Tempo 3](https://shop.example/p/1?tag=us) · Shop (affiliate link)
"""

import re
from dataclasses import dataclass, field
from typing import Final

from tollfree_sdk.contract import Span
from tollfree_sdk.placement.disclosure import NOTE_END, link_note
from tollfree_sdk.placement.links.book import LinkBook
from tollfree_sdk.placement.links.context import Context, Shape
from tollfree_sdk.placement.links.standing import Standing, Supplied, judge

_START: Final = re.compile(r"https?://", re.IGNORECASE)
_PARTIAL_START: Final = re.compile(r"(?:h|ht|htt|http|https|https?:|https?:/)$", re.IGNORECASE)
_LONGEST: Final = 2_400
REL: Final = ' rel="sponsored nofollow noopener"'

# What a link is made of, and what closes it, by the way it is written.
_BODY: Final = {
    # The marks of Chinese, Japanese and Korean text stand directly behind a link.
    Shape.BARE: r"[^\s<>\"'`|\\^{}\[\]。、，．！？；：）」』】》〉…]+",
    Shape.AUTOLINK: r"[^\s<>]+",
    Shape.DESTINATION: r"(?:[^\s<>()\\\[\]]|\([^\s<>()\\\[\]]*\))+",
    Shape.ANGLED_DESTINATION: r"[^\s<>\\]+",
    # An ampersand that begins a parameter is read as one; anything else might be an entity.
    Shape.HREF: r"(?:[^\s<>\"'&]|&(?=[A-Za-z_][\w-]*=))+",
}
_TITLE: Final = r"(?:[ ]+(?:\"[^\"\n<>]*\"|'[^'\n<>]*'))?[ ]*\)"
_CLOSE: Final = {
    Shape.AUTOLINK: ">",
    Shape.DESTINATION: _TITLE,
    Shape.ANGLED_DESTINATION: ">" + _TITLE,
    Shape.HREF: r"[\"'][^<>\n]*>[^<>\n]*</a>",
}
_WHOLE: Final = {
    shape: re.compile(f"({_BODY[shape]})({close})", re.IGNORECASE)
    for shape, close in _CLOSE.items()
}
_BARE: Final = re.compile(_BODY[Shape.BARE])
# As long as this matches to the end, the link may still go on.
_GOES_ON: Final = {
    Shape.AUTOLINK: re.compile(r"[^\s<>]*"),
    Shape.DESTINATION: re.compile(r"[^\s<>\\]*(?:[ ]+(?:[\"'][^\n<>]*)?)?"),
    Shape.ANGLED_DESTINATION: re.compile(r"[^\s<>\\]*(?:>(?:[ ]+(?:[\"'][^\n<>]*)?)?)?"),
    Shape.HREF: re.compile(
        r"(?:[^\s<>\"'&]|&(?=[A-Za-z_][\w-]*(?:=|$)|$))*(?:[\"'][^<>\n]*(?:>[^<>\n]*(?:<(?:/a?)?)?)?)?",
        re.IGNORECASE,
    ),
}
_TRAILING: Final = ".,;:!?*_~"


@dataclass(frozen=True, slots=True)
class RewrittenLink:
    """One link as delivered, with its place; `sentence` is what the programme makes us say."""

    merchant: str
    host: str
    url: str
    span: Span
    sentence: str


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """What links may be rewritten to in one turn: the operator's book, minus what was supplied."""

    book: LinkBook
    supplied: Supplied = field(default_factory=Supplied)


class LinkRewriter:
    """Follows one text. `skip` what was delivered before, `feed` what comes, `finish` at its end."""

    def __init__(self, policy: LinkPolicy) -> None:
        self.links: list[RewrittenLink] = []
        self._policy = policy
        self._context = Context()
        self._waiting = ""
        self._delivered = 0

    def skip(self, text: str) -> None:
        """Read text that is out already; its links stay as they are."""
        self._passed(text)

    def feed(self, text: str) -> str:
        """Take the next organic piece, give what to deliver now."""
        return self._drain(self._waiting + text, is_end=False)

    def finish(self) -> str:
        """What is still held, decided."""
        return self._drain(self._waiting, is_end=True)

    def _drain(self, text: str, *, is_end: bool) -> str:
        out: list[str] = []
        position, self._waiting = 0, ""
        while position < len(text):
            start = _START.search(text, position)
            if start is None:
                partial = (
                    None if is_end else _PARTIAL_START.search(text, max(position, len(text) - 8))
                )
                cut = len(text) if partial is None else partial.start()
                out.append(self._passed(text[position:cut]))
                self._waiting = text[cut:]
                break
            out.append(self._passed(text[position : start.start()]))
            position = start.start()
            # Everything is decided within this window, so that it cannot depend on the chunking.
            window = text[position : position + _LONGEST + 1]
            taken = self._take_link(window, is_end=is_end and position + len(window) == len(text))
            if taken is None:
                self._waiting = text[position:]
                break
            out.append(taken[0])
            position += taken[1]
        return "".join(out)

    def _take_link(self, text: str, *, is_end: bool) -> tuple[str, int] | None:
        """What to deliver for the link that `text` starts with, and its organic length.

        None while more of it must come.
        """
        shape = self._context.shape_here()
        if shape is None:
            return self._untouched(text)
        found = _find_bare(text, is_end=is_end) if shape is Shape.BARE else _find(shape, text)
        if found is None:
            return None if _may_go_on(shape, text, is_end=is_end) else self._untouched(text)
        url, close = found
        judged = judge(url, self._policy.book, self._policy.supplied)
        if judged.standing is not Standing.REWRITTEN or judged.line is None:
            return self._untouched(text)
        if shape is Shape.HREF:
            close = close[0] + REL + close[1:]
        organic = url + found[1]
        if NOTE_END in organic:
            # The model's own words would pass for our note when the link is put back.
            return self._untouched(text)
        written = judged.url + close + link_note(judged.line.merchant)
        span = Span(0, self._delivered, self._delivered + len(written), original=organic)
        host = url.split("/")[2].casefold()
        self.links.append(
            RewrittenLink(judged.line.merchant, host, judged.url, span, judged.line.sentence)
        )
        self._context.read(organic)
        self._delivered += len(written)
        return written, len(organic)

    def _untouched(self, text: str) -> tuple[str, int]:
        start = _START.match(text)
        length = start.end() if start else 1
        return self._passed(text[:length]), length

    def _passed(self, text: str) -> str:
        self._context.read(text)
        self._delivered += len(text)
        return text


def _find(shape: Shape, text: str) -> tuple[str, str] | None:
    found = _WHOLE[shape].match(text)
    return None if found is None or len(found[0]) > _LONGEST else (found[1], found[2])


def _find_bare(text: str, *, is_end: bool) -> tuple[str, str] | None:
    found = _BARE.match(text)
    if found is None or (found.end() == len(text) and not is_end) or len(found[0]) > _LONGEST:
        return None
    if text[found.end() : found.end() + 1] in ("\\", '"', "'", "`", "{", "[", "<", "|"):
        return None
    url = found[0].rstrip(_TRAILING)
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1].rstrip(_TRAILING)
    return url, ""


def _may_go_on(shape: Shape, text: str, *, is_end: bool) -> bool:
    if is_end or len(text) > _LONGEST:
        return False
    if shape is Shape.BARE:
        return _BARE.fullmatch(text) is not None
    return _GOES_ON[shape].fullmatch(text) is not None
