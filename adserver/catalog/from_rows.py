"""Rows of the catalog as the frozen values that leave it."""

from typing import Any

from adserver.catalog.advertiser import Advertiser, AdvertiserStatus
from adserver.catalog.campaign import BidType, Campaign, CampaignStatus, CampaignTerms
from adserver.catalog.creative import Creative, CreativeCopy, ReviewState
from adserver.catalog.publisher import Publisher
from adserver.catalog.tables import AdvertiserRow, CampaignRow, CreativeRow, PublisherRow
from adserver.catalog.targeting import FrequencyCap, Targeting


def advertiser_from(row: AdvertiserRow) -> Advertiser:
    return Advertiser(
        advertiser_id=row.id,
        organisation_id=row.organisation_id,
        name=row.name,
        domain=row.domain,
        status=AdvertiserStatus(row.status),
        blocked_reason=row.blocked_reason,
    )


def campaign_from(row: CampaignRow) -> Campaign:
    return Campaign(
        campaign_id=row.id,
        advertiser_id=row.advertiser_id,
        status=CampaignStatus(row.status),
        terms=CampaignTerms(
            name=row.name,
            bid=row.bid_micros,
            total_budget=row.total_budget,
            daily_budget=row.daily_budget,
            time_zone=row.time_zone,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            bid_type=BidType(row.bid_type),
            attribution_days=row.attribution_days,
        ),
        targeting=targeting_from(row.targeting),
    )


def creative_from(row: CreativeRow) -> Creative:
    return Creative(
        creative_id=row.id,
        number=row.number,
        campaign_id=row.campaign_id,
        version=row.version,
        copy=CreativeCopy(
            title=row.title,
            body=row.body,
            cta=row.cta,
            landing_url=row.landing_url,
            category=row.category,
            example_prompts=tuple(row.example_prompts),
            facts=tuple(row.facts),
            keywords=tuple(row.keywords),
            language=row.language,
        ),
        display_domain=row.display_domain,
        review_state=ReviewState(row.review_state),
        review_reason=row.review_reason,
        is_house=row.is_house,
    )


def publisher_from(row: PublisherRow) -> Publisher:
    return Publisher(
        publisher_id=row.id,
        name=row.name,
        share_bp=row.share_bp,
        floor=row.floor_micros,
        blocked_categories=frozenset(row.blocked_categories),
        blocked_domains=frozenset(row.blocked_domains),
        blocked_advertisers=frozenset(row.blocked_advertisers),
        formats=tuple(row.formats),
    )


def targeting_from(values: dict[str, Any]) -> Targeting:
    """What was checked when it was written is taken as it is."""
    read: dict[str, Any] = {
        name: tuple(listed) for name, listed in values.items() if isinstance(listed, list)
    }
    cap = values.get("frequency")
    return Targeting(**read, frequency=None if cap is None else FrequencyCap(**cap))
