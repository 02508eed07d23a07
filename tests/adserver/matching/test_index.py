"""Search is exact, respects the mask, and never changes its mind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adserver.matching.index import CreativeIndex, empty_index
from tests.adserver.matching.creatives import a_creative


def an_index(vectors: np.ndarray) -> CreativeIndex:
    creatives = [a_creative(number + 1) for number in range(len(vectors))]
    return CreativeIndex(creatives, vectors.astype(np.float32), model_id="test/1/fp32")


def random_units(seed: int, rows: int, dimensions: int = 8) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(rows, dimensions))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 60),
    st.integers(1, 3),
    st.integers(1, 70),
    st.floats(0, 1),
)
def test_the_nearest_eligible_creatives_are_found(
    seed: int, rows: int, queries: int, k: int, share: float
) -> None:
    vectors, asked = random_units(seed, rows), random_units(seed + 1, queries)
    mask = np.random.default_rng(seed).random(rows) < share

    hits = an_index(vectors).search(asked, mask, k)

    best = (vectors @ asked.T).max(axis=1)
    expected = sorted(np.flatnonzero(mask), key=lambda row: -best[row])[:k]
    assert [best[hit.position] for hit in hits] == pytest.approx(best[expected].tolist(), abs=1e-6)
    assert all(mask[hit.position] for hit in hits)
    assert len({hit.position for hit in hits}) == len(hits)
    for hit in hits:
        assert hit.similarity == pytest.approx(float(best[hit.position]), abs=1e-6)


def test_equals_stand_in_index_order_also_at_the_edge() -> None:
    same = np.tile(random_units(3, 1), (9, 1))

    assert [hit.position for hit in an_index(same).search(same[:1], None, 4)] == [0, 1, 2, 3]


def test_one_vector_may_be_given_without_rows() -> None:
    vectors = random_units(5, 4)

    assert an_index(vectors).search(vectors[2], None, 1)[0].position == 2


def test_nothing_is_found_where_nothing_is() -> None:
    vectors = random_units(5, 4)

    assert empty_index("test/1/fp32", 8).search(vectors[:1], None, 5) == []
    assert an_index(vectors).search(vectors[:1], np.zeros(4, dtype=np.bool_), 5) == []
    assert an_index(vectors).search(vectors[:1], None, 0) == []


def test_a_mask_of_another_snapshot_is_refused() -> None:
    vectors = random_units(5, 4)

    with pytest.raises(ValueError, match="one bit for each"):
        an_index(vectors).search(vectors[:1], np.ones(3, dtype=np.bool_), 5)


def test_an_index_needs_a_vector_for_each_creative() -> None:
    with pytest.raises(ValueError, match="exactly one vector"):
        CreativeIndex([a_creative()], random_units(1, 2), model_id="test/1/fp32")


def test_a_snapshot_cannot_be_changed_from_outside() -> None:
    vectors = random_units(5, 4)
    index = an_index(vectors)
    query = vectors[1].copy()

    vectors[:] = 0.0

    assert index.search(query, None, 1)[0].position == 1
