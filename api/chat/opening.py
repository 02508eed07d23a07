"""An upstream's stream, once it has begun to say something.

Until then nothing was promised to the caller, so whatever fails can still be tried elsewhere or be
told with a status. Reads until the first delta that carries more than a role and keeps what it read.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Final

from api.chat.chunks import read_chunk
from api.upstream.event_stream import DONE, EventSplitter, data_of
from api.upstream.upstream import UpstreamAnswer
from kernel.errors import UpstreamFailed

_SAYS_NOTHING: Final = frozenset({"role", "refusal", "name"})


async def begun(answer: UpstreamAnswer) -> UpstreamAnswer:
    """The same answer from its start, at its first content. Raises UpstreamFailed; then closed."""
    reads: list[bytes] = []
    try:
        await _hear_the_beginning(answer.chunks, reads)
    except BaseException:
        await answer.close()
        raise
    return replace(answer, chunks=_from_the_start(reads, answer.chunks))


async def _hear_the_beginning(chunks: AsyncIterator[bytes], reads: list[bytes]) -> None:
    splitter = EventSplitter()
    async for read in chunks:
        reads.append(read)
        if any(map(_says_something, splitter.feed(read))):
            return
    if not any(map(_says_something, splitter.end())):
        raise UpstreamFailed(
            "The model's provider broke off before its answer began. Try again.",
            code="upstream_truncated",
        )


async def _from_the_start(
    reads: Sequence[bytes], rest: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    yield b"".join(reads)
    async for read in rest:
        yield read


def _says_something(event: bytes) -> bool:
    data = data_of(event)
    if data is None or data == DONE:
        return False
    chunk = read_chunk(data)
    return chunk is not None and any(map(_choice_says, chunk.body["choices"]))


def _choice_says(choice: dict[str, Any]) -> bool:
    if choice.get("finish_reason") is not None:
        return True
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return False
    return bool(delta.get("refusal")) or any(delta[name] for name in delta.keys() - _SAYS_NOTHING)
