"""Tags: ours verify, everybody else's do not, and keys rotate."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.signing import SigningKeys

ONE, TWO = bytes(range(32)), bytes(range(32, 64))
KEYS = SigningKeys({1: ONE, 2: TWO}, current=2)


@given(
    message=st.binary(max_size=64),
    size=st.integers(10, 32),
    key_id=st.sampled_from([1, 2]),
)
def test_a_tag_verifies_for_its_purpose_message_and_key_only(
    message: bytes, size: int, key_id: int
) -> None:
    tag = KEYS.tag("click", message, size=size, key_id=key_id)

    assert len(tag) == size
    assert KEYS.verifies("click", message, tag, key_id=key_id)
    assert not KEYS.verifies("view", message, tag, key_id=key_id)
    assert not KEYS.verifies("click", message + b"!", tag, key_id=key_id)
    assert not KEYS.verifies("click", message, tag, key_id=3 - key_id)


@given(message=st.binary(max_size=64), bit=st.integers(0, 79))
def test_a_tag_with_one_bit_changed_does_not_verify(message: bytes, bit: int) -> None:
    tag = bytearray(KEYS.tag("click", message, size=10))
    tag[bit // 8] ^= 1 << bit % 8

    assert not KEYS.verifies("click", message, bytes(tag), key_id=2)


def test_a_tag_is_the_standard_one_truncated() -> None:
    expected = hmac.new(TWO, b"click\x00message", hashlib.sha256).digest()

    assert KEYS.tag("click", b"message") == expected
    assert KEYS.tag("click", b"message", size=10) == expected[:10]


def test_what_an_old_key_signed_verifies_until_the_key_is_gone() -> None:
    before = SigningKeys({1: ONE}, current=1)
    tag = before.tag("click", b"m", size=10)

    assert KEYS.verifies("click", b"m", tag, key_id=1)
    assert not SigningKeys({2: TWO}, current=2).verifies("click", b"m", tag, key_id=1)


def test_the_current_key_signs() -> None:
    assert KEYS.tag("click", b"m") == KEYS.tag("click", b"m", key_id=2)
    with pytest.raises(KeyError):
        KEYS.tag("click", b"m", key_id=9)


@pytest.mark.parametrize("size", [0, 9, 33])
def test_a_tag_is_never_short_enough_to_guess(size: int) -> None:
    with pytest.raises(ValueError, match="10 to 32"):
        KEYS.tag("click", b"m", size=size)
    assert not KEYS.verifies("click", b"m", bytes(size), key_id=2)


def test_derived_keys_differ_by_purpose() -> None:
    assert len(KEYS.derive("replay")) == 32
    assert KEYS.derive("replay") != KEYS.derive("cache")


@pytest.mark.parametrize(
    ("keys", "current"),
    [({}, 1), ({1: ONE}, 2), ({1: ONE[:31]}, 1), ({256: ONE}, 256), ({-1: ONE}, -1)],
)
def test_a_ring_that_cannot_sign_is_refused(keys: dict[int, bytes], current: int) -> None:
    with pytest.raises(ValueError, match="Signing key"):
        SigningKeys(keys, current=current)


def test_secrets_are_not_shown() -> None:
    assert ONE.hex() not in repr(KEYS)
    assert repr(ONE) not in repr(KEYS)
