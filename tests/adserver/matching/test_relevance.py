"""Relevance rises with similarity, and each space has its own curve."""

import math

import pytest

from adserver.matching.relevance import FLOOR, relevance

MINILM = "all-MiniLM-L6-v2/0.1.0/int8"


def test_relevance_rises_with_similarity_and_stays_in_bounds() -> None:
    values = [relevance(step / 50, MINILM) for step in range(-50, 51)]

    assert values == sorted(values)
    assert 0.0 <= values[0] < 0.01
    assert 0.99 < values[-1] <= 1.0


def test_a_good_match_passes_the_floor_and_noise_does_not() -> None:
    assert relevance(0.62, MINILM) > 0.88
    assert relevance(0.30, MINILM) < FLOOR


def test_a_model_nobody_calibrated_is_judged_more_strictly() -> None:
    assert relevance(0.45, "someone-elses-model/2/fp32") < FLOOR < relevance(0.45, MINILM)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_broken_similarity_is_no_match(broken: float) -> None:
    assert relevance(broken, MINILM) == 0.0
