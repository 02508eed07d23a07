"""Put a decided ad into a stream, at token speed.

For a unit, what is fed comes out at once and only the end of the stream waits for the decision;
waiting is the caller's. For a mention, `know` says that the decision has come: from that place in
the text on, the first characters after an allowed blank line are held until it is clear that a
paragraph starts, then the mention goes before them. The bytes depend on the text and on that place,
never on the borders of chunks or on a clock; for a unit they are those of `place_answer`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tollfree_sdk.contract import AdDecision, Delivery, Format, NoFill, TollfreeField
from tollfree_sdk.placement.boundaries import Walk, starts_block
from tollfree_sdk.placement.flow import Similarity
from tollfree_sdk.placement.mention import Woven, is_sound, mention_after, mention_block
from tollfree_sdk.placement.place import ending, woven_field

_SEGMENT: Final = re.compile(r"[^\n]*\n|[^\n]+")

#: Asked with the organic text so far, just before a mention is placed.
Gate = Callable[[str], NoFill | None]


@dataclass(frozen=True, slots=True)
class PlacedTail:
    """What is left to deliver, before or with the finish chunk, and the field for that chunk."""

    tail: str
    field: TollfreeField


class StreamPlacer:
    """Follows the content of choice 0 of one answer.

    >>> placer = StreamPlacer(delivery=Delivery.CONTENT)
    >>> placer.feed("Hel") + placer.feed("lo")
    'Hello'
    """

    def __init__(
        self,
        *,
        delivery: Delivery,
        similarity: Similarity | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._delivery, self._similarity, self._gate = delivery, similarity, gate
        self._pieces: list[str] = []
        self._known: AdDecision | None = None
        self._walk: Walk | None = None
        self._line, self._line_start, self._held = "", 0, ""
        self._may_break = False
        self._woven: Woven | None = None

    @property
    def organic(self) -> str:
        """The model's own text so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def know(self, decision: AdDecision) -> None:
        """Say that the decision has come. Only a mention is placed before the end."""
        is_mention = decision.ad is not None and decision.ad.format is Format.MENTION
        if self._known is not None or not is_mention or self._delivery is Delivery.FIELD:
            return
        self._known, self._walk = decision, Walk()
        for segment in _SEGMENT.findall(self.organic):
            self._read(self._walk, segment)
        self._may_break = not self._line and self._walk.may_break()

    def feed(self, text: str) -> str:
        """Take the next organic piece, give what to deliver now."""
        self._pieces.append(text)
        if self._walk is None:
            return text
        return "".join(map(self._pass_on, _SEGMENT.findall(text)))

    def finish(
        self, decision: AdDecision, *, blocked: NoFill | None = None, in_text: bool = True
    ) -> PlacedTail:
        """End the stream; see `place_answer` for `blocked` and `in_text`.

        A mention that is already delivered stays in the field, whatever `blocked` says by now.
        """
        held, self._held, self._walk = self._held, "", None
        if self._woven is not None and self._known is not None:
            return PlacedTail(held, woven_field(self.organic, self._known, self._woven))
        tail, field = ending(
            self.organic, decision, delivery=self._delivery, blocked=blocked, in_text=in_text
        )
        return PlacedTail(held + tail, field)

    def _pass_on(self, segment: str) -> str:
        """What to deliver for a piece of one line."""
        walk = self._walk
        if walk is None:
            return segment
        if self._may_break:
            starts = starts_block(self._line + segment)
            if starts is None:
                self._line += segment
                self._held += segment
                return ""
            segment, self._line, self._held = self._held + segment, "", ""
            self._may_break = False
            mention = self._mention_before(walk) if starts else ""
            if mention:
                self._walk = None
                return mention + segment
        self._read(walk, segment)
        return segment

    def _read(self, walk: Walk, segment: str) -> None:
        self._line += segment
        if segment.endswith("\n"):
            walk.end_line(self._line[:-1])
            self._line_start += len(self._line)
            self._line, self._may_break = "", walk.may_break()

    def _mention_before(self, walk: Walk) -> str:
        """The mention to deliver before the line that starts now, or nothing."""
        organic = self.organic[: self._line_start]
        if self._known is None or self._known.ad is None:
            return ""
        if self._gate is not None and self._gate(organic) is not None:
            # The text so far forbids it; the gate is asked again at the end.
            self._walk = None
            return ""
        disclosed = mention_after(walk.last_block, self._known.ad, self._similarity)
        if disclosed is None:
            self._walk = None
            return ""
        woven = Woven(self._line_start, mention_block(disclosed), disclosed)
        if not is_sound(woven, organic):
            return ""
        self._woven = woven
        return woven.block
