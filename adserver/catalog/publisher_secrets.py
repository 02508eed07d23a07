"""How a publisher's key looks, and what of it is stored.

    tf_pub_ + 32 characters (160 random bits) + 7 characters of checksum

The checksum tells a mistyped key without asking the database; of a key only its digest is stored.
"""

import base64
import hashlib
import re
import zlib
from typing import Final

from kernel.ids import new_secret

_PREFIX: Final = "tf_pub_"
_SHAPE: Final = re.compile(r"(tf_pub_[a-z2-7]{32})([a-z2-7]{7})")


def new_publisher_key() -> tuple[str, str]:
    """A fresh key, shown once, and the digest to store."""
    body = _PREFIX + _base32(new_secret(20))
    secret = body + _checksum(body)
    return secret, digest_of(secret)


def digest_of(secret: str) -> str:
    """SHA-256 in hexadecimal: 160 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def looks_right(secret: str) -> bool:
    """Whether form and checksum are right; says nothing about whether the key is known."""
    parts = _SHAPE.fullmatch(secret)
    return parts is not None and _checksum(parts[1]) == parts[2]


def _checksum(body: str) -> str:
    return _base32(zlib.crc32(body.encode()).to_bytes(4, "big"))


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()
