"""The ad of one stream: hear of the decision in time, and tell the placer.

Only an ad inside the answer needs to be known before the end. A read that may part two paragraphs,
or begin a link that may be rewritten, waits for it, at most until the deadline, which counts from the arrival of the request; everything
else goes on.
"""

from dataclasses import replace
from typing import Protocol

from api.chat.ad_terms import AdTerms
from api.chat.answer_gate import Finished, reason_against_an_ad
from tollfree_sdk.contract import AdDecision, NoFill
from tollfree_sdk.placement.stream import StreamPlacer


class Outcome(Protocol):
    """A decision to wait for, as `api.chat.pending_decision` makes them."""

    @property
    def is_ready(self) -> bool: ...

    async def outcome(self) -> AdDecision: ...

    def abandon(self) -> None: ...


class StreamAd:
    """What one stream has to do with ads. `listens` says whether `listen` wants the next read."""

    def __init__(self, decision: Outcome, terms: AdTerms) -> None:
        self.terms, self.listens = terms, terms.is_woven
        self.finished = Finished("", None, is_structured=terms.is_structured)
        self.placer = StreamPlacer(
            delivery=terms.delivery, gate=self._against_it_here, links=terms.links
        )
        self._decision = decision
        self._known: AdDecision | None = None

    async def listen(self, read: bytes) -> None:
        """Tell the placer of the decision if it has come, or must have come by now."""
        if self._may_need_it(read) or self._decision.is_ready:
            self.listens = False
            self.placer.know(await self.outcome())

    async def outcome(self) -> AdDecision:
        """The decision, asked for once."""
        if self._known is None:
            self._known = await self._decision.outcome()
        return self._known

    def abandon(self) -> None:
        """Nobody will ask any more."""
        self._decision.abandon()

    def _may_need_it(self, read: bytes) -> bool:
        """Whether a blank line, or a link that may be rewritten, can begin in this read."""
        return b"\\n" in read or (self.terms.links is not None and b"ht" in read)

    def _against_it_here(self, text: str) -> NoFill | None:
        """Asked just before a mention goes out, with the text so far."""
        return reason_against_an_ad(replace(self.finished, text=text, finish_reason=None))
