"""What is near is looked for once, and again as soon as anything about it has changed."""

import numpy as np

from adserver.decision.click_rate import ClickRates
from adserver.decision.nearby import Near, Nearby
from adserver.matching.bits import Bits

VECTORS, EVERYBODY, RATES = np.ones((1, 4), dtype=np.float32), Bits.full(8), ClickRates()


class Search:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Near:
        self.times += 1
        return Near((), (), f"found {self.times}")


def test_the_same_question_is_searched_for_once() -> None:
    nearby, search = Nearby(), Search()
    first = nearby.of(VECTORS, EVERYBODY, RATES, "words", search)
    assert nearby.of(VECTORS, EVERYBODY, RATES, "words", search) is first
    assert search.times == 1


def test_other_words_creatives_vectors_or_beliefs_are_searched_for_again() -> None:
    nearby, search = Nearby(), Search()
    nearby.of(VECTORS, EVERYBODY, RATES, "words", search)
    nearby.of(VECTORS.copy(), EVERYBODY, RATES, "words", search)
    nearby.of(VECTORS, Bits.full(8), RATES, "words", search)
    nearby.of(VECTORS, EVERYBODY, RATES, "other words", search)
    assert search.times == 4
    learned = ClickRates()
    assert nearby.of(VECTORS, EVERYBODY, learned, "words", search).topic == "found 5"
    assert nearby.of(VECTORS, EVERYBODY, learned, "words", search).topic == "found 5"
