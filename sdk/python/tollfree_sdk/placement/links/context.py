"""What surrounds a place in an answer, read as it passes.

Tells whether a link that starts here stands in prose, so that it may be touched: not in code, quotes,
tables, lists of sources, images, hidden markup or text that looks like data. Line by line for
blocks, mark by mark within a line, and the same whatever the chunking.
"""

import re
from enum import Enum, auto
from typing import Final

from tollfree_sdk.placement.outline import Outline

_NEVER_LINES: Final = re.compile(
    r"\s*>|(?: {4}|\t)(?!\s*(?:[-+*]|\d{1,9}[.)])\s)|\s*(?:[-+*]\s+|\d{1,9}[.)]\s+)?\[\^?[^\[\]\n]*\]:?(?:\s|$)|"
    r"\s*\[\^?[^\]\n]*\]:|.*\||"
    r"\s*(?:[-+*]\s+)?(?:\*\*|__)?(?:sources?|references?|citations?|quellen?|fuentes?|fonti?)(?:\*\*|__)?\s*:",
    re.IGNORECASE,
)
_SOURCES: Final = re.compile(
    r"\s*(?:#{1,6}\s+|\*\*|__)?(?:sources?|references?|citations?|bibliography|footnotes|works cited|"
    r"quellen|sources?|fuentes|fonti)\s*:?\s*(?:\*\*|__)?\s*:?\s*$",
    re.IGNORECASE,
)
_HEADING: Final = re.compile(r"\s*(?:#{1,6}\s|\*\*[^*]+\*\*\s*$)")
# The line says where something was taken from, or is a command or a log of one: no advice to buy.
_CITED: Final = re.compile(
    r"(?:\b(?:sources?|references?|ref|citations?|cited (?:from|in)|quoted from|retrieved from|accessed at|"
    r"quellen?|fuentes?|fonti?)\b\s*(?:\*\*|__)?\s*:?|\b(?:(?-i:GET|HEAD|POST|PUT|DELETE)|curl|wget|fetch(?:ing|ed)?)\b"
    r"(?:\s+-{1,2}\S+)*)(?:\*\*|__)?\s*[(<]?(?:\[[^\]\n]*\]\(<?)?$",
    re.IGNORECASE,
)
#: Link texts that are the number or the name of a source.
_CITATION_LABEL: Final = re.compile(
    r"\[(?:\[?\^?\d{1,3}\]?|\[?(?:source|src|ref|reference|citation|cite|footnote)s?(?: ?\d{1,3})?\]?)\]\(<?$",
    re.IGNORECASE,
)
# A bare link begins its word; so it is found again, from its end, when it is put back.
_BARE_LEAD: Final = re.compile(r"(?:^|\s)[(*_–—]{0,3}$")
# Text that changes nothing, or one letter that might.
_PIECE: Final = re.compile(r"[^\n`\[\]\\]+|[\n`\[\]\\]")
# Prose has no such lines; data has.
_LONGEST_LINE: Final = 4_000
_CODE_TAG: Final = re.compile(
    r"<(/?)(code|pre|kbd|samp|script|style|textarea|template|blockquote|table|cite|svg|a)\b",
    re.IGNORECASE,
)
_ANCHOR: Final = re.compile(
    r"<a\s(?:[^<>\"'=]|=\s*\"[^\"<>]*\"|=\s*'[^'<>]*')*?href\s*=\s*([\"'])$", re.IGNORECASE
)


class Shape(Enum):
    """How a link is written."""

    BARE = auto()
    AUTOLINK = auto()
    DESTINATION = auto()
    ANGLED_DESTINATION = auto()
    HREF = auto()


class Context:
    """The state after the text read so far."""

    def __init__(self) -> None:
        self._outline = Outline()
        self._line = ""
        self._after_table = self._in_sources = False
        self._open_code = self._ticks = 0
        self._brackets: list[bool] = []
        self._closed_image: bool | None = None
        self._is_escaped = False
        self._tags: dict[str, int] = {}
        self._in_comment = False

    def read(self, text: str) -> None:
        """Take organic text that has been decided."""
        for piece in _PIECE.findall(text):
            self._read_piece(piece)
            if piece == "\n":
                self._end_line()
            else:
                self._line += piece

    def shape_here(self) -> Shape | None:
        """How a link that starts here is written; None if it must not be touched."""
        if self._open_code or self._ticks or self._in_sources or self._after_table:
            return None
        if not self._outline.is_in_text or len(self._line) > _LONGEST_LINE:
            return None
        if _NEVER_LINES.match(self._line) or _CITED.search(self._line[-120:]):
            return None
        anchor = _ANCHOR.search(self._line)
        tags, in_comment = self._tags_with(self._line[: anchor.start()] if anchor else self._line)
        if in_comment or any(count > 0 for count in tags.values()):
            return None
        if anchor is not None:
            return None if re.search(r"\srel\s*=", anchor[0], re.IGNORECASE) else Shape.HREF
        return self._markdown_shape()

    def _markdown_shape(self) -> Shape | None:
        line = self._line
        if line.endswith(("](", "](<")):
            if _CITATION_LABEL.search(line[-40:]):
                return None
            shape = Shape.ANGLED_DESTINATION if line.endswith("<") else Shape.DESTINATION
            return shape if self._closed_image is False and not self._brackets else None
        if self._brackets:
            return None
        if line.endswith("<"):
            return Shape.AUTOLINK
        return Shape.BARE if _BARE_LEAD.search(line) else None

    def _read_piece(self, piece: str) -> None:
        if piece == "`" and not self._is_escaped:
            self._ticks += 1
            return
        if self._ticks:
            self._close_ticks()
        if self._is_escaped:
            self._is_escaped = False
        elif piece == "\\":
            self._is_escaped = True
        elif piece == "[" and not self._open_code:
            self._brackets.append(self._line.endswith("!"))
        elif piece == "]" and not self._open_code:
            self._closed_image = self._brackets.pop() if self._brackets else None

    def _close_ticks(self) -> None:
        if self._open_code == 0:
            self._open_code = self._ticks
        elif self._open_code == self._ticks:
            self._open_code = 0
        self._ticks = 0

    def _end_line(self) -> None:
        line, self._line = self._line.removesuffix("\r"), ""
        was_in_text = self._outline.is_in_text
        self._outline.read(line)
        is_blank = not line.strip()
        if is_blank or not (was_in_text and self._outline.is_in_text):
            self._open_code = self._ticks = 0
            self._brackets, self._closed_image = [], None
        if was_in_text and self._outline.is_in_text:
            self._tags, self._in_comment = self._tags_with(line)
        self._is_escaped = False
        self._after_table = "|" in line
        if _SOURCES.match(line):
            self._in_sources = True
        elif _HEADING.match(line):
            self._in_sources = False

    def _tags_with(self, line: str) -> tuple[dict[str, int], bool]:
        """Open elements and comments after `line`."""
        if "<" not in line and not self._in_comment:
            return self._tags, self._in_comment
        depth = dict(self._tags)
        for closing, name in _CODE_TAG.findall(line):
            key = name.casefold()
            depth[key] = max(0, depth.get(key, 0) + (-1 if closing else 1))
        opened, closed = line.rfind("<!--"), line.rfind("-->")
        in_comment = opened > closed or (self._in_comment and closed < 0)
        return depth, in_comment
