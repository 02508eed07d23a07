"""Place ads in chat completions of OpenAI's shape, whoever made the objects.

Changes the content of choice 0 and adds a `tollfree` member; types stay what they are. What a
program reads (JSON by request, tool calls) is left alone. Shared by the adapters of clients that
speak this shape.
"""

import copy
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, Final

from tollfree_sdk.contract import Delivery, NoFill, TollfreeField
from tollfree_sdk.match import Match
from tollfree_sdk.placement import place_answer
from tollfree_sdk.placement.answers import objection_to
from tollfree_sdk.streaming import TextWithAd
from tollfree_sdk.wire import field_to_json

_CALLS: Final = ("tool_calls", "function_call")


def is_for_a_program(arguments: Mapping[str, Any]) -> bool:
    """Whether a request asks for JSON or another structure."""
    wanted = arguments.get("response_format")
    if isinstance(wanted, Mapping):
        return wanted.get("type") not in {None, "text"}
    # A class stands for the structure that it describes; a marker for "not given" is neither.
    return isinstance(wanted, type)


def place_in_completion(completion: Any, match: Match, *, delivery: Delivery) -> TollfreeField:
    """Place the match in a completion, and say what became of it."""
    choice = next((one for one in completion.choices if one.index == 0), completion.choices[0])
    message = choice.message
    text = message.content if isinstance(message.content, str) else ""
    placed = place_answer(
        text, match.decision, delivery=delivery, blocked=_objection(message, text)
    )
    if placed.content != text:
        message.content = placed.content
    _attach(completion, placed.field)
    return placed.field


class ChunkPlacer:
    """Places a match in the chunks of one stream."""

    def __init__(self, delivery: Delivery) -> None:
        self.text = TextWithAd(delivery)
        self._calls_tools = False
        self._last: Any = None

    @property
    def is_over(self) -> bool:
        return self.text.field is not None

    def take(self, chunk: Any) -> Any | None:
        """The chunk to deliver, None while its text is held; finish chunks go to `end`."""
        choice = first_choice(chunk)
        delta = None if choice is None else choice.delta
        if delta is None or self.is_over:
            return chunk
        self._calls_tools |= any(getattr(delta, name, None) for name in _CALLS)
        text = getattr(delta, "content", None)
        if isinstance(text, str) and text:
            self._last = chunk
            delivered = self.text.feed(text)
            delta.content = delivered
            if not delivered and len(chunk.choices) == 1 and not _says_more(delta):
                return None
        return chunk

    def end(self, finish: Any | None, match: Match) -> Iterator[Any]:
        """What is left: the ad as a chunk of its own, then the chunk with `finish_reason`."""
        blocked = NoFill.NOT_PLACEABLE if self._calls_tools else None
        model = finish if self._last is None else self._last
        tail = self.text.end(match, blocked=blocked)
        if tail and model is not None:
            chunk = copy.deepcopy(model)
            choice = first_choice(chunk)
            choice.delta.content, choice.finish_reason = tail, None
            chunk.choices = [choice]
            yield chunk
        if finish is not None:
            assert self.text.field is not None
            _attach(finish, self.text.field)
            yield finish


def chunks_with_ad(chunks: Iterable[Any], pending: Any, placer: ChunkPlacer) -> Iterator[Any]:
    """A stream's chunks with the ad in them."""
    is_known = False
    for chunk in chunks:
        if not is_known and pending.is_ready:
            is_known = True
            placer.text.know(pending.result())
        passed = placer.take(chunk)
        if passed is None:
            continue
        if is_finish(chunk) and not placer.is_over:
            yield from placer.end(chunk, pending.result())
        else:
            yield passed
    if not placer.is_over:
        yield from placer.end(None, pending.result())


async def achunks_with_ad(
    chunks: AsyncIterable[Any], pending: Any, placer: ChunkPlacer
) -> AsyncIterator[Any]:
    """The same for a program with an event loop."""
    is_known = False
    async for chunk in chunks:
        if not is_known and pending.is_ready:
            is_known = True
            placer.text.know(await pending.result())
        passed = placer.take(chunk)
        if passed is None:
            continue
        if is_finish(chunk) and not placer.is_over:
            for one in placer.end(chunk, await pending.result()):
                yield one
        else:
            yield passed
    if not placer.is_over:
        for one in placer.end(None, await pending.result()):
            yield one


def first_choice(chunk: Any) -> Any:
    """Choice 0 of a chunk; None where it has none."""
    return next((one for one in chunk.choices or () if one.index == 0), None)


def is_finish(chunk: Any) -> bool:
    choice = first_choice(chunk)
    return choice is not None and getattr(choice, "finish_reason", None) is not None


def _says_more(delta: Any) -> bool:
    return any(getattr(delta, name, None) for name in ("role", "refusal", *_CALLS))


def _objection(message: Any, text: str) -> NoFill | None:
    if any(getattr(message, name, None) for name in _CALLS) or getattr(message, "refusal", None):
        return NoFill.NOT_PLACEABLE
    return objection_to(text)


def _attach(answer: Any, field: TollfreeField) -> None:
    """Add the `tollfree` member; models that refuse new members go without."""
    try:
        answer.tollfree = field_to_json(field)
    except (AttributeError, ValueError, TypeError):
        return
