"""What a match brought: an ad in every form that it can be shown in, or the reason for none.

Each form carries label and advertiser name; there is no way to get the words without them.
"""

from dataclasses import dataclass
from functools import cached_property

from tollfree_sdk.contract import Ad, AdDecision, Delivery, Format, NoFill
from tollfree_sdk.placement import Placed, place_answer
from tollfree_sdk.placement.disclosure import Disclosed, Undisclosable, disclose_unit
from tollfree_sdk.placement.unit import unit_block


@dataclass(frozen=True, slots=True)
class MatchedAd:
    """One ad: as plain text, as Markdown and as HTML; empty strings where there is none.

    `block` is the Markdown with the rule that parts it from an answer; append that one.
    """

    text: str = ""
    markdown: str = ""
    html: str = ""
    block: str = ""
    ad: Ad | None = None


@dataclass(frozen=True)
class Match:
    """The outcome of one turn; `decision` is the network's own word."""

    decision: AdDecision

    @property
    def filled(self) -> bool:
        return bool(self.ads)

    @property
    def decision_id(self) -> str | None:
        return self.decision.decision_id

    @property
    def no_fill_reason(self) -> NoFill | None:
        """Why there is no ad; None if there is one."""
        if self.filled:
            return None
        return self.decision.no_fill_reason or NoFill.NOT_PLACEABLE

    @property
    def ads(self) -> tuple[MatchedAd, ...]:
        """At most one."""
        return () if self._shown is None else (self._shown,)

    @property
    def ad(self) -> MatchedAd:
        """The ad, or one without words."""
        return self._shown or MatchedAd()

    def place(self, answer: str, *, delivery: Delivery | str = Delivery.CONTENT) -> Placed:
        """Put the ad into a finished answer."""
        return place_answer(answer, self.decision, delivery=Delivery(delivery))

    @cached_property
    def _shown(self) -> MatchedAd | None:
        ad = self.decision.ad
        if ad is None or ad.format is Format.LINK:
            return None
        try:
            disclosed: Disclosed = disclose_unit(ad)
        except Undisclosable:
            return None
        block = unit_block(disclosed)
        return MatchedAd(disclosed.text, disclosed.markdown, disclosed.html, block, ad)
