"""What the pages show, read in one transaction: balance, campaigns, numbers, reasons.

Everything is looked up through the organisation of the member who asks; a campaign of anybody else
does not exist here. Numbers come from the ad server's reports, money from the ledger, and the same
values make table, total and chart.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog import queries as catalog
from adserver.catalog.advertiser import Advertiser
from adserver.catalog.campaign import Campaign
from adserver.catalog.creative import Creative, ReviewState
from advertiser_portal import pace
from advertiser_portal.periods import Period
from advertiser_portal.serving import Facts, Serving, serving
from advertiser_portal.traffic import NO_TRAFFIC, Traffic, traffic_of
from kernel.errors import NotFound
from kernel.money import Micros
from ledger.account import cash
from ledger.balances import Balance, balance
from ledger.charging import LimitKey
from ledger.limits import remaining


@dataclass(frozen=True)
class Used:
    """How much of a budget is gone: ``Used(Micros(5_000_000), Micros(20_000_000))``.

    `expected` is what an even pace would have spent by now, where there is an end to pace towards.
    """

    spent: Micros
    budget: Micros
    expected: Micros | None = None


@dataclass(frozen=True)
class CampaignLine:
    """One campaign with its state and numbers."""

    campaign: Campaign
    creatives: tuple[Creative, ...]
    serving: Serving
    traffic: Traffic
    spend_by_day: tuple[Micros, ...]
    total: Used | None
    daily: Used | None


@dataclass(frozen=True)
class Overview:
    """Everything of one advertiser for one period."""

    advertiser: Advertiser
    wallet: Balance
    period: Period
    lines: tuple[CampaignLine, ...]

    @property
    def traffic(self) -> Traffic:
        """All campaigns together."""
        return sum((line.traffic for line in self.lines), NO_TRAFFIC)

    @property
    def digest(self) -> str:
        """Changes when anything that is shown changes; a poll with the same one is told so."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]

    def line(self, campaign_id: str) -> CampaignLine:
        """The line of one campaign. Raises NotFound for a campaign that is not theirs."""
        for line in self.lines:
            if line.campaign.campaign_id == campaign_id:
                return line
        raise NotFound("You have no such campaign. It may belong to another organisation.")


async def overview_of(
    session: AsyncSession, organisation_id: str, *, period: Period, at: datetime
) -> Overview | None:
    """What an organisation's advertiser sees; None while it has no advertiser."""
    advertiser = await catalog.advertiser_of(session, organisation_id)
    if advertiser is None:
        return None
    wallet = await balance(session, cash(advertiser.advertiser_id))
    campaigns = await catalog.campaigns_of(session, advertiser.advertiser_id)
    traffic = await traffic_of(session, advertiser.advertiser_id, since=period.since(at), until=at)
    creatives_by = await catalog.creatives_by_campaign(session, advertiser.advertiser_id)
    left = await remaining(session, [key for one in campaigns for key in _limits(one)], at)
    lines = []
    for campaign in campaigns:
        creatives = tuple(creatives_by.get(campaign.campaign_id, ()))
        days = traffic.get(campaign.campaign_id)
        facts = _facts(advertiser, campaign, creatives, wallet=wallet, left=left, at=at)
        if days is None and period is not Period.TODAY:
            facts = replace(facts, delivered=0)
        lines.append(
            CampaignLine(
                campaign=campaign,
                creatives=creatives,
                serving=serving(campaign, facts),
                traffic=days.traffic if days else NO_TRAFFIC,
                spend_by_day=days.spend if days else (),
                total=_used(
                    campaign.terms.total_budget,
                    facts.total_left,
                    passed=pace.of_schedule(campaign.terms, at),
                ),
                daily=_used(
                    campaign.terms.daily_budget,
                    facts.daily_left,
                    passed=pace.of_day(campaign.terms.time_zone, at),
                ),
            )
        )
    return Overview(advertiser, wallet, period, tuple(lines))


def _limits(campaign: Campaign) -> list[LimitKey]:
    keys = []
    if campaign.terms.total_budget is not None:
        keys.append(LimitKey("campaign_total", campaign.campaign_id))
    if campaign.terms.daily_budget is not None:
        keys.append(LimitKey("campaign_day", campaign.campaign_id))
    return keys


def _facts(
    advertiser: Advertiser,
    campaign: Campaign,
    creatives: tuple[Creative, ...],
    *,
    wallet: Balance,
    left: dict[LimitKey, Micros],
    at: datetime,
) -> Facts:
    states = [creative.review_state for creative in creatives]
    return Facts(
        at=at,
        advertiser_status=advertiser.status,
        wallet=wallet.available,
        approved=states.count(ReviewState.APPROVED),
        in_review=states.count(ReviewState.IN_REVIEW),
        total_left=left.get(LimitKey("campaign_total", campaign.campaign_id)),
        daily_left=left.get(LimitKey("campaign_day", campaign.campaign_id)),
    )


def _used(budget: Micros | None, left: Micros | None, *, passed: int | None) -> Used | None:
    if budget is None or left is None:
        return None
    expected = None if passed is None else budget.share(passed)
    return Used(spent=budget - left, budget=budget, expected=expected)
