"""Weave a mention into a text as it passes.

Holds the first letters of a line back, after an allowed blank line, until it is clear that a
paragraph starts; then the mention goes before them. Decides by the text alone.
"""

import re
from collections.abc import Callable
from typing import Final

from tollfree_sdk.contract import Ad, NoFill
from tollfree_sdk.placement.boundaries import Walk, starts_block
from tollfree_sdk.placement.flow import Similarity
from tollfree_sdk.placement.mention import Woven, is_sound, mention_after, mention_block

_SEGMENT: Final = re.compile(r"[^\n]*\n|[^\n]+")

_MOST_REFUSALS: Final = 4

#: Asked with the organic text so far, just before a mention is placed.
Gate = Callable[[str], NoFill | None]


class MentionWeaver:
    """Follows one text. `skip` what was delivered before, `feed` what comes, `finish` at its end."""

    def __init__(self, ad: Ad, *, similarity: Similarity | None, gate: Gate | None) -> None:
        self.woven: Woven | None = None
        self._ad, self._similarity, self._gate = ad, similarity, gate
        self._walk = Walk()
        self._read_lines: list[str] = []
        self._line, self._line_start, self._held = "", 0, ""
        self._may_break = self._is_done = False
        self._refusals = 0

    def skip(self, text: str) -> None:
        """Read text that is out already; a mention may stand behind it."""
        for segment in _SEGMENT.findall(text):
            self._read(segment)
        # The start of the last line is out: nothing can go before it any more.
        self._may_break = self._may_break and not self._line

    def feed(self, text: str) -> str:
        """Take the next organic piece, give what to deliver now."""
        if self._is_done:
            return text
        return "".join(map(self._pass_on, _SEGMENT.findall(text)))

    def finish(self) -> str:
        """What is still held."""
        held, self._held, self._is_done = self._held, "", True
        return held

    def _pass_on(self, segment: str) -> str:
        if self._is_done:
            return segment
        mention = ""
        if self._may_break:
            starts = starts_block(self._line + segment)
            if starts is None:
                self._line += segment
                self._held += segment
                return ""
            segment, self._line, self._held = self._held + segment, "", ""
            self._may_break = False
            mention = self._mention() if starts else ""
        self._read(segment)
        return mention + segment

    def _read(self, segment: str) -> None:
        self._line += segment
        if segment.endswith("\n"):
            self._walk.end_line(self._line[:-1])
            self._read_lines.append(self._line)
            self._line_start += len(self._line)
            self._line, self._may_break = "", self._walk.may_break()

    def _mention(self) -> str:
        """The mention to deliver before the line that starts now, or nothing."""
        organic = "".join(self._read_lines)
        objection = None if self._gate is None else self._gate(organic)
        if objection is not None:
            # Perhaps there is too little text as yet; but it is not asked about for ever.
            self._refusals += 1
            may_ask_again = objection is NoFill.NOT_PLACEABLE and self._refusals < _MOST_REFUSALS
            self._is_done = not may_ask_again
            return ""
        self._is_done = True
        disclosed = mention_after(self._walk.last_block, organic, self._ad, self._similarity)
        if disclosed is None:
            return ""
        woven = Woven(self._line_start, mention_block(disclosed), disclosed)
        if not is_sound(woven, organic):
            return ""
        self.woven = woven
        return woven.block
