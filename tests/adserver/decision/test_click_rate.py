"""The prior chance of a click, before anything was learned."""

from hypothesis import given
from hypothesis import strategies as st

from adserver.decision.click_rate import click_rate, quality

anything = st.floats(min_value=-2, max_value=2)


class TestTheChanceOfAClick:
    def test_is_about_one_in_a_hundred_for_an_ad_in_the_middle(self) -> None:
        assert 0.009 < click_rate(0.5) < 0.013

    @given(anything, anything)
    def test_never_falls_as_relevance_grows(self, one: float, other: float) -> None:
        low, high = sorted((one, other))

        assert click_rate(low) <= click_rate(high)

    @given(anything)
    def test_is_never_nothing_and_never_certain(self, relevance: float) -> None:
        assert 0 < click_rate(relevance) < 1


@given(anything)
def test_quality_stays_in_its_published_range(relevance: float) -> None:
    assert 0.5 <= quality(relevance) <= 1.5
