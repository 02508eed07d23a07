"""Tokens as an attacker would make them out of genuine ones: never one of these itself."""

import base64
import random
from collections.abc import Iterator, Sequence


def mutations(genuine: Sequence[str], draw: random.Random, count: int) -> Iterator[str]:
    """`count` tokens that were flipped, cut, swapped, put together or signed by another key."""
    known, made = set(genuine), 0
    while made < count:
        mutation = draw.choice(_ACTS)(genuine, draw)
        if mutation not in known:
            made += 1
            yield mutation


def _flipped(genuine: Sequence[str], draw: random.Random) -> str:
    raw = bytearray(base64.urlsafe_b64decode(draw.choice(genuine)))
    raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
    return base64.urlsafe_b64encode(bytes(raw)).decode()


def _spliced(genuine: Sequence[str], draw: random.Random) -> str:
    """The decision of one ad with the creative or the tag of another."""
    one, other = (base64.urlsafe_b64decode(draw.choice(genuine)) for _ in range(2))
    cut = draw.choice([1, 17, 23])
    return base64.urlsafe_b64encode(one[:cut] + other[cut:]).decode()


def _other_creative(genuine: Sequence[str], draw: random.Random) -> str:
    raw = bytearray(base64.urlsafe_b64decode(draw.choice(genuine)))
    raw[17:23] = draw.randrange(2**20).to_bytes(6, "big")
    return base64.urlsafe_b64encode(bytes(raw)).decode()


def _other_key(genuine: Sequence[str], draw: random.Random) -> str:
    raw = bytearray(base64.urlsafe_b64decode(draw.choice(genuine)))
    raw[0] = draw.choice([key for key in range(256) if key != raw[0]])
    return base64.urlsafe_b64encode(bytes(raw)).decode()


def _resized(genuine: Sequence[str], draw: random.Random) -> str:
    token = draw.choice(genuine)
    return token[: draw.randrange(44)] if draw.random() < 0.5 else token + draw.choice("AZ09=_-")


def _noise(_genuine: Sequence[str], draw: random.Random) -> str:
    return base64.urlsafe_b64encode(draw.randbytes(33)).decode()


_ACTS = (_flipped, _spliced, _other_creative, _other_key, _resized, _noise)
