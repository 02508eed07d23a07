"""The sweep over all creatives agrees with the filter of one."""

from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adserver.decision.eligibility import rejection
from adserver.decision.inventory import Inventory
from adserver.decision.vocabulary import Offer, Opportunity
from tests.adserver.decision.offers import NOON, a_turn, an_offer
from tollfree_sdk.contract import Format

some_countries = st.frozensets(st.sampled_from(["CA", "DE", "US"]))
some_languages = st.frozensets(st.sampled_from(["de", "en"]))
formats = st.frozensets(st.sampled_from(list(Format)), min_size=1)
moments = st.none() | st.integers(-2, 2).map(lambda hours: NOON + timedelta(hours=hours))
domains = st.sampled_from(["a.example", "b.example", "shop.a.example", "x.shop.a.example"])
categories = st.sampled_from(["running", "games", "coffee"])


@st.composite
def an_inventory(draw: st.DrawFn) -> list[Offer]:
    return [
        an_offer(
            number,
            category=draw(categories),
            language=draw(st.sampled_from(["de", "en"])),
            domains=draw(st.frozensets(domains, min_size=1, max_size=2)),
            countries=draw(some_countries),
            languages=draw(some_languages),
            formats=draw(formats),
            starts_at=draw(moments),
            ends_at=draw(moments),
            is_house=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 8)))
    ]


@st.composite
def any_turn(draw: st.DrawFn) -> Opportunity:
    return a_turn(
        formats=draw(formats),
        country=draw(st.none() | st.sampled_from(["CA", "DE", "US"])),
        language=draw(st.none() | st.sampled_from(["de", "en"])),
        blocked_categories=draw(st.frozensets(categories, max_size=2)),
        blocked_domains=draw(st.frozensets(domains, max_size=2)),
        test=draw(st.booleans()),
    )


@settings(max_examples=300)
@given(an_inventory(), st.lists(any_turn(), min_size=1, max_size=4))
def test_a_sweep_lets_stand_exactly_what_the_filters_let_stand(
    offers: list[Offer], turns: list[Opportunity]
) -> None:
    inventory = Inventory(offers)

    for turn in turns:
        one_by_one = [rejection(offer, turn) is None for offer in offers]
        assert inventory.standing(turn).tolist() == one_by_one


def test_a_sweep_does_not_spoil_the_masks_it_remembers() -> None:
    inventory = Inventory([an_offer(1, countries=frozenset({"CA"})), an_offer(2)])
    blocking = a_turn(country="CA", blocked_domains=frozenset({"brand1.example"}))

    inventory.standing(blocking)

    assert inventory.standing(a_turn(country="CA")).tolist() == [True, True]


def test_campaigns_are_asked_once_each() -> None:
    asked = []
    inventory = Inventory([an_offer(1, campaign_id="a"), an_offer(2, campaign_id="a")])

    mask = inventory.of_campaigns(lambda campaign: asked.append(campaign) is None)

    assert asked == ["a"]
    assert np.array_equal(mask, [True, True])
