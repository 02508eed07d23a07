"""Ids: unique, sorted by age, readable back, and nothing else is one."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import id_from_bytes, id_to_bytes, new_id, new_secret, new_seed

sixteen_bytes = st.binary(min_size=16, max_size=16)


@given(raw=sixteen_bytes, prefix=st.from_regex(r"[a-z]{2,4}", fullmatch=True))
def test_an_id_gives_its_bytes_back(raw: bytes, prefix: str) -> None:
    assert id_to_bytes(id_from_bytes(prefix, raw)) == raw


@given(one=sixteen_bytes, other=sixteen_bytes)
def test_ids_sort_like_their_bytes(one: bytes, other: bytes) -> None:
    assert (id_from_bytes("x", one) < id_from_bytes("x", other)) == (one < other)


def test_a_new_id_names_its_kind_in_letters_that_cannot_be_confused() -> None:
    assert re.fullmatch(r"cmp_[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}", new_id("cmp"))


def test_a_later_id_sorts_after_an_earlier_one() -> None:
    earlier = new_id("dec")
    time.sleep(0.002)

    assert new_id("dec") > earlier


def test_ten_thousand_ids_are_all_different() -> None:
    assert len({new_id("dec") for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "dec_",
        "dec_01kdm2q0v8rj3tq0y7m5n9c4x",
        "dec_01kdm2q0v8rj3tq0y7m5n9c4xee",
        "dec_01KDM2Q0V8RJ3TQ0Y7M5N9C4XE",
        "dec_01kdm2q0v8rj3tq0y7m5n9c4xu",
        "dec_81kdm2q0v8rj3tq0y7m5n9c4xe",
        "01kdm2q0v8rj3tq0y7m5n9c4xe",
        "_01kdm2q0v8rj3tq0y7m5n9c4xe",
        "dec_01kdm2q0v8rj3tq0y7m5n9c4x\n",
    ],
)
def test_what_was_never_made_is_not_an_id(wrong: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        id_to_bytes(wrong)


@pytest.mark.parametrize("size", [0, 15, 17])
def test_an_id_is_made_of_sixteen_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="sixteen"):
        id_from_bytes("dec", bytes(size))


def test_secrets_and_seeds_do_not_repeat() -> None:
    assert len(new_secret()) == 32
    assert new_secret() != new_secret()
    assert 0 <= new_seed() < 2**63
    assert new_seed() != new_seed()
