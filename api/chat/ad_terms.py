"""Under what terms one answer may carry an ad, before anybody knows which one.

Delivery, formats and links follow from the app's settings and the request's wishes; whether ad text
may stand inside the answer follows from what the answer is for. Frozen, and pure but for its book.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from api.access.ad_settings import AdSettings
from api.chat.ad_wishes import AdWishes
from api.chat.attestation import Attestation
from kernel.errors import Forbidden
from tollfree_sdk.contract import Delivery, Format, NoFill, Turn
from tollfree_sdk.placement.links import Account, LinkBook, LinkPolicy, Supplied


@dataclass(frozen=True, slots=True)
class AdTerms:
    """`is_structured`: a program reads this answer. `is_woven`: an ad may stand inside a stream."""

    delivery: Delivery = Delivery.CONTENT
    is_structured: bool = False
    is_woven: bool = False
    links: LinkPolicy | None = None
    attestation: Attestation | None = None


def formats_for(ads: AdSettings, wishes: AdWishes) -> tuple[Format, ...]:
    """The formats of one turn, the first is wanted most; none where there is to be no ad.

    `reason_without_formats` says why there are none.

    Raises Forbidden where the request switches ads off and the app may not.
    """
    if wishes.ads_off and not ads.may_turn_off:
        raise Forbidden(
            "Answers of this app are paid for by ads, and its policy does not let a request switch "
            "them off. Leave `tollfree.ads` out.",
            param="tollfree.ads",
            code="ads_required",
        )
    if wishes.ads_off or not ads.enabled or not ads.formats:
        return ()
    if wishes.formats is None:
        return ads.formats
    return tuple(one for one in wishes.formats if one in ads.allowed_formats)


def reason_without_formats(ads: AdSettings, wishes: AdWishes) -> NoFill:
    """Why a turn without formats carries no ad: somebody switched them off, or the policy did."""
    return NoFill.ADS_OFF if wishes.ads_off or not ads.enabled else NoFill.BLOCKED_BY_PUBLISHER


class AffiliateAccounts:
    """The operator's memberships in affiliate programmes; none, and no link is touched."""

    def __init__(self, accounts: Sequence[Account] = ()) -> None:
        self.book = LinkBook(tuple(accounts)) if accounts else None
        self._accounts = tuple(accounts)
        # The sub-id leads what a sale earns back to the app.
        self._book_of = lru_cache(maxsize=1_000)(self._made_for)

    def policy(self, app_id: str, turns: Sequence[Turn]) -> LinkPolicy | None:
        """What links of one answer may be rewritten to; never those that somebody supplied."""
        if self.book is None:
            return None
        supplied = tuple(turn.text for turn in turns if turn.role != "assistant")
        return LinkPolicy(self._book_of(app_id), Supplied.by(supplied))

    def _made_for(self, app_id: str) -> LinkBook:
        return LinkBook(self._accounts, sub_id=app_id)
