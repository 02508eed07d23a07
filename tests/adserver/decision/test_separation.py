"""Rivals keep apart within a conversation, and nobody else is kept from anybody."""

from dataclasses import replace

import numpy as np

from adserver.catalog.targeting import Targeting
from adserver.decision.frequency import Seen
from adserver.decision.inventory import Inventory
from adserver.decision.separation import Earlier, earlier_ads, is_rival
from adserver.matching.index import CreativeIndex
from tests.adserver.decision.live import live
from tests.adserver.decision.offers import an_offer

PACER = Earlier("adv_9", "pacer", frozenset({"acme shoes"}), "running")


class TestAnOfferAfterAnotherAdvertisersAd:
    def test_is_its_rival_in_the_same_category(self) -> None:
        assert is_rival(an_offer(1, category="running"), [PACER])
        assert not is_rival(an_offer(1, category="coffee"), [PACER])

    def test_is_none_of_its_own_advertiser(self) -> None:
        assert not is_rival(an_offer(1, advertiser_id="adv_9", category="running"), [PACER])

    def test_is_its_rival_if_either_keeps_away_from_the_other(self) -> None:
        shy = an_offer(1, category="coffee", excluded_brands=frozenset({"pacer"}))
        shunned = an_offer(2, category="coffee", advertiser_name="acme shoes")

        assert is_rival(shy, [PACER])
        assert is_rival(shunned, [PACER])

    def test_is_no_rival_once_the_category_is_long_ago(self) -> None:
        assert not is_rival(an_offer(1, category="running"), [replace(PACER, category=None)])


def test_what_a_conversation_saw_is_found_by_its_campaigns() -> None:
    offers = [an_offer(1, category="running"), an_offer(2, category="coffee")]
    creatives = [live(offer) for offer in offers]
    creatives[0] = replace(creatives[0], targeting=Targeting(excluded_brands=("acme shoes",)))
    index = CreativeIndex(creatives, np.eye(2, 8, dtype=np.float32), model_id="test/1/fp32")
    seen = Seen({1: "cmp_1", 4: "cmp_2", 5: "cmp_gone"})

    earlier = earlier_ads(seen, Inventory(index), turn=5, turns_apart=1)

    assert [(one.advertiser_id, one.category) for one in earlier] == [
        ("adv_1", None),
        ("adv_2", "coffee"),
    ]
    assert earlier[0].brands == {"acme shoes"}
