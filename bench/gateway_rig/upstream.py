# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204
"""A provider that answers at once, so that what is measured is the gateway.

Speaks just enough HTTP/1.1: plain answers as one write, streams with one write for each chunk and a
turn of the loop between them, so that no two chunks travel together unless the reader is late. The
number of chunks is asked for by a member that no provider knows: ``"n_chunks": 500``.
"""

import asyncio
import json
import re
from functools import cache

ANSWER = (
    "Well, a good pair starts with the shape of your foot. Look at the heel first, then at the arch, "
    "and try both in the evening when feet are largest.\n\n"
    "- A firm heel keeps the foot straight and lets the knee follow it.\n"
    "- A wide toe box leaves room for long walks and warm days.\n"
    "- A light sole is quick, a thick one lasts longer.\n\n"
    "Walk a little in the shop, and take the pair that you forget about. Prices differ by season, "
    "so compare two or three places before you decide, and keep the box for a week."
)
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CHUNKS = re.compile(rb'"n_chunks": ?(\d+)')
_STREAMS = re.compile(rb'"stream": ?true')


class Provider(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""

    def data_received(self, data):
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if len(rest) < size:
            return
        body, self.buffer = rest[:size], rest[size:]
        if _STREAMS.search(body):
            asked = _CHUNKS.search(body)
            self.write_next(iter(stream_writes(int(asked[1]) if asked else 62)))
        else:
            self.transport.write(plain_response())

    def write_next(self, writes):
        write = next(writes, None)
        if write is not None and not self.transport.is_closing():
            self.transport.write(write)
            asyncio.get_running_loop().call_soon(self.write_next, writes)


@cache
def plain_response():
    choice = {"index": 0, "message": {"role": "assistant", "content": ANSWER}}
    body = json.dumps(
        {
            "id": "chatcmpl-bench",
            "object": "chat.completion",
            "created": 1,
            "model": "bench",
            "choices": [choice | {"finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 40, "completion_tokens": 120, "total_tokens": 160},
        }
    ).encode()
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@cache
def stream_writes(chunks):
    """The writes of a stream with `chunks` events, the last three being finish, usage, [DONE]."""
    pieces = [f"{word} " for word in ANSWER.split(" ")]
    texts = [pieces[at % len(pieces)] for at in range(chunks - 3)]
    shared = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "bench",
    }

    def event(choices, usage=None):
        return b"data: " + json.dumps(shared | {"choices": choices, "usage": usage}).encode()

    def choice(delta, reason=None):
        return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]

    events = [event(choice({"content": text})) for text in texts]
    events.append(event(choice({}, "stop")))
    usage = {"prompt_tokens": 40, "completion_tokens": chunks, "total_tokens": 40 + chunks}
    events += [event([], usage), b"data: [DONE]"]
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    writes = [b"%x\r\n%b\n\n\r\n" % (len(one) + 2, one) for one in events]
    return [head + writes[0], *writes[1:-1], writes[-1] + b"0\r\n\r\n"]


async def listen():
    """Start it; returns the server and its address."""
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
