"""An index too large to score whole: what is found, and what can never be."""

from dataclasses import replace

import numpy as np
import pytest

from adserver.catalog.queries import LiveCreative
from adserver.matching import index as index_module
from adserver.matching.bits import Bits
from adserver.matching.creative_rows import knows_every_field
from adserver.matching.index import CreativeIndex
from tests.adserver.matching.creatives import a_creative

ROWS, DIMENSIONS = 24_000, 64


def clustered(rows: int, *, seed: int) -> np.ndarray:
    """Unit vectors around a few hundred subjects, as ads are."""
    dice = np.random.default_rng(seed)
    subjects = np.random.default_rng(1).normal(size=(300, DIMENSIONS))
    drawn = subjects[dice.integers(0, len(subjects), rows)]
    drawn = drawn + 0.7 * dice.normal(size=drawn.shape)
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


VECTORS = clustered(ROWS, seed=2)
ASKED = clustered(40, seed=3)


@pytest.fixture(scope="module")
def large() -> CreativeIndex:
    return CreativeIndex(some(ROWS), VECTORS, model_id="test/1/fp32")


def some(count: int, first: int = 1) -> list[LiveCreative]:
    one = a_creative(first)
    return [replace(one, number=first + at, creative_id=f"crt_{first + at}") for at in range(count)]


def exact(asked: np.ndarray, flags: np.ndarray, k: int) -> set[int]:
    scores = np.where(flags, VECTORS @ asked, -2.0)
    return set(np.argsort(-scores)[:k].tolist())


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_the_fifty_nearest_are_nearly_all_found_whatever_is_filtered(
    large: CreativeIndex, share: float
) -> None:
    flags = np.random.default_rng(4).random(ROWS) < share

    found = [{hit.position for hit in large.search(one, Bits.of(flags), 50)} for one in ASKED]

    recall = [
        len(hits & exact(one, flags, 50)) / 50 for hits, one in zip(found, ASKED, strict=True)
    ]
    assert np.mean(recall) >= 0.97


def test_nothing_outside_the_mask_is_found_even_where_little_is_left(large: CreativeIndex) -> None:
    dice = np.random.default_rng(5)
    for share in (0.9, 0.4, 0.02, 0.0005):
        flags = dice.random(ROWS) < share
        for asked in ASKED[:10]:
            hits = large.search(asked, Bits.of(flags), 24)
            assert len(hits) == min(24, flags.sum())
            assert all(flags[hit.position] for hit in hits)


def test_a_filter_that_leaves_only_what_is_far_away_still_finds_the_best_of_it(
    large: CreativeIndex,
) -> None:
    asked = ASKED[0]
    far = np.argsort(VECTORS @ asked)[: ROWS // 2]
    flags = np.zeros(ROWS, dtype=np.bool_)
    flags[far] = True

    hits = large.search(asked, Bits.of(flags), 24)

    best = sorted(exact(asked, flags, 24), key=lambda position: -float(VECTORS[position] @ asked))
    assert len(hits) == 24
    assert all(flags[hit.position] for hit in hits)
    assert hits[0].similarity >= float(VECTORS[best[0]] @ asked) - 0.02


def test_what_was_added_later_is_found_and_what_is_gone_is_not(large: CreativeIndex) -> None:
    first = CreativeIndex(some(ROWS), VECTORS, model_id="test/1/fp32")
    gone = [hit.position for hit in first.search(ASKED[0], None, 3)]

    second = first.followed_by(
        added=some(1, first=900_001), vectors=ASKED[:1], gone=gone, campaigns=(), generation=2
    )

    assert [hit.position for hit in first.search(ASKED[0], None, 3)] == gone
    hits = second.search(ASKED[0], None, 50)
    assert hits[0].position == ROWS
    assert second.creatives[ROWS].number == 900_001
    assert not {hit.position for hit in hits} & set(gone)
    assert (len(second), second.extent) == (ROWS - 2, ROWS + 1)


def test_many_additions_are_coded_and_found(large: CreativeIndex) -> None:
    grown = CreativeIndex(some(ROWS), VECTORS, model_id="test/1/fp32")
    many = clustered(index_module._UNCODED + 1, seed=9)

    grown = grown.followed_by(
        added=some(len(many), first=900_001), vectors=many, gone=(), campaigns=(), generation=2
    )

    assert grown.search(many[7], None, 1)[0].position == ROWS + 7


def test_only_the_newest_snapshot_can_be_followed() -> None:
    first = CreativeIndex(some(3), VECTORS[:3], model_id="test/1/fp32")
    change = {"gone": (), "campaigns": (), "generation": 2}
    first.followed_by(added=some(1, first=9), vectors=VECTORS[3:4], **change)

    with pytest.raises(ValueError, match="newest snapshot"):
        first.followed_by(added=some(1, first=10), vectors=VECTORS[4:5], **change)


def test_a_creative_comes_back_word_for_word_from_its_row(large: CreativeIndex) -> None:
    assert large.creatives[11] == some(ROWS)[11]


def test_each_field_of_a_creative_is_its_own_or_its_campaigns() -> None:
    assert knows_every_field()
