"""Server-sent events, as bytes.

Splits what an upstream sends into whole events, whatever the borders of its reads and its line
ends, and writes events of our own. Knows nothing about chat. An event longer than the cap raises
`UpstreamFailed` instead of filling the memory.
"""

from typing import Any, Final

import orjson

from kernel.errors import TollfreeError, UpstreamFailed, error_body

DONE: Final = b"[DONE]"
DONE_EVENT: Final = b"data: [DONE]\n\n"
#: Clients skip a comment; proxies that count silence do not.
KEEP_ALIVE: Final = b": keep-alive\n\n"
_MAX_EVENT_BYTES: Final = 4 * 1024 * 1024


class EventSplitter:
    """Feed it reads, get events, each without the blank line that ends it."""

    def __init__(self, *, max_event_bytes: int = _MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._rest = b""
        self._ends_in_cr = False

    def feed(self, data: bytes) -> list[bytes]:
        """The events that are complete now. Raises UpstreamFailed when one grows too long."""
        if self._ends_in_cr or b"\r" in data:
            data = self._with_plain_line_ends(data)
        events = (self._rest + data if self._rest else data).split(b"\n\n")
        self._rest = events.pop()
        if len(self._rest) > self._max_event_bytes:
            raise UpstreamFailed("The model's provider sent an event that is too long.")
        return events

    def end(self) -> list[bytes]:
        """The event that lacks only its blank line, when the stream has ended."""
        return [event for event in self.feed(b"\n\n") if event.strip(b"\n")]

    def _with_plain_line_ends(self, data: bytes) -> bytes:
        if self._ends_in_cr:
            data = b"\r" + data
        # A carriage return at the very end may be half of a pair.
        self._ends_in_cr = data.endswith(b"\r")
        if self._ends_in_cr:
            data = data[:-1]
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def data_of(event: bytes) -> bytes | None:
    """What an event carries in its `data` lines; None for comments and the like."""
    if event.startswith(b"data: ") and b"\n" not in event:
        return event[6:]
    lines = [line[5:] for line in event.split(b"\n") if line.startswith(b"data:")]
    if not lines:
        return None
    return b"\n".join(line.removeprefix(b" ") for line in lines)


def event_of(body: Any) -> bytes:
    """`body` as one event."""
    return b"data: " + orjson.dumps(body) + b"\n\n"


def error_event(error: TollfreeError) -> bytes:
    """An error inside a stream: the one sign by which clients know that an answer is not whole."""
    return event_of(error_body(error))
