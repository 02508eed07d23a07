"""Text deltas that differ from the one before in nothing but their text.

Most chunks of an answer are the same bytes around another piece of text. Once one of them was read
as JSON, the bytes before and after its text are the shape; a chunk in that shape needs no parsing.
Text with quotes, escapes or anything unprintable does not count, nor does a byte elsewhere. Pure.
"""

import orjson

from api.chat.chunks import Chunk

_BEFORE_TEXT = (b'"content":', b'"content": ')


class ChunkShape:
    """Learns from chunks that were read; gives the text of events in the last shape."""

    __slots__ = ("_after", "_around", "_before")

    def __init__(self) -> None:
        self._before = self._after = b""
        self._around = 0

    def text_of(self, event: bytes) -> str | None:
        """The text of an event that is known but for it; None for any other."""
        if not self._around or not event.startswith(self._before):
            return None
        if not event.endswith(self._after) or len(event) <= self._around:
            return None
        text = event[len(self._before) : -len(self._after)]
        if b'"' in text or b"\\" in text:
            return None
        try:
            said = text.decode()
        except UnicodeDecodeError:
            return None
        return said if said.isprintable() else None

    def learn(self, chunk: Chunk, event: bytes) -> None:
        """Take the shape of an event that was read as `chunk`, if it says a text and no more."""
        if chunk.is_changed or chunk.usage is not None or len(chunk.body["choices"]) != 1:
            return
        if chunk.delta.keys() != {"content"}:
            return
        written = orjson.dumps(chunk.content)
        if event.count(written) != 1 or b"\n" in event:
            return
        before, _, after = event.partition(written)
        if before.endswith(_BEFORE_TEXT):
            self._before, self._after = before + b'"', b'"' + after
            self._around = len(before) + len(after) + 2
