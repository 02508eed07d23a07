"""Put the road together: the one place where the parts meet.

    Plan (plain values) ──opened_road──► Road: foundations, ad side, API side, portal, one ASGI app

Order matters at both ends. The catalog is indexed before the first request; at the end open answers
come first, then what follows them, then the rows, then the connections.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adserver.decision.settings import DecisionSettings
from adserver.events.traffic_watch import Network
from adserver.reports.earnings import PostedRevenue
from advertiser_portal.billing.haste import USUAL, Caution
from api.access.limits import GENEROUS, QuotaPlan
from api.solvency.forecast import FloorForecast
from kernel.egress import Egress
from kernel.signing import SigningKeys
from tollfree.ad_side import AdSide, build_ad_side
from tollfree.addresses import application
from tollfree.api_side import ApiSide, Collector, SpendPlan, build_api_side
from tollfree.billing_letters import letters_by
from tollfree.crew import Crew
from tollfree.doorway import App
from tollfree.follow_ups import start_follow_ups
from tollfree.foundations import Foundations, lay
from tollfree.portal_side import PortalPlan, build_portal_side
from tollfree.till_side import StripeKeys, TillSide, build_till_side
from tollfree.upkeep import start_upkeep
from tollfree.upstreams import FoundUpstream
from tollfree_sdk.placement.links import Account

_CLOSING_SECONDS = 2.0


@dataclass(frozen=True)
class Plan:
    """What to build, as plain values. `work_inside` runs the worker's part in this process.

    `answer_waits_ms` is how long after its request an answer waits for the decision at most.
    `programs_pay` lets clicks of plain HTTP clients be charged, for trying out. Payments go through
    Stripe with `stripe`, through its stand-in with `test_money`, and are off otherwise.
    """

    database_url: str
    public_url: str
    signing: SigningKeys
    upstream: FoundUpstream
    model_folder: Path
    data: Path
    redis_url: str | None = None
    decisions: DecisionSettings = field(default_factory=DecisionSettings)
    answer_waits_ms: int = 30
    quotas: QuotaPlan = GENEROUS
    spend: SpendPlan = field(default_factory=SpendPlan)
    affiliates: tuple[Account, ...] = ()
    data_centres: tuple[Network, ...] = ()
    work_inside: bool = True
    programs_pay: bool = False
    collector: Collector | None = None
    stripe: StripeKeys | None = None
    test_money: bool = False
    caution: Caution = USUAL
    tax: bool = False
    portal: PortalPlan = field(default_factory=PortalPlan)


@dataclass(frozen=True)
class Road:
    """Everything of a running process."""

    plan: Plan
    grounds: Foundations
    ads: AdSide
    api: ApiSide
    till: TillSide | None
    app: App

    def shut_down(self) -> None:
        """End the answers that are still open."""
        self.api.shut_down()


@asynccontextmanager
async def opened_road(plan: Plan) -> AsyncIterator[Road]:
    """Build and start everything; stop and close it when the block ends."""
    grounds = await asyncio.to_thread(lay_for, plan)
    crew = Crew()
    try:
        ads = await build_ad_side(
            grounds,
            plan.decisions,
            programs_pay=plan.programs_pay,
            data_centres=plan.data_centres,
        )
        api = build_api_side(
            grounds,
            ads=ads.engine.as_source(ads.publisher_zero),
            verifies=ads.tokens.verifies,
            routing=plan.upstream.routing,
            decision_deadline_ms=plan.answer_waits_ms,
            quotas=plan.quotas,
            affiliates=plan.affiliates,
            collector=plan.collector,
            shares_state=plan.redis_url is not None,
            spend=plan.spend,
            is_stopped=lambda app_id: ads.stops.now().has_app(app_id),
            forecast=PostedRevenue(
                FloorForecast(max(ads.publisher_zero.floor, plan.decisions.reserve))
            ),
        )
        till = build_till_side(
            grounds, plan.stripe, stand_in=plan.test_money, caution=plan.caution, tax=plan.tax
        )
        portal = build_portal_side(grounds, ads, api.chat, plan.portal, plan.decisions)
        await ads.warm_up()
        ads.start(crew)
        api.start(crew)
        if plan.upstream.follow is not None:
            crew.start("upstreams", plan.upstream.follow)
        if till is not None:
            till.start(crew, work_inside=plan.work_inside)
        if plan.work_inside:
            post = plan.portal.post
            letters = letters_by(post, plan.public_url) if post else {}
            start_follow_ups(grounds.database, grounds.clock, crew, letters)
            # In a demo the advertisers are invented, and so are their pages.
            fetches = None if plan.test_money else Egress()
            start_upkeep(grounds.database, grounds.clock, crew, fetches)
        try:
            app = application(grounds, ads, api, portal, till)
            yield Road(plan, grounds, ads, api, till, app)
        finally:
            await _close(ads, api, till)
    finally:
        await crew.stop()
        await grounds.close()


async def _close(ads: AdSide, api: ApiSide, till: TillSide | None) -> None:
    """Finish within two seconds; what is not written by then was never promised."""
    try:
        async with asyncio.timeout(_CLOSING_SECONDS):
            await api.close()
            await ads.close()
            if till is not None:
                await till.close()
    except TimeoutError:
        return


def lay_for(plan: Plan) -> Foundations:
    """The foundations of a plan; blocking."""
    return lay(
        database_url=plan.database_url,
        redis_url=plan.redis_url,
        model_folder=plan.model_folder,
        signing=plan.signing,
        public_url=plan.public_url,
        data=plan.data,
    )
