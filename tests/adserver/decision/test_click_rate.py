"""A prior from relevance, what clicks teach, and draws that give everything its chances."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adserver.decision.click_rate import (
    ClickRates,
    Tally,
    click_rate,
    draws,
    learned_from,
    quality,
)

relevances = st.floats(min_value=0, max_value=1)


class TestThePrior:
    def test_of_an_ad_in_the_middle_is_about_one_percent(self) -> None:
        assert 0.009 < click_rate(0.5) < 0.013

    @given(relevances, relevances)
    def test_grows_with_relevance(self, one: float, other: float) -> None:
        low, high = sorted((one, other))

        assert click_rate(low) <= click_rate(high)

    @given(st.floats(allow_nan=False))
    def test_is_never_zero_or_one(self, relevance: float) -> None:
        assert 0 < click_rate(relevance) < 1


def test_quality_lies_between_a_half_and_one_and_a_half() -> None:
    assert [quality(one) for one in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [0.5, 0.5, 1.0, 1.5, 1.5]


class TestWhatIsBelieved:
    def test_is_the_prior_before_the_first_click(self) -> None:
        belief = ClickRates().belief(1, "cmp_a", "running")

        assert belief.factor == 1.0
        assert 0 < belief.certainty < 5

    def test_of_a_creative_with_many_clicks_is_its_own(self) -> None:
        rates = ClickRates(of_creative={1: Tally(clicks=2_000, expected=1_000)})

        belief = rates.belief(1, "cmp_a", "running")

        assert 1.95 < belief.factor < 2.0
        assert belief.certainty > 2_000

    def test_of_a_new_creative_leans_on_its_campaign_topic_and_everybody(self) -> None:
        good = Tally(clicks=200, expected=100)
        by_level = [
            ClickRates(of_all=good),
            ClickRates(of_topic={"running": good}),
            ClickRates(of_campaign={"cmp_a": good}),
        ]

        factors = [rates.belief(1, "cmp_a", "running").factor for rates in by_level]

        assert all(1.5 < factor < 2.0 for factor in factors)
        elsewhere = [rates.belief(2, "cmp_b", "games").factor for rates in by_level]
        assert elsewhere[1:] == [1.0, 1.0]

    def test_of_a_topic_is_told_by_its_creatives_and_not_by_the_one_shown_most(self) -> None:
        winner = (1, "cmp_a", "running", Tally(clicks=3_000, expected=1_000))
        others = [(n, f"cmp_{n}", "running", Tally(clicks=4, expected=8)) for n in range(2, 8)]

        rates = learned_from([winner, *others])

        assert rates.belief(1, "cmp_a", "running").factor > 2.9
        assert rates.belief(9, "cmp_new", "running").factor < 1.2

    def test_of_conversions_counts_all_of_a_campaign(self) -> None:
        counts = [(1, "cmp_a", topic, Tally(200, 200, 40)) for topic in ("running", "fitness")]

        assert 0.18 < learned_from(counts).conversion_rate("cmp_a") < 0.2

    def test_of_conversions_needs_clicks(self) -> None:
        many = Tally(clicks=400, expected=400, conversions=80)
        rates = ClickRates(sold={"cmp_a": many})

        assert rates.conversion_rate("cmp_b") == 0.05
        assert 0.18 < rates.conversion_rate("cmp_a") < 0.2


class TestADraw:
    def test_is_the_same_for_the_same_seed(self) -> None:
        assert draws([1.0, 2.0], 7).tolist() == draws([1.0, 2.0], 7).tolist()
        assert draws([1.0, 2.0], 7).tolist() != draws([1.0, 2.0], 8).tolist()

    def test_lies_around_what_is_believed_and_closer_the_firmer_it_is(self) -> None:
        drawn = np.stack([draws([1.5, 150.0], seed) for seed in range(2_000)])

        assert np.allclose(drawn.mean(axis=0), 1.0, atol=0.05)
        assert drawn[:, 0].std() > 5 * drawn[:, 1].std()


def test_learning_finds_the_better_ad_and_beats_the_best_raw_rate() -> None:
    """The short form of the simulation: ten ads, one topic, clicks told in batches."""
    ours, greedy = [], []
    for seed in range(6):
        truth = np.random.default_rng(seed).lognormal(np.log(0.008), 0.75, 10)
        for shares, chooses in ((ours, _ours), (greedy, _raw)):
            shares.append(_share_of_best(truth, chooses, seed))

    assert np.mean(ours) > np.mean(greedy)
    assert np.mean(ours) > 0.75


def _share_of_best(truth: np.ndarray, chooses: object, seed: int) -> float:
    assert callable(chooses)
    dice, shown, clicks, won = np.random.default_rng(seed), np.zeros(10), np.zeros(10), 0.0
    for batch in range(100):
        for ad in chooses(shown, clicks, seed * 1_000 + batch):
            won += truth[ad]
            shown[ad] += 1
            clicks[ad] += dice.random() < truth[ad]
    return float(won / (truth.max() * shown.sum()))


def _ours(shown: np.ndarray, clicks: np.ndarray, seed: int) -> list[int]:
    rates = learned_from(
        (ad, f"cmp_{ad}", "", Tally(float(clicks[ad]), float(shown[ad]) * 0.011))
        for ad in range(10)
    )
    beliefs = [rates.belief(ad, f"cmp_{ad}", None) for ad in range(10)]
    factors = np.array([one.factor for one in beliefs])
    certainties = [one.certainty for one in beliefs]
    return [int(np.argmax(factors * draws(certainties, seed * 100 + at))) for at in range(100)]


def _raw(shown: np.ndarray, clicks: np.ndarray, seed: int) -> list[int]:
    rates = np.where(shown > 0, clicks / np.maximum(shown, 1), 1.0)
    tied = np.flatnonzero(rates == rates.max())
    return list(itertools.islice(itertools.cycle(tied.tolist()), 100))
