"""Targeting and publishers' blocks, on values alone."""

import pytest

from adserver.catalog.publisher import Publisher
from adserver.catalog.targeting import FrequencyCap, Targeting, targeting, targeting_row
from kernel.errors import BadRequest
from kernel.money import Micros


class TestReadingTargeting:
    def test_nothing_given_means_anywhere(self) -> None:
        anywhere = targeting({})

        assert anywhere == Targeting()
        assert anywhere.allows_country(None)
        assert anywhere.allows_language("ja")

    def test_codes_and_keywords_are_tidied_and_kept_once(self) -> None:
        read = targeting(
            {
                "countries": ["de", " AT"],
                "languages": ["DE"],
                "keywords": ["Trail  Shoes", "trail shoes"],
            }
        )

        assert read.countries == ("DE", "AT")
        assert read.languages == ("de",)
        assert read.keywords == ("trail shoes",)

    @pytest.mark.parametrize(
        ("values", "param"),
        [
            ({"countries": ["Germany"]}, "countries"),
            ({"languages": ["english"]}, "languages"),
            ({"categories": ["everything"]}, "categories"),
            ({"formats": ["popup"]}, "formats"),
            ({"keywords": [""]}, "keywords"),
            ({"keywords": ["x" * 61]}, "keywords"),
            ({"keywords": [str(number) for number in range(201)]}, "keywords"),
            ({"keywords": ["tent"], "negative_keywords": ["Tent"]}, "negative_keywords"),
            ({"age": [18]}, "targeting"),
        ],
    )
    def test_what_could_never_match_is_refused_by_name(self, values: dict, param: str) -> None:
        with pytest.raises(BadRequest) as refused:
            targeting(values)

        assert refused.value.param == param

    def test_a_row_reads_back_as_the_same_targeting(self) -> None:
        wanted = targeting(
            {"countries": ["US"], "keywords": ["tent"], "formats": ["unit", "mention"]}
        )

        assert targeting(targeting_row(wanted)) == wanted


class TestAskingTargeting:
    def test_an_unknown_country_meets_no_country_rule(self) -> None:
        german = Targeting(countries=("DE",))

        assert german.allows_country("DE")
        assert not german.allows_country("FR")
        assert not german.allows_country(None)

    def test_a_language_covers_its_regions(self) -> None:
        german = Targeting(languages=("de",))

        assert german.allows_language("de-CH")
        assert not german.allows_language("en")


class TestAPublisher:
    def test_blocks_a_domain_with_all_below_it(self) -> None:
        publisher = Publisher("pub_1", "Chat", blocked_domains=frozenset({"shop.example"}))

        assert publisher.blocks(category="pets", domain="shop.example")
        assert publisher.blocks(category="pets", domain="www.Shop.example")
        assert not publisher.blocks(category="pets", domain="myshop.example")

    def test_blocks_a_category(self) -> None:
        publisher = Publisher("pub_1", "Chat", blocked_categories=frozenset({"games"}))

        assert publisher.blocks(category="games", domain="a.example")
        assert not publisher.blocks(category="pets", domain="a.example")

    def test_earns_seventy_percent_unless_agreed_otherwise(self) -> None:
        assert Micros(500_000).share(Publisher("pub_1", "Chat").share_bp) == Micros(350_000)


def test_an_excluded_brand_is_kept_apart_from_negative_keywords() -> None:
    read = targeting({"excluded_brands": ["  Acme  Shoes "], "negative_keywords": ["used"]})

    assert read.excluded_brands == ("acme shoes",)
    assert read.negative_keywords == ("used",)


class TestAFrequencyCap:
    def test_is_kept_with_the_campaign(self) -> None:
        wanted = targeting({"frequency": {"impressions": 3, "hours": 24}})

        assert wanted.frequency == FrequencyCap(3, 24)
        assert targeting(targeting_row(wanted)) == wanted

    @pytest.mark.parametrize(
        "wrong",
        [{"impressions": 0, "hours": 1}, {"hours": 1}, {"impressions": 1, "hours": 169}, "often"],
    )
    def test_that_could_not_work_is_refused(self, wrong: object) -> None:
        with pytest.raises(BadRequest, match="frequency cap"):
            targeting({"frequency": wrong})
