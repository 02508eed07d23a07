"""One creative, one turn: what lets it stand and what does not."""

from datetime import timedelta
from typing import Any

import pytest

from adserver.decision.eligibility import rejection
from adserver.decision.vocabulary import Filter
from adserver.intent.wording import words_of
from tests.adserver.decision.offers import NOON, a_turn, an_offer
from tollfree_sdk.contract import Format


def test_a_creative_without_wishes_stands_anywhere() -> None:
    assert rejection(an_offer(), a_turn()) is None


@pytest.mark.parametrize(
    ("offer", "turn", "ruled_out_by"),
    [
        ({"is_house": True}, {}, Filter.HOUSE),
        ({}, {"test": True}, Filter.HOUSE),
        ({"starts_at": NOON + timedelta(seconds=1)}, {}, Filter.SCHEDULE),
        ({"ends_at": NOON}, {}, Filter.SCHEDULE),
        ({"countries": frozenset({"CA"})}, {"country": "US"}, Filter.COUNTRY),
        ({"countries": frozenset({"CA"})}, {"country": None}, Filter.COUNTRY),
        ({"language": "de"}, {"language": "en"}, Filter.LANGUAGE),
        ({}, {"language": None}, Filter.LANGUAGE),
        ({"languages": frozenset({"de"})}, {"language": "en"}, Filter.LANGUAGE),
        ({"formats": frozenset({Format.MENTION})}, {}, Filter.FORMAT),
        (
            {"category": "games"},
            {"blocked_categories": frozenset({"games"})},
            Filter.CATEGORY_BLOCKED,
        ),
        (
            {"domains": frozenset({"shop.acme.example"})},
            {"blocked_domains": frozenset({"acme.example"})},
            Filter.DOMAIN_BLOCKED,
        ),
        (
            {"negative_keywords": (words_of("second hand"),)},
            {"words": words_of("Running shoes, second-hand!")},
            Filter.NEGATIVE_KEYWORD,
        ),
    ],
)
def test_a_creative_is_ruled_out_by_the_filter_it_fails(
    offer: dict[str, Any], turn: dict[str, Any], ruled_out_by: Filter
) -> None:
    assert rejection(an_offer(**offer), a_turn(**turn)) is ruled_out_by


@pytest.mark.parametrize(
    ("offer", "turn"),
    [
        ({"is_house": True}, {"test": True}),
        ({"starts_at": NOON}, {}),
        ({"ends_at": NOON + timedelta(seconds=1)}, {}),
        ({"countries": frozenset({"CA"})}, {"country": "CA"}),
        ({"languages": frozenset({"en", "de"})}, {}),
        (
            {"domains": frozenset({"notacme.example"})},
            {"blocked_domains": frozenset({"acme.example"})},
        ),
        (
            {"negative_keywords": (words_of("use"),)},
            {"words": words_of("used running shoes")},
        ),
    ],
)
def test_a_creative_stands_at_the_edge_of_its_wishes(
    offer: dict[str, Any], turn: dict[str, Any]
) -> None:
    assert rejection(an_offer(**offer), a_turn(**turn)) is None


def test_every_filter_has_a_reason_for_the_caller() -> None:
    assert all(filter_.reason for filter_ in Filter)
