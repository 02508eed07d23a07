"""The sweep over all creatives agrees with the filter of one."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adserver.decision.eligibility import rejection
from adserver.decision.inventory import Inventory
from adserver.decision.vocabulary import Offer, Opportunity
from kernel.money import Micros
from tests.adserver.decision.live import index_of
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
    inventory = Inventory(index_of(offers))

    for turn in turns:
        one_by_one = [rejection(offer, turn) is None for offer in offers]
        assert inventory.standing(turn).flags().tolist() == one_by_one


@settings(max_examples=100)
@given(an_inventory())
def test_an_offer_comes_back_as_it_was_made(offers: list[Offer]) -> None:
    inventory = Inventory(index_of(offers))

    back = [inventory.offer(position) for position in range(len(offers))]

    assert [replace(one, starts_at=None) for one in back] == [
        replace(one, starts_at=None) for one in offers
    ]


def test_a_sweep_does_not_spoil_the_masks_it_remembers() -> None:
    inventory = Inventory(index_of([an_offer(1, countries=frozenset({"CA"})), an_offer(2)]))
    blocking = a_turn(country="CA", blocked_domains=frozenset({"brand1.example"}))

    inventory.standing(blocking)

    assert inventory.standing(a_turn(country="CA")).flags().tolist() == [True, True]


def test_a_campaign_that_did_not_change_keeps_its_offer_in_the_next_snapshot() -> None:
    first = index_of([an_offer(1), an_offer(2)])
    before = Inventory(first)
    changed = replace(first.creatives[1], bid=Micros(700_000))

    second = first.followed_by(
        added=(), vectors=np.zeros((0, 4), np.float32), gone=(), campaigns=[changed], generation=2
    )
    after = Inventory(second, before)

    assert after.terms.offers[0] is before.terms.offers[0]
    assert [after.offer(at).bid for at in (0, 1)] == [Micros(500_000), Micros(700_000)]
