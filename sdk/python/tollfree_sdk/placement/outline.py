"""Which parts of an answer are prose, and which may not carry an ad.

Reads Markdown line by line, as far as placement needs it: fenced code and display mathematics, raw
HTML that hides what follows, answers that are a document for a program. Where two readings of the
text are possible (a fence closed at another depth than it was opened) it answers no: a wrong yes
would put an ad into someone's code, a wrong no costs one ad.
"""

import json
import re
from dataclasses import dataclass
from typing import Final

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_CONTAINER: Final = re.compile(r" *(?:(>)|[-+*](?= )|(\d{1,9}[.)])(?= ))")
_QUOTE: Final = re.compile(r" *>")
_FENCE: Final = re.compile(r"(`{3,}(?=[^`]*$)|~{3,}|\$\$(?=[^$]*$))(.*)$")
_HTML_LINE: Final = re.compile(r" {0,3}<[A-Za-z/!?]")
# Elements whose content is hidden, or is not text, until they are closed.
_TAG: Final = re.compile(
    r"<(/?)(details|think|thinking|reasoning|template|dialog|script|style|pre|textarea|title|xmp|"
    r"iframe|noscript|noembed|noframes|plaintext|select|svg|math|div|span|code)\b[^<>]*?(/?)(?:>|$)",
    re.IGNORECASE,
)
_OPEN_END: Final = (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"))


def can_carry_a_unit(answer: str) -> bool:
    r"""Whether a card may follow this finished answer.

    >>> can_carry_a_unit("Try these shoes.")
    True
    >>> can_carry_a_unit("```python\nprint(1)\n```")
    False
    """
    stripped = answer.strip()
    if not stripped or _is_document(stripped):
        return False
    if not any(mark in answer for mark in ("```", "~~~", "$$", "<")):
        return True
    outline = Outline()
    for line in _LINE_END.split(answer):
        outline.read(line)
    return outline.is_closed and outline.has_prose


def _is_document(stripped: str) -> bool:
    """Whether a program, not a person, is meant to read this."""
    if stripped[0] == "<" and stripped[-1] == ">":
        return True
    if stripped[0] + stripped[-1] not in ("{}", "[]"):
        return False
    try:
        json.loads(stripped)
    except (ValueError, RecursionError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Fence:
    """An open fence: its mark, the column it stands in, the quotes around it."""

    mark: str
    length: int
    column: int
    quotes: int
    numbered: bool


class Outline:
    """The state after the lines read so far."""

    def __init__(self) -> None:
        self.has_prose = False
        self._doubtful = False
        self._fence: _Fence | None = None
        self._in_html_block = False
        self._after_text = False
        self._markup: list[str] = []

    @property
    def is_closed(self) -> bool:
        """Whether a blank line now ends every block, under every reading of the text."""
        return not self._doubtful and self._fence is None and not self._hides_what_follows()

    @property
    def is_in_text(self) -> bool:
        """Whether the last line stood outside code and mathematics, as far as one can tell."""
        return not self._doubtful and self._fence is None

    def read(self, line: str) -> None:
        """Take one line, without its end."""
        # A lone carriage return ends a line for some parsers only.
        self._doubtful = self._doubtful or "\r" in line
        line = line.expandtabs(4)
        if self._fence is not None:
            self._read_in_fence(line, self._fence)
            return
        opened = _fence_of(line)
        if opened is None:
            self._read_outside(line)
            return
        # Inside raw HTML, and after a number that cannot start a list here, the same line is text
        # to one parser and a fence to another.
        in_doubt = self._in_html_block or (opened.numbered and self._after_text)
        self._doubtful = self._doubtful or in_doubt or self._hides_what_follows()
        self._fence = opened
        self._after_text = False

    def _read_outside(self, line: str) -> None:
        self._after_text = bool(line.strip())
        if not self._after_text:
            self._in_html_block = False
            return
        self.has_prose = True
        if _HTML_LINE.match(line):
            self._in_html_block = True
        if "<" in line or self._markup:
            self._markup.append(line)

    def _read_in_fence(self, line: str, fence: _Fence) -> None:
        inside = _after_quotes(line, fence.quotes)
        if inside is None:
            self._doubtful = True
            return
        text = line[inside:].strip()
        if not text:
            return
        # Mathematics is plain text to many parsers: what opens a block there is in doubt here.
        if fence.mark == "$" and ("<" in text or "```" in text or "~~~" in text):
            self._doubtful = True
        column = len(line) - len(line[inside:].lstrip())
        closes = set(text) == {fence.mark} and len(text) >= fence.length
        if closes and column == fence.column:
            self._fence = None
        elif closes or column < fence.column:
            # Another depth: closed for one parser, still open for the next.
            self._doubtful = True

    def _hides_what_follows(self) -> bool:
        if not self._markup:
            return False
        text = "\n".join(self._markup)
        if any(text.rfind(start) > text.rfind(end) for start, end in _OPEN_END):
            return True
        depth: dict[str, int] = {}
        for closing, name, empty in _TAG.findall(text):
            if not empty:
                key = name.lower()
                depth[key] = depth.get(key, 0) + (-1 if closing else 1)
        return any(count > 0 for count in depth.values())


def _fence_of(line: str) -> _Fence | None:
    """The fence that this line opens, if it opens one."""
    if "```" not in line and "~~~" not in line and "$$" not in line:
        return None
    start, quotes, numbered = 0, 0, False
    while (container := _CONTAINER.match(line, start)) is not None:
        start = container.end()
        quotes += container[1] is not None
        numbered = numbered or container[2] is not None
    column = len(line) - len(line[start:].lstrip())
    found = _FENCE.match(line, column)
    if found is None:
        return None
    return _Fence(found[1][0], len(found[1]), column, quotes, numbered)


def _after_quotes(line: str, quotes: int) -> int | None:
    """Where the text starts after `quotes` quote marks, None if there are fewer."""
    start = 0
    for _ in range(quotes):
        mark = _QUOTE.match(line, start)
        if mark is None:
            return None
        start = mark.end()
    return start
