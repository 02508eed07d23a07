"""Keep rivals apart within one conversation.

Two advertisers of one category do not follow each other within a few turns, and one that keeps away
from a brand never follows that brand, or is followed by it, in a conversation. An advertiser is no
rival of its own. Reads what the conversation saw; nothing is looked up where it saw no ad. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from adserver.decision.frequency import Seen
from adserver.decision.inventory import Inventory
from adserver.decision.vocabulary import Offer


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier turn was shown; its category only while that still keeps rivals away."""

    advertiser_id: str
    advertiser_name: str
    brands: frozenset[str]
    category: str | None


def earlier_ads(
    seen: Seen, inventory: Inventory, *, turn: int, turns_apart: int
) -> tuple[Earlier, ...]:
    """The ads of earlier turns whose campaigns are still live, as rivals see them."""
    found = []
    for at, campaign_id in seen.by_turn.items():
        terms = inventory.campaign(campaign_id)
        if terms is not None:
            near = turn - at <= turns_apart
            found.append(
                Earlier(
                    terms.advertiser_id,
                    terms.advertiser_name,
                    terms.excluded_brands,
                    inventory.category_of(campaign_id) if near else None,
                )
            )
    return tuple(found)


def is_rival(offer: Offer, earlier: Iterable[Earlier]) -> bool:
    """Whether this offer would follow a rival."""
    return any(
        one.advertiser_id != offer.advertiser_id
        and (
            one.category == offer.category
            or one.advertiser_name in offer.excluded_brands
            or offer.advertiser_name in one.brands
        )
        for one in earlier
    )
