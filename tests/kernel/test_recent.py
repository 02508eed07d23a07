"""Bounded memory: what was used last stays, what was used longest ago goes."""

import pytest

from kernel.recent import Recent


def test_the_entry_that_was_used_longest_ago_is_forgotten_first() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)
    assert len(recent) == 2


def test_an_entry_that_is_put_again_takes_the_place_of_the_old_one() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    recent.put("a", 3)
    recent.put("c", 4)
    assert (recent.get("a"), recent.get("b")) == (3, None)


def test_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="give at least 1"):
        Recent(0)
