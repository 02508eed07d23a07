"""Put a decided ad into a stream, at token speed.

What is fed comes out at once; only the end of the stream waits for the decision, and waiting is the
caller's. The bytes and the field are those of `place_answer` for the same text, whatever the
chunking, because nothing here looks at a chunk's borders or at a clock.
"""

from dataclasses import dataclass

from tollfree_sdk.contract import AdDecision, Delivery, NoFill, TollfreeField
from tollfree_sdk.placement.place import ending


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

    def __init__(self, *, delivery: Delivery) -> None:
        self._delivery = delivery
        self._pieces: list[str] = []

    @property
    def organic(self) -> str:
        """The model's own text so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def feed(self, text: str) -> str:
        """Take the next organic piece, give what to deliver now."""
        self._pieces.append(text)
        return text

    def finish(
        self, decision: AdDecision, *, blocked: NoFill | None = None, in_text: bool = True
    ) -> PlacedTail:
        """End the stream; see `place_answer` for `blocked` and `in_text`."""
        tail, field = ending(
            self.organic, decision, delivery=self._delivery, blocked=blocked, in_text=in_text
        )
        return PlacedTail(tail, field)
