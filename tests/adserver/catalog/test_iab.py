"""Our categories in the trade's own words."""

import pytest

from adserver.catalog.categories import CATEGORIES
from adserver.catalog.iab import ENTRIES, content_id_of, own_categories, own_category
from adserver.catalog.targeting import targeting
from kernel.errors import BadRequest


def test_every_category_but_our_own_messages_has_its_entries() -> None:
    assert set(ENTRIES) == set(CATEGORIES) - {"house"}


def test_an_entry_stands_for_one_category_only() -> None:
    contents = [entry.content_id for entry in ENTRIES.values()]
    products = [entry.product_id for entry in ENTRIES.values()]

    assert len(set(contents)) == len(contents)
    assert len(set(products)) == len(products)


@pytest.mark.parametrize("name", ["fitness", " Fitness ", "iab-content:225", "IAB-product:1526"])
def test_a_category_is_known_by_either_name(name: str) -> None:
    assert own_category(name) == "fitness"
    assert targeting({"categories": [name]}).categories == ("fitness",)


def test_an_entry_that_we_do_not_use_is_refused_by_name() -> None:
    with pytest.raises(BadRequest, match="iab-content:150"):
        own_category("iab-content:150")


def test_a_block_of_something_we_do_not_sell_blocks_nothing() -> None:
    assert own_categories(["iab-content:211", "iab-content:150"]) == {"alcohol", "iab-content:150"}


def test_a_topic_of_a_report_reads_back_as_the_category() -> None:
    assert content_id_of("running") == "iab-content:227"
    assert all(own_category(content_id_of(name)) == name for name in ENTRIES)
    assert content_id_of("other") == "other"
