"""Put a decided ad into a stream, at token speed.

For a unit, what is fed comes out at once and only the end of the stream waits for the decision;
waiting is the caller's. A mention and links go into the text behind the place where `know` says
that the decision has come, and hold back a few letters at most. The bytes depend on the text and on
that place, never on the borders of chunks or on a clock; known from the start, a unit and links are
those of `place_answer`.
"""

from dataclasses import dataclass

from tollfree_sdk.contract import Ad, AdDecision, Delivery, Format, NoFill, TollfreeField
from tollfree_sdk.placement.flow import Similarity
from tollfree_sdk.placement.links.rewriter import LinkPolicy, LinkRewriter
from tollfree_sdk.placement.place import ending, linked_field, woven_field
from tollfree_sdk.placement.weaver import Gate, MentionWeaver


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
        links: LinkPolicy | None = None,
    ) -> None:
        self._delivery, self._similarity, self._gate = delivery, similarity, gate
        self._links = links
        self._pieces: list[str] = []
        self._known: AdDecision | None = None
        self._follower: MentionWeaver | LinkRewriter | None = None

    @property
    def organic(self) -> str:
        """The model's own text so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def know(self, decision: AdDecision) -> None:
        """Say that the decision has come. Only mentions and links are placed before the end."""
        if self._known is not None or decision.ad is None or self._delivery is Delivery.FIELD:
            return
        self._known, self._follower = decision, self._follower_for(decision.ad)
        if self._follower is not None:
            self._follower.skip(self.organic)

    def feed(self, text: str) -> str:
        """Take the next organic piece, give what to deliver now."""
        self._pieces.append(text)
        return text if self._follower is None else self._follower.feed(text)

    def finish(
        self, decision: AdDecision, *, blocked: NoFill | None = None, in_text: bool = True
    ) -> PlacedTail:
        """End the stream; see `place_answer` for `blocked` and `in_text`.

        What is already delivered stays in the field, whatever `blocked` says by now.
        """
        follower, known = self._follower, self._known
        held = "" if follower is None else follower.finish()
        if known is not None and isinstance(follower, MentionWeaver) and follower.woven:
            return PlacedTail(held, woven_field(self.organic, known, follower.woven))
        if known is not None and isinstance(follower, LinkRewriter) and follower.links:
            sentence, field = linked_field(self.organic, known, follower)
            return PlacedTail(held + sentence, field)
        tail, field = ending(
            self.organic, decision, delivery=self._delivery, blocked=blocked, in_text=in_text
        )
        return PlacedTail(held + tail, field)

    def _follower_for(self, ad: Ad) -> MentionWeaver | LinkRewriter | None:
        if ad.format is Format.MENTION:
            return MentionWeaver(ad, similarity=self._similarity, gate=self._gate)
        if ad.format is Format.LINK and self._links is not None:
            return LinkRewriter(self._links)
        return None
