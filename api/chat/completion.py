"""The heart: one chat request in, one answer out, with or without an ad.

    read (our spans out) ─► route ─┬─► AdSource.decide ──────────┐
                                   └─► upstream ─► place ─► caller ─► delivered step, row

Knows no HTTP. The upstream's bytes depend on what the caller meant, never on ads; the answer never
depends on the ad source. Holds nothing of a conversation after the answer.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from api.access.key_book import Caller
from api.access.quota import QuotaBook
from api.chat.ad_desk import AdDesk
from api.chat.ad_terms import AffiliateAccounts
from api.chat.attestation import Attestation
from api.chat.booking import Booking, BookingDesk
from api.chat.draining import Draining
from api.chat.images import ImageDesk
from api.chat.kept_answers import opened_or_kept
from api.chat.likeness import Likeness
from api.chat.opening import begun
from api.chat.plain_answer import Completion, PlainAnswer, plain_answer, read_whole
from api.chat.request import ChatRequest, read_request
from api.chat.streamed_answer import StreamedAnswer
from api.chat.usage import CompletionRow, Tokens, tokens_of
from api.chat.within_limits import within_limits
from api.monitoring.timings import observe_own
from api.solvency.allowance import Allowance
from api.upstream.attempts import Attempts, RetryPolicy
from api.upstream.room import Room
from api.upstream.routing import Leg, Routing
from api.upstream.upstream import Upstream, UpstreamAnswer, UpstreamTimedOut, drains
from kernel.clock import Clock
from kernel.errors import TollfreeError, UpstreamFailed
from kernel.group_commit import GroupCommit
from kernel.ids import new_secret, new_seed
from tollfree_sdk.contract import AdSource
from tollfree_sdk.placement.links import Account

_BYTES_PER_TOKEN: Final = 4
_ANSWER_GUESS: Final = 500


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """`session_key` names conversations; give all workers the same one.

    `affiliates` are the operator's memberships; without one no link is ever touched. With an
    `attestation` answers that carry an ad are signed.
    """

    decision_deadline_ms: float = 30
    first_token_seconds: float = 60
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    session_key: bytes = field(default_factory=new_secret, repr=False)
    affiliates: tuple[Account, ...] = ()
    attestation: Attestation | None = None


class ChatHeart:
    """Answers chat requests. One per process; `settle` before the database is closed."""

    def __init__(
        self,
        ads: AdSource,
        upstreams: Routing,
        completions: GroupCommit[CompletionRow],
        clock: Clock,
        *,
        public_url: str,
        verifies: Callable[[str], bool],
        settings: ChatSettings | None = None,
        allowance: Allowance | None = None,
        likeness: Likeness | None = None,
        room: Room | None = None,
        images: ImageDesk | None = None,
    ) -> None:
        self.clock = clock
        self._upstreams = upstreams
        self._public_url, self._verifies = public_url.rstrip("/"), verifies
        self._settings = settings or ChatSettings()
        self._affiliates = AffiliateAccounts(self._settings.affiliates)
        self._ads = AdDesk(
            ads,
            clock,
            public_url=self._public_url,
            verifies=verifies,
            deadline_ms=self._settings.decision_deadline_ms,
            session_key=self._settings.session_key,
            affiliates=self._affiliates,
            attestation=self._settings.attestation,
        )
        room = room or Room(QuotaBook(clock))
        self._desk = BookingDesk(ads, completions, clock, room)
        self._allowance, self._likeness, self._images = allowance, likeness, images
        if allowance is not None:
            self._desk.worth = allowance.standings.worth
        self._attempts = Attempts(clock, room, seed=new_seed(), policy=self._settings.retries)

    async def answer(
        self, caller: Caller, raw: bytes, headers: Mapping[str, str], *, arrived: float
    ) -> PlainAnswer | StreamedAnswer:
        """Answer one request; `arrived` is the clock's monotonic time. Raises TollfreeError."""
        request = within_limits(
            read_request(
                raw,
                headers,
                public_url=self._public_url,
                verifies=self._verifies,
                links=self._affiliates.book,
            ),
            headers,
            size=len(raw),
            group_key=self._settings.session_key,
        )
        alias = self._upstreams.route(request.model)
        legs, may_carry_ads = self._ads.legs_for(request, caller, alias)
        if request.shows_images and self._images is not None:
            request = await self._images.ready(request, legs)
        hold = None
        if self._allowance is not None:
            legs, hold = await self._allowance.admit(caller, legs, request.body, len(raw))
        asked = self._ads.ask(request, caller, arrived=arrived, may_carry_ads=may_carry_ads)
        decision, terms = asked.decision, asked.terms
        booking = self._desk.open(caller, alias, stream=request.stream, arrived=arrived)
        booking.holds(hold)
        guess = len(raw) // _BYTES_PER_TOKEN + _ANSWER_GUESS
        observe_own(self.clock.monotonic() - arrived)
        try:
            if request.stream:
                begun_by = await self._attempts.first(
                    legs, lambda leg: self._streamed(request, leg, booking), tokens=guess
                )
                booking.answered_by(begun_by.leg, fallbacks=begun_by.fallbacks, guess=guess)
                return StreamedAnswer(
                    begun_by.answer,
                    decision,
                    booking,
                    terms=terms,
                    wants_usage=request.wants_usage,
                    sent_bytes=len(raw),
                )
            given_by = await self._attempts.first(
                legs, lambda leg: self._whole(request, leg, booking), tokens=guess
            )
            booking.answered_by(given_by.leg, fallbacks=given_by.fallbacks, guess=guess)
            return plain_answer(
                given_by.answer,
                await decision.outcome(),
                booking,
                terms=terms,
                sent_bytes=len(raw),
            )
        except BaseException as error:
            # Whatever happened, and if only that the caller left: the call was made and is booked.
            decision.abandon()
            booking.close(_status_of(error), _tokens_until(error, raw))
            raise

    async def settle(self, *, patiently: bool = False) -> None:
        """Wait until everything that follows an answer is recorded."""
        await self._desk.settle(patiently=patiently)

    async def close(self) -> None:
        """Settle, then close the upstreams."""
        await self._desk.settle()
        await self._upstreams.close()

    async def _streamed(self, request: ChatRequest, leg: Leg, booking: Booking) -> UpstreamAnswer:
        """A stream at its first content. Raises UpstreamFailed."""
        try:
            async with asyncio.timeout(self._settings.first_token_seconds):
                return await begun(await self._open(request, leg, booking))
        except TimeoutError:
            raise UpstreamTimedOut("The model's provider did not begin in time.") from None

    async def _whole(self, request: ChatRequest, leg: Leg, booking: Booking) -> Completion:
        return await read_whole(await self._open(request, leg, booking))

    async def _open(self, request: ChatRequest, leg: Leg, booking: Booking) -> UpstreamAnswer:
        body = request.upstream_body(
            leg.model,
            ask_for_usage=leg.upstream.reports_usage,
            inline=leg.bounds.images == "inline",
        )
        upstream: Upstream = leg.upstream
        if drains(upstream):
            upstream = Draining(upstream, lambda call: booking.goes_on(leg, call))
        opened = await opened_or_kept(
            upstream, body, stream=request.stream, likeness=self._likeness
        )
        if opened.is_event_stream != request.stream:
            await opened.close()
            raise UpstreamFailed(
                "The model's provider answered in another form than it was asked for. Try again.",
                code="upstream_invalid",
            )
        return opened


def _tokens_until(error: BaseException, raw: bytes) -> Tokens:
    """What a call that ended early may have used: the prompt, if it was the caller who left."""
    if isinstance(error, asyncio.CancelledError):
        return tokens_of(None, sent_bytes=len(raw), answer="")
    return Tokens(estimated=True)


def _status_of(error: BaseException) -> int:
    match error:
        case TollfreeError():
            return error.status
        case asyncio.CancelledError():
            return 499
        case _:
            return 500
