"""An index of offers, for tests of what stands between the index and the auction."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from adserver.catalog.queries import LiveCreative
from adserver.catalog.targeting import Targeting
from adserver.decision.vocabulary import Offer
from adserver.matching.index import CreativeIndex

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def live(offer: Offer) -> LiveCreative:
    """A creative that makes this offer."""
    domain = min(offer.domains)
    return LiveCreative(
        creative_id=offer.creative_id,
        number=offer.number,
        version=offer.creative_version,
        campaign_id=offer.campaign_id,
        advertiser_id=offer.advertiser_id,
        organisation_id="org_1",
        advertiser_name=offer.advertiser_name,
        advertiser_domain=max(offer.domains),
        title="Arc 3",
        body="Firm inner side.",
        cta="See it",
        landing_url=f"https://{domain}/",
        display_domain=domain,
        facts=(),
        example_prompts=(),
        keywords=(),
        category=offer.category,
        language=offer.language,
        is_house=offer.is_house,
        bid=offer.bid,
        bid_type=offer.bid_type,
        total_budget=None,
        daily_budget=None,
        time_zone="UTC",
        starts_at=offer.starts_at or LONG_AGO,
        ends_at=offer.ends_at,
        targeting=Targeting(
            countries=tuple(offer.countries),
            languages=tuple(offer.languages),
            categories=tuple(offer.categories),
            formats=tuple(form.value for form in offer.formats),
            frequency=offer.frequency,
        ),
    )


def index_of(offers: Sequence[Offer]) -> CreativeIndex:
    """An index of these offers, all at the same place."""
    vectors = np.zeros((len(offers), 4), dtype=np.float32)
    return CreativeIndex([live(offer) for offer in offers], vectors, model_id="test/1/fp32")
