"""Ask for an ad on behalf of a chat request, beside the upstream call.

Turns what the app decided and the request wishes into an ad request, and names the conversation and
the person by keyed digests, so that no name that a caller chose leaves this module.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from api.access.key_book import Caller
from api.access.keys import KeyKind
from api.chat.ad_terms import (
    AdTerms,
    AffiliateAccounts,
    formats_for,
    reason_without_formats,
)
from api.chat.attestation import Attestation
from api.chat.pending_decision import PendingDecision, Settled
from api.chat.request import ChatRequest
from api.chat.stream_ad import Outcome
from api.upstream.routing import Leg, ModelAlias
from kernel.clock import Clock
from tollfree_sdk.contract import (
    AdDecision,
    AdRequest,
    AdSource,
    Delivery,
    Format,
    NoFill,
    Turn,
)

_NAME_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class AskedAd:
    """A decision on its way, and the terms for what it brings."""

    decision: Outcome
    terms: AdTerms


class AdDesk:
    """Asks one source of ads."""

    def __init__(
        self,
        ads: AdSource,
        clock: Clock,
        *,
        public_url: str,
        verifies: Callable[[str], bool],
        deadline_ms: float,
        session_key: bytes,
        affiliates: AffiliateAccounts,
        attestation: Attestation | None = None,
    ) -> None:
        self._ads, self._clock, self._deadline_s = ads, clock, deadline_ms / 1000
        self._clicks, self._verifies = f"{public_url}/c/", verifies
        self._session_key, self._affiliates = session_key, affiliates
        self._attestation = attestation

    def legs_for(
        self, request: ChatRequest, caller: Caller, alias: ModelAlias
    ) -> tuple[Sequence[Leg], bool]:
        """The legs for this request, and whether an ad may stand in an answer by them.

        An upstream whose terms forbid ads answers where there is to be none. An alias that has no
        other upstream answers, without an ad.
        """
        if len(alias.ad_legs) == len(alias.legs):
            return alias.legs, True
        if alias.ad_legs and formats_for(caller.ads, request.wishes):
            return alias.ad_legs, True
        return alias.legs, False

    def ask(
        self, request: ChatRequest, caller: Caller, *, arrived: float, may_carry_ads: bool = True
    ) -> AskedAd:
        """Start deciding. Raises Forbidden where the request may not wish what it wishes."""
        wishes = request.wishes
        formats = formats_for(caller.ads, wishes)
        delivery = wishes.delivery or caller.ads.delivery
        terms = AdTerms(
            delivery, is_structured=request.is_structured, attestation=self._attestation
        )
        if not formats:
            return AskedAd(Settled(reason_without_formats(caller.ads, wishes)), terms)
        if not may_carry_ads:
            return AskedAd(Settled(NoFill.ADS_OFF), terms)
        if request.is_structured and delivery is Delivery.CONTENT:
            return AskedAd(Settled(NoFill.NOT_PLACEABLE), terms)
        turns = request.turns()
        pending = PendingDecision(
            self._decide(request, caller, formats, turns),
            deadline=arrived + self._deadline_s,
            clock=self._clock,
            is_ours=self._is_ours,
        )
        if formats != (Format.UNIT,):
            terms = self._terms_inside(request, caller, formats, turns, terms)
        return AskedAd(pending, terms)

    def _terms_inside(
        self,
        request: ChatRequest,
        caller: Caller,
        formats: tuple[Format, ...],
        turns: tuple[Turn, ...],
        terms: AdTerms,
    ) -> AdTerms:
        """The terms where a mention or links may go into the answer itself."""
        is_text = terms.delivery is not Delivery.FIELD and not request.is_structured
        may_link = is_text and Format.LINK in formats
        return replace(
            terms,
            # A stream that may go on to call a tool is not known to be an answer until it ends.
            is_woven=is_text and not request.offers_tools,
            links=self._affiliates.policy(caller.app_id, turns) if may_link else None,
        )

    async def _decide(
        self,
        request: ChatRequest,
        caller: Caller,
        formats: tuple[Format, ...],
        turns: tuple[Turn, ...],
    ) -> AdDecision:
        return await self._ads.decide(self._ad_request(request, caller, formats, turns))

    def _ad_request(
        self,
        request: ChatRequest,
        caller: Caller,
        formats: tuple[Format, ...],
        turns: tuple[Turn, ...],
    ) -> AdRequest:
        wishes, ads = request.wishes, caller.ads
        return AdRequest(
            conversation=turns,
            app=caller.app_id,
            session=self._session(caller, wishes.session, turns),
            end_user=wishes.end_user and self._digest(caller, f"user\0{wishes.end_user}"),
            placement=wishes.placement,
            formats=formats,
            country=wishes.country,
            language=wishes.language,
            consent=wishes.consent,
            minor=wishes.minor,
            test=caller.kind is KeyKind.TEST,
            keywords=wishes.keywords,
            blocked_categories=ads.blocked_categories + wishes.blocked_categories,
            blocked_domains=ads.blocked_domains + wishes.blocked_domains,
            blocked_advertisers=ads.blocked_advertisers + wishes.blocked_advertisers,
            min_relevance=max(ads.min_relevance, wishes.min_relevance),
            ads_per_session=_fewer(ads.ads_per_session, wishes.ads_per_session),
            turns_between=max(ads.turns_between, wishes.turns_between),
        )

    def _session(self, caller: Caller, named: str | None, turns: tuple[Turn, ...]) -> str:
        """The conversation's name: a digest even of the caller's own, which may be an address."""
        if named is not None:
            return self._digest(caller, f"named\0{named}")
        first_words = next((turn.text for turn in turns if turn.role == "user"), "")
        return self._digest(caller, f"first\0{first_words}")

    def _digest(self, caller: Caller, told: str) -> str:
        message = f"{caller.app_id}\0{told}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(message, key=self._session_key, digest_size=_NAME_BYTES).hexdigest()

    def _is_ours(self, click_url: str) -> bool:
        clicks = self._clicks
        return click_url.startswith(clicks) and self._verifies(click_url[len(clicks) :])


def _fewer(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
