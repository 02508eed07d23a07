"""What a page reports of an ad: rendered, viewable. Taken many at a time.

A report is told as taken when it is durable. A viewable impression of a campaign that pays for those
goes to the `ImpressionDesk` and costs money there; all other steps are only recorded. What a machine
reports is noted apart and does not use up the step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adserver.catalog.landing import Landing, landings_of
from adserver.catalog.stops import NOTHING_STOPPED, Stops, stops
from adserver.events.batches import Batches
from adserver.events.click_rows import decided_of_each, note_visit
from adserver.events.click_rules import Decided, Unbilled, why_unbilled
from adserver.events.impressions import ImpressionDesk
from adserver.events.record import StepEvent
from adserver.events.traffic_watch import Visit, Watch
from adserver.events.view_rows import View
from adserver.events.visitors import machine
from kernel.clock import Clock
from kernel.database import Database
from kernel.group_commit import GroupCommit
from ledger.charging import Split
from tollfree_sdk.contract import Step

# A view needs the ad on the screen for a second; whoever is quicker did not look.
_QUICKEST_VIEW: Final = timedelta(seconds=1)
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is known of the ad that a report is about."""

    decided: Decided
    landing: Landing | None
    stops: Stops


class BeaconDesk:
    """Takes reports of one process."""

    def __init__(
        self,
        database: Database,
        steps: GroupCommit[StepEvent],
        impressions: ImpressionDesk,
        clock: Clock,
        *,
        watch: Watch | None = None,
    ) -> None:
        self._database, self._steps, self._clock = database, steps, clock
        self._impressions, self._watch = impressions, watch
        self._reads = Batches(self._read_all)

    async def report(
        self, decision_id: str, step: Step, *, user_agent: str | None, visit: Visit | None
    ) -> str:
        """Take a report; nothing, or why it is worth nothing. Raises Unavailable when behind.

        Without a `visit` it comes from a publisher's server, which speaks for its reader.
        """
        shown = await self._reads.ask(decision_id)
        if shown is None:
            return UNKNOWN
        visitor = machine(method="GET", user_agent=user_agent, programs_pay=self._watch is None)
        if visit is not None and visitor is not None:
            async with self._database.writing() as tx:
                await note_visit(tx, decision_id, visitor, at=self._clock.now())
            return visitor
        is_paid = step is Step.VIEWABLE and shown.decided.bid_type == "cpm"
        reason = self._why_unbilled(shown, step, visit, is_paid=is_paid)
        view = _view(decision_id, shown) if is_paid and reason is None else None
        if view is not None:
            return await self._impressions.view(view)
        told = None if reason is None else reason.value
        await self._steps.put(StepEvent(decision_id, step, self._clock.now(), told))
        return told or ""

    async def _read_all(self, decision_ids: Sequence[str]) -> list[_Shown | None]:
        async with self._database.reading() as session:
            decided = await decided_of_each(session, decision_ids)
            numbers = {one.creative_number for one in decided.values()} - {None}
            landings = await landings_of(session, [one for one in numbers if one is not None])
            stopped = await stops(session) if decided else NOTHING_STOPPED
        return [
            None
            if (one := decided.get(decision_id)) is None
            else _Shown(one, landings.get(one.creative_number or 0), stopped)
            for decision_id in decision_ids
        ]

    def _why_unbilled(
        self, shown: _Shown, step: Step, visit: Visit | None, *, is_paid: bool
    ) -> Unbilled | None:
        if visit and self._watch and self._watch.is_data_centre(visit.address):
            return Unbilled.DATA_CENTRE
        delivered_at = shown.decided.delivered_at
        shown_for = self._clock.now() - delivered_at if delivered_at else _QUICKEST_VIEW
        if step is Step.VIEWABLE and shown_for < _QUICKEST_VIEW:
            return Unbilled.TOO_FAST
        if not is_paid:
            return None
        if shown.landing is None or shown.landing.stopped_by or self._is_stopped(shown):
            return Unbilled.CAMPAIGN_ENDED
        return why_unbilled(shown.decided, shown.landing, at=self._clock.now(), pays_for="cpm")

    def _is_stopped(self, shown: _Shown) -> bool:
        reason = shown.stops.reason(
            advertiser_id=shown.decided.advertiser_id,
            creative_id=None if shown.landing is None else shown.landing.creative_id,
            app_id=shown.decided.app_id,
        )
        return reason is not None


def _view(decision_id: str, shown: _Shown) -> View | None:
    landing, price, share_bp = shown.landing, shown.decided.price, shown.decided.share_bp
    if landing is None or price is None or share_bp is None:
        return None
    return View(
        decision_id,
        landing.campaign_id,
        landing.advertiser_id,
        landing.limits,
        price,
        Split(shown.decided.publisher_id, share_bp),
    )
