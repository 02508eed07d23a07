"""Fill an empty catalog with sample advertisers, so that a new installation has something to match.

Everything goes through the same commands and the same lint as an advertiser's own work, and the
wallets are filled by a posting in the ledger. Does nothing where advertisers exist already. The
files are read by the composition root.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from adserver.catalog import commands
from adserver.catalog.campaign import CampaignTerms
from adserver.catalog.creative import CreativeCopy
from adserver.catalog.tables import AdvertiserRow
from adserver.catalog.targeting import Targeting, targeting
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.ids import new_id
from kernel.money import Micros
from ledger import journal
from ledger.postings import top_up


@dataclass(frozen=True, slots=True)
class SeedCreative:
    """One ad; some stay drafts or are refused, so that every review state can be seen."""

    copy: CreativeCopy
    is_draft: bool = False
    rejected_because: str | None = None


@dataclass(frozen=True, slots=True)
class SeedCampaign:
    """One campaign; it starts when it is seeded."""

    name: str
    bid: Micros
    total_budget: Micros | None
    daily_budget: Micros | None
    time_zone: str
    targeting: Targeting
    is_paused: bool
    creatives: tuple[SeedCreative, ...]


@dataclass(frozen=True, slots=True)
class SeedAdvertiser:
    """One file of the seed. `is_demo` marks the one whose owner signs in to the demo."""

    name: str
    domain: str
    wallet: Micros
    is_demo: bool
    is_house: bool
    campaigns: tuple[SeedCampaign, ...]


def seed_advertiser(values: Mapping[str, Any]) -> SeedAdvertiser:
    """Read one file of the seed. Raises KeyError, ValueError or BadRequest for a wrong one."""
    domain = values["domain"]
    return SeedAdvertiser(
        name=values["name"],
        domain=domain,
        wallet=Micros.from_units(values["wallet"]),
        is_demo=values.get("is_demo", False),
        is_house=values.get("is_house", False),
        campaigns=tuple(_campaign(campaign, domain) for campaign in values["campaigns"]),
    )


async def seed(
    tx: WriteSession,
    advertisers: Sequence[SeedAdvertiser],
    *,
    organisations: Mapping[str, str],
    clock: Clock,
    auto_approve_after_lint: bool = True,
) -> dict[str, str]:
    """Write the advertisers; returns their ids by name, empty where the catalog was not.

    `organisations` names the organisation of each advertiser; one that is missing there gets an
    organisation of its own that nobody belongs to.
    """
    if await tx.scalar(sa.select(AdvertiserRow.id).limit(1)) is not None:
        return {}
    await commands.open_publisher_zero(tx, clock=clock)
    ids: dict[str, str] = {}
    for planned in advertisers:
        organisation_id = organisations.get(planned.name) or new_id("org")
        made = await commands.create_advertiser(
            tx,
            organisation_id=organisation_id,
            name=planned.name,
            domain=planned.domain,
            clock=clock,
        )
        ids[planned.name] = made.advertiser_id
        key = f"seed:{made.advertiser_id}"
        await journal.post(tx, top_up(made.advertiser_id, planned.wallet, key), clock=clock)
        for campaign in planned.campaigns:
            await _seed_campaign(
                tx,
                campaign,
                advertiser_id=made.advertiser_id,
                is_house=planned.is_house,
                auto_approve_after_lint=auto_approve_after_lint,
                clock=clock,
            )
    return ids


async def _seed_campaign(
    tx: WriteSession,
    planned: SeedCampaign,
    *,
    advertiser_id: str,
    is_house: bool,
    auto_approve_after_lint: bool,
    clock: Clock,
) -> None:
    terms = CampaignTerms(
        name=planned.name,
        bid=planned.bid,
        total_budget=planned.total_budget,
        daily_budget=planned.daily_budget,
        time_zone=planned.time_zone,
        starts_at=clock.now(),
    )
    campaign = await commands.create_campaign(
        tx, advertiser_id=advertiser_id, terms=terms, targeting=planned.targeting, clock=clock
    )
    for ad in planned.creatives:
        creative = await commands.create_creative(
            tx, campaign_id=campaign.campaign_id, copy=ad.copy, is_house=is_house, clock=clock
        )
        if ad.is_draft:
            continue
        approves = auto_approve_after_lint and ad.rejected_because is None
        await commands.submit_creative(
            tx, creative.creative_id, auto_approve_after_lint=approves, clock=clock
        )
        if ad.rejected_because is not None:
            await commands.reject_creative(
                tx, creative.creative_id, reason=ad.rejected_because, clock=clock
            )
    await commands.start_campaign(tx, campaign.campaign_id, clock=clock)
    if planned.is_paused:
        await commands.pause_campaign(tx, campaign.campaign_id, clock=clock)


def _campaign(values: Mapping[str, Any], domain: str) -> SeedCampaign:
    return SeedCampaign(
        name=values["name"],
        bid=Micros.from_units(values["bid"]),
        total_budget=_budget(values["total_budget"]),
        daily_budget=_budget(values["daily_budget"]),
        time_zone=values.get("time_zone", "UTC"),
        targeting=targeting(values.get("targeting", {})),
        is_paused=values.get("is_paused", False),
        creatives=tuple(_creative(creative, domain) for creative in values["creatives"]),
    )


def _creative(values: Mapping[str, Any], domain: str) -> SeedCreative:
    copy = CreativeCopy(
        title=values["title"],
        body=values["body"],
        cta=values["cta"],
        landing_url=f"https://{domain}{values['path']}",
        category=values["category"],
        example_prompts=tuple(values["example_prompts"]),
        facts=tuple(values["facts"]),
        keywords=tuple(values["keywords"]),
    )
    return SeedCreative(
        copy,
        is_draft=values.get("is_draft", False),
        rejected_because=values.get("rejected_because"),
    )


def _budget(units: str | None) -> Micros | None:
    return None if units is None else Micros.from_units(units)
