"""Identifiers and random secrets.

An id is a prefix that says what it names and 128 bits in Crockford's base 32: 48 bits of
milliseconds, so that ids sort by age and database indexes stay local, then 80 random bits
(the layout of the ULID specification). ``new_id("cmp")`` → ``cmp_01kdm2q0v8…``. Also the only source
of randomness for secrets and for seeds.
"""

import os
import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 26


def new_id(prefix: str) -> str:
    """A fresh id such as ``dec_01kdm2q0v8rj3tq0y7m5n9c4xe``."""
    return id_from_bytes(prefix, new_id_bytes())


def new_id_bytes() -> bytes:
    """The sixteen bytes behind an id."""
    return (time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10)


def id_from_bytes(prefix: str, raw: bytes) -> str:
    """Write sixteen bytes as an id; `id_to_bytes` reads them back."""
    if len(raw) != 16:
        raise ValueError(f"An id has sixteen bytes, not {len(raw)}.")
    number = int.from_bytes(raw, "big")
    letters = [_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(letters)}"


def id_to_bytes(identifier: str) -> bytes:
    """The sixteen bytes of an id. Raises ValueError for anything that `new_id` cannot have made."""
    prefix, _, letters = identifier.rpartition("_")
    if not prefix or len(letters) != _LENGTH or any(letter not in _VALUES for letter in letters):
        raise ValueError("This is not an id.")
    number = 0
    for letter in letters:
        number = number << 5 | _VALUES[letter]
    if number >> 128:
        raise ValueError("This is not an id.")
    return number.to_bytes(16, "big")


def new_secret(size_bytes: int = 32) -> bytes:
    """Random bytes fit for keys."""
    return secrets.token_bytes(size_bytes)


def new_seed() -> int:
    """A 63-bit seed for a draw that has to be replayed from its record."""
    return secrets.randbits(63)
