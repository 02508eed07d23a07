"""Read a landing page: what it says it is, in its own words. Pure.

Takes the title, the description, headings and short points out of HTML; scripts, styles, forms and
navigation are passed over. Nothing of a page is run or followed, and only plain text leaves here.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

_PASSED_OVER: Final = frozenset(
    "script style noscript template svg nav footer form button select textarea iframe".split()
)
_BLOCKS: Final = frozenset({"title", "h1", "h2", "h3", "li", "p"})
_NAMES: Final = ("description", "og:description", "og:title", "og:site_name")
_MOST_TEXT: Final = 400
_MOST_PARTS: Final = 400
_CHARSET: Final = re.compile(rb"charset=[\"']?([A-Za-z0-9_-]{2,20})")


@dataclass(frozen=True)
class LandingPage:
    """``LandingPage("Arch One | Strideworks", "Stability shoes …", ("Arch One",), (…), "en")``."""

    title: str
    description: str
    headings: tuple[str, ...]
    points: tuple[str, ...]
    language: str = "en"

    @property
    def text(self) -> str:
        """All of it, for looking up words."""
        return " ".join((self.title, self.description, *self.headings, *self.points))


def read_page(body: bytes, content_type: str) -> LandingPage:
    """The page's own words; a page without any gives empty ones."""
    reader = _Reader()
    reader.feed(_decoded(body, content_type))
    reader.close()
    meta = reader.meta
    return LandingPage(
        title=meta.get("og:title") or _first(reader.texts["title"]),
        description=meta.get("description") or meta.get("og:description", ""),
        headings=tuple(dict.fromkeys(reader.texts["h1"] + reader.texts["h2"] + reader.texts["h3"])),
        points=tuple(dict.fromkeys(reader.texts["li"] + reader.texts["p"])),
        language=reader.language,
    )


def _decoded(body: bytes, content_type: str) -> str:
    named = _CHARSET.search(content_type.encode()) or _CHARSET.search(body[:2_000])
    charset = named[1].decode() if named else "utf-8"
    try:
        return body.decode(charset, errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")


@dataclass
class _Open:
    """A block that is being read."""

    tag: str
    pieces: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.meta: dict[str, str] = {}
        self.texts: dict[str, list[str]] = {tag: [] for tag in _BLOCKS}
        self.language = "en"
        self._hidden = 0
        self._block: _Open | None = None
        self._parts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html" and given.get("lang"):
            self.language = given["lang"].partition("-")[0].lower()[:3]
        if tag == "meta":
            name = (given.get("name") or given.get("property") or "").lower()
            if name in _NAMES and name not in self.meta:
                self.meta[name] = _tidy(given.get("content", ""))
        if tag in _PASSED_OVER:
            self._hidden += 1
        elif tag in _BLOCKS and not self._hidden and self._parts < _MOST_PARTS:
            self._keep()
            self._block = _Open(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _PASSED_OVER:
            self._hidden = max(0, self._hidden - 1)
        elif self._block is not None and tag == self._block.tag:
            self._keep()

    def handle_data(self, data: str) -> None:
        if self._block is not None and not self._hidden:
            self._block.pieces.append(data)

    def close(self) -> None:
        super().close()
        self._keep()

    def _keep(self) -> None:
        block, self._block = self._block, None
        text = "" if block is None else _tidy("".join(block.pieces))
        if block is not None and text:
            self._parts += 1
            self.texts[block.tag].append(text)


def _tidy(text: str) -> str:
    return " ".join(text.split())[:_MOST_TEXT]


def _first(texts: list[str]) -> str:
    return texts[0] if texts else ""
