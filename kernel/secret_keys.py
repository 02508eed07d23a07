"""Keys that programs show us: how they look, and what of them is stored.

    tf_live_ + 32 characters (160 random bits) + 7 characters of checksum

The prefix says whose key it is. The checksum tells a mistyped key without asking the database. Only
the SHA-256 of a key is stored: 160 random bits need no slow hash.
"""

import hashlib
import re
import zlib
from base64 import b32encode
from typing import Final

from kernel.ids import new_secret

_SHAPE: Final = re.compile(r"(tf_[a-z]+_)[a-z2-7]{32}([a-z2-7]{7})", re.ASCII)
_SHOWN: Final = 12


def new_key(prefix: str) -> tuple[str, str]:
    """A fresh key, shown once, and the digest to store: ``("tf_pub_a4x…", "9b1c…")``."""
    body = prefix + _base32(new_secret(20))
    secret = body + _checksum(body)
    return secret, digest_of(secret)


def looks_right(secret: str, *prefixes: str) -> bool:
    """Whether prefix, form and checksum are right; says nothing about whether the key is known."""
    parts = _SHAPE.fullmatch(secret)
    if parts is None or parts[1] not in prefixes:
        return False
    return _checksum(secret[: parts.start(2)]) == parts[2]


def digest_of(secret: str) -> str:
    """What is stored instead of the key."""
    return hashlib.sha256(secret.encode()).hexdigest()


def shown(secret: str) -> str:
    """What its owner sees of it later: ``tf_live_a4x7…``."""
    return f"{secret[:_SHOWN]}…"


def _checksum(body: str) -> str:
    return _base32(zlib.crc32(body.encode()).to_bytes(4, "big"))


def _base32(raw: bytes) -> str:
    return b32encode(raw).decode().rstrip("=").lower()
