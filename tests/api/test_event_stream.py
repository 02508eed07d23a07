"""Events come out the same wherever the reads and the lines end."""

import pytest

from api.upstream.event_stream import EventSplitter, data_of
from kernel.errors import UpstreamFailed

STREAM = (
    'data: {"a":"ü"}\n\n: comment\n\nevent: x\ndata: one\ndata: two\n\ndata: [DONE]\n\n'.encode()
)
DATA = ['{"a":"ü"}'.encode(), None, b"one\ntwo", b"[DONE]"]


def events_of(reads: list[bytes]) -> list[bytes | None]:
    splitter = EventSplitter()
    events = [event for read in reads for event in splitter.feed(read)]
    return [data_of(event) for event in [*events, *splitter.end()]]


class TestAStreamCutAnywhere:
    @pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
    def test_gives_the_same_events(self, line_end: bytes) -> None:
        stream = STREAM.replace(b"\n", line_end)

        for at in range(len(stream) + 1):
            assert events_of([stream[:at], stream[at:]]) == DATA
        assert events_of([stream[at : at + 1] for at in range(len(stream))]) == DATA

    def test_gives_the_last_event_without_its_blank_line(self) -> None:
        assert events_of([STREAM.rstrip(b"\n")]) == DATA


def test_an_endless_event_is_refused_before_it_fills_the_memory() -> None:
    splitter = EventSplitter(max_event_bytes=1_000)

    for _ in range(10):
        splitter.feed(b"x" * 100)
    with pytest.raises(UpstreamFailed):
        splitter.feed(b"x")
