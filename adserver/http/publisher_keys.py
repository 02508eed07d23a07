"""Which publisher calls: a key in the header, a digest in the catalog.

    tf_pub_ + 32 characters (160 random bits) + 7 characters of checksum

The checksum tells a mistyped key without asking the database. Answers are remembered for a short
while, so that a call costs no look-up; a key that was withdrawn works no longer than that.
"""

import base64
import hashlib
import re
import zlib
from typing import Final

from adserver.catalog.publisher import Publisher
from adserver.catalog.queries import publisher_by_digest
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Unauthenticated
from kernel.ids import new_secret

_PREFIX: Final = "tf_pub_"
_SHAPE: Final = re.compile(r"(tf_pub_[a-z2-7]{32})([a-z2-7]{7})")
_KNOWN_FOR_S: Final = 10.0
_UNKNOWN_FOR_S: Final = 2.0
_MOST_REMEMBERED: Final = 10_000


def new_publisher_key() -> tuple[str, str]:
    """A fresh key, shown once, and the digest to store."""
    body = _PREFIX + _base32(new_secret(20))
    secret = body + _checksum(body)
    return secret, digest_of(secret)


def digest_of(secret: str) -> str:
    """SHA-256 in hexadecimal: 160 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


class PublisherKeys:
    """Knows callers by their keys."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._remembered: dict[str, tuple[Publisher | None, float]] = {}

    async def publisher(self, authorization: str | None) -> Publisher:
        """The publisher behind an Authorization header. Raises Unauthenticated."""
        scheme, _, secret = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Unauthenticated("Send your publisher key as: Authorization: Bearer tf_pub_…")
        if not _looks_right(secret.strip()):
            raise Unauthenticated("This is not a publisher key. They begin with tf_pub_.")
        found = await self._by_digest(digest_of(secret.strip()))
        if found is None:
            raise Unauthenticated("This publisher key is unknown or was withdrawn.")
        return found

    async def _by_digest(self, digest: str) -> Publisher | None:
        now = self._clock.monotonic()
        remembered = self._remembered.get(digest)
        if remembered is not None and now < remembered[1]:
            return remembered[0]
        async with self._database.reading() as session:
            found = await publisher_by_digest(session, digest)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        good_for_s = _UNKNOWN_FOR_S if found is None else _KNOWN_FOR_S
        self._remembered[digest] = found, now + good_for_s
        return found


def _looks_right(secret: str) -> bool:
    parts = _SHAPE.fullmatch(secret)
    return parts is not None and _checksum(parts[1]) == parts[2]


def _checksum(body: str) -> str:
    return _base32(zlib.crc32(body.encode()).to_bytes(4, "big"))


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()
