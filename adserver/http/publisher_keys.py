"""Which publisher calls: a key in the header, a digest in the catalog.

The checksum tells a mistyped key without asking the database. Answers are remembered for a short
while, so that a call costs no look-up; a key that was withdrawn works no longer than that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.placement import Placement
from adserver.catalog.publisher import Publisher
from adserver.catalog.publisher_commands import PREFIX, placements_of, publisher_by_key
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Unauthenticated
from kernel.secret_keys import digest_of, looks_right

_KNOWN_FOR_S: Final = 10.0
_UNKNOWN_FOR_S: Final = 2.0
_MOST_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class CallingPublisher:
    """Who calls, by which kind of key, and the placements that it may name."""

    publisher: Publisher
    is_test: bool
    placements: Mapping[str, Placement]


class PublisherKeys:
    """Knows callers by their keys."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._remembered: dict[str, tuple[CallingPublisher | None, float]] = {}

    async def publisher(self, authorization: str | None) -> Publisher:
        """The publisher behind an Authorization header. Raises Unauthenticated."""
        return (await self.calling(authorization)).publisher

    async def calling(self, authorization: str | None) -> CallingPublisher:
        """The same with all that its key says. Raises Unauthenticated."""
        scheme, _, secret = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Unauthenticated("Send your publisher key as: Authorization: Bearer tf_pub_…")
        if not looks_right(secret.strip(), PREFIX):
            raise Unauthenticated("This is not a publisher key. They begin with tf_pub_.")
        found = await self._by_digest(digest_of(secret.strip()))
        if found is None:
            raise Unauthenticated("This publisher key is unknown or was withdrawn.")
        return found

    async def _by_digest(self, digest: str) -> CallingPublisher | None:
        now = self._clock.monotonic()
        remembered = self._remembered.get(digest)
        if remembered is not None and now < remembered[1]:
            return remembered[0]
        async with self._database.reading() as session:
            found = await _found(session, digest)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        good_for_s = _UNKNOWN_FOR_S if found is None else _KNOWN_FOR_S
        self._remembered[digest] = found, now + good_for_s
        return found


async def _found(session: AsyncSession, digest: str) -> CallingPublisher | None:
    known = await publisher_by_key(session, digest)
    if known is None:
        return None
    publisher, is_test = known
    placements = await placements_of(session, publisher.publisher_id)
    return CallingPublisher(publisher, is_test, {one.name: one for one in placements})
