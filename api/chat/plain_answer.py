"""An answer in one piece: read it whole, place the ad, hand it on.

Changes the content of choice 0 by what placement adds and nothing else, and adds the `tollfree`
object. Refuses an upstream's answer that is not a chat completion.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from api.chat.ad_terms import AdTerms
from api.chat.answer_gate import Finished, Leave
from api.chat.attestation import field_of_answer
from api.chat.booking import Booking
from api.chat.placing import place_safely
from api.chat.usage import Tokens, tokens_of
from api.upstream.upstream import UpstreamAnswer
from kernel.errors import UpstreamFailed
from tollfree_sdk.contract import AdDecision, TollfreeField
from tollfree_sdk.placement.place import place_answer

_MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """The bytes to send. Say `sent` after the send, or `lost` when the caller was gone."""

    body: bytes
    upstream: str
    booking: Booking
    tokens: Tokens

    def sent(self) -> None:
        self.booking.delivered()
        self.booking.close(200, self.tokens)

    def lost(self) -> None:
        self.booking.close(499, self.tokens)


class Completion:
    """An upstream's answer, opened up as far as we need it. Raises UpstreamFailed."""

    def __init__(self, raw: bytes) -> None:
        try:
            self.body: dict[str, Any] = orjson.loads(raw)
            choices = self.body["choices"]
            self._choice = next((one for one in choices if one.get("index") == 0), choices[0])
            self._message = self._choice["message"]
            self._content = self._message.get("content")
            for one in choices:
                # Required by the format, and left out by some upstreams.
                one.setdefault("logprobs", None)
                one["message"].setdefault("refusal", None)
                one["message"].setdefault("content", None)
            # What an upstream calls by our name is not ours.
            self.body.pop("tollfree", None)
        except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError):
            raise UpstreamFailed(
                "The model's provider sent something that is not a chat completion. Try again.",
                code="upstream_invalid",
            ) from None
        self.text = self._content if isinstance(self._content, str) else ""

    def finished(self, *, is_structured: bool) -> Finished:
        called = self._message.get("tool_calls") or self._message.get("function_call")
        return Finished(
            self.text,
            self._choice.get("finish_reason"),
            called_tools=bool(called),
            refused=bool(self._message.get("refusal")),
            is_structured=is_structured,
        )

    def place(
        self, decision: AdDecision, leave: Leave, *, terms: AdTerms
    ) -> tuple[bytes, TollfreeField]:
        """The body with the ad and the field in it, and the field."""
        placed = place_answer(
            self.text,
            decision,
            delivery=terms.delivery,
            blocked=leave.blocked,
            in_text=leave.in_text,
            links=terms.links,
        )
        same = placed.content == self.text
        self._message["content"] = self._content if same else placed.content
        self.body["tollfree"] = field_of_answer(placed.field, terms.attestation)
        return orjson.dumps(self.body), placed.field


async def read_whole(answer: UpstreamAnswer) -> Completion:
    """The complete answer of an upstream, which is closed after it. Raises UpstreamFailed."""
    pieces, size = [], 0
    try:
        async for chunk in answer.chunks:
            pieces.append(chunk)
            size += len(chunk)
            if size > _MAX_ANSWER_BYTES:
                raise UpstreamFailed("The model's provider sent an answer that is too long.")
    finally:
        await answer.close()
    return Completion(b"".join(pieces))


def plain_answer(
    completion: Completion,
    decision: AdDecision,
    booking: Booking,
    *,
    terms: AdTerms,
    sent_bytes: int,
) -> PlainAnswer:
    """Place the decision in the completion, whatever the decision is worth."""
    finished = completion.finished(is_structured=terms.is_structured)
    body, field = place_safely(
        lambda given, leave: completion.place(given, leave, terms=terms),
        decision,
        finished,
        terms.delivery,
    )
    booking.placed(field)
    booking.judged(finished)
    booking.first_token()
    tokens = tokens_of(completion.body.get("usage"), sent_bytes=sent_bytes, answer=completion.text)
    return PlainAnswer(body, booking.upstream, booking, tokens)
