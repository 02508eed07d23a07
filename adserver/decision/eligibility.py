"""Which creatives may stand for a turn at all, and what rules out the others.

Pure filters in a fixed order; each rejection names its filter. Targeting that depends on something
unknown is not met: a campaign for Canada does not run where the country is not known. Money is not
decided here; `budget` and the auction do that.
"""

from collections.abc import Callable
from typing import Final

from adserver.catalog.campaign import BidType
from adserver.decision.vocabulary import Filter, Offer, Opportunity
from adserver.intent.wording import mentions


def rejection(offer: Offer, turn: Opportunity) -> Filter | None:
    """The first filter that rules `offer` out, or None."""
    return next((name for name, admits in _FILTERS if not admits(offer, turn)), None)


def is_house_matched(offer: Offer, turn: Opportunity) -> bool:
    """Test traffic sees this network's own messages and nothing else; live traffic never does."""
    return offer.is_house == turn.test


def is_scheduled(offer: Offer, turn: Opportunity) -> bool:
    """Whether the campaign's schedule covers the moment; its end is exclusive."""
    if offer.starts_at is not None and turn.at < offer.starts_at:
        return False
    return offer.ends_at is None or turn.at < offer.ends_at


def is_payable(offer: Offer, turn: Opportunity) -> bool:
    """Whether what the campaign pays for can be seen to happen here."""
    return turn.viewable or offer.bid_type is not BidType.CPM


def is_in_country(offer: Offer, turn: Opportunity) -> bool:
    """Whether the campaign runs where the turn comes from."""
    return not offer.countries or turn.country in offer.countries


def speaks(offer: Offer, turn: Opportunity) -> bool:
    """Whether the copy is in the turn's language, and the campaign wants its speakers."""
    if offer.language != turn.language:
        return False
    return not offer.languages or turn.language in offer.languages


def fits_format(offer: Offer, turn: Opportunity) -> bool:
    """Whether there is a format that both sides take."""
    return bool(offer.formats & turn.formats)


def is_category_welcome(offer: Offer, turn: Opportunity) -> bool:
    """Whether the publisher takes ads of this category."""
    return offer.category not in turn.blocked_categories


def is_domain_welcome(offer: Offer, turn: Opportunity) -> bool:
    """Whether the publisher takes this advertiser; blocking a domain blocks those under it."""
    if not turn.blocked_domains:
        return True
    return all(turn.blocked_domains.isdisjoint(with_parents(name)) for name in offer.domains)


def is_advertiser_welcome(offer: Offer, turn: Opportunity) -> bool:
    """Whether the publisher and the reader take this advertiser, by id or by name."""
    blocked = turn.blocked_advertisers
    return offer.advertiser_id not in blocked and offer.advertiser_name not in blocked


def is_wanted_here(offer: Offer, turn: Opportunity) -> bool:
    """Whether the user's words are free of everything the campaign keeps away from."""
    return not any(mentions(turn.words, phrase) for phrase in offer.negative_keywords)


def with_parents(domain: str) -> list[str]:
    """A domain and its parents: ``a.b.example`` → ``a.b.example``, ``b.example``, ``example``."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


_FILTERS: Final[tuple[tuple[Filter, Callable[[Offer, Opportunity], bool]], ...]] = (
    (Filter.HOUSE, is_house_matched),
    (Filter.SCHEDULE, is_scheduled),
    (Filter.BID_TYPE, is_payable),
    (Filter.COUNTRY, is_in_country),
    (Filter.LANGUAGE, speaks),
    (Filter.FORMAT, fits_format),
    (Filter.CATEGORY_BLOCKED, is_category_welcome),
    (Filter.DOMAIN_BLOCKED, is_domain_welcome),
    (Filter.ADVERTISER_BLOCKED, is_advertiser_welcome),
    (Filter.NEGATIVE_KEYWORD, is_wanted_here),
)
