"""Change what belongs to a publisher: keys, formats, block lists, placements.

Takes effect in every server as its memory of the publisher grows old, within ten seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.from_rows import publisher_from
from adserver.catalog.placement import Blocks, Placement
from adserver.catalog.publisher import Publisher
from adserver.catalog.publisher_tables import PlacementRow, PublisherKeyRow
from adserver.catalog.queries import publisher_by_digest
from adserver.catalog.tables import PublisherRow
from adserver.once import insert_once
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import NotFound
from kernel.ids import new_id
from kernel.money import Micros
from kernel.secret_keys import new_key, shown

PREFIX: Final = "tf_pub_"


class PublisherKeyKind(StrEnum):
    """A `test` key gets house ads and never bills."""

    LIVE = "live"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class NewPublisherKey:
    """A key on the day it is made: the only time that the secret exists on our side."""

    key_id: str
    secret: str = field(repr=False)
    shown: str


@dataclass(frozen=True, slots=True)
class ListedPublisherKey:
    """A key as people see it later."""

    key_id: str
    publisher_id: str
    kind: str
    shown: str
    created_at: datetime
    revoked_at: datetime | None


async def create_publisher_key(
    tx: WriteSession, publisher_id: str, *, kind: PublisherKeyKind, clock: Clock
) -> NewPublisherKey:
    """One more key. Raises NotFound."""
    await _publisher(tx, publisher_id)
    secret, digest = new_key(PREFIX)
    row = PublisherKeyRow(
        id=new_id("key"),
        publisher_id=publisher_id,
        kind=kind.value,
        digest=digest,
        shown=shown(secret),
        created_at=clock.now(),
    )
    tx.add(row)
    await tx.flush()
    return NewPublisherKey(row.id, secret, row.shown)


async def revoke_publisher_key(
    tx: WriteSession, key_id: str, *, clock: Clock, publisher_id: str | None = None
) -> None:
    """End a key for good; a second time changes nothing. Raises NotFound, whoever else has it."""
    row = await tx.get(PublisherKeyRow, key_id)
    if row is None or publisher_id not in {None, row.publisher_id}:
        raise NotFound("There is no such key.")
    row.revoked_at = row.revoked_at or clock.now()
    await tx.flush()


async def publisher_keys(
    session: AsyncSession, publisher_id: str | None = None
) -> Sequence[ListedPublisherKey]:
    """The keys of one publisher or of all, oldest first."""
    query = sa.select(PublisherKeyRow).order_by(PublisherKeyRow.created_at, PublisherKeyRow.id)
    if publisher_id is not None:
        query = query.where(PublisherKeyRow.publisher_id == publisher_id)
    return [
        ListedPublisherKey(
            row.id, row.publisher_id, row.kind, row.shown, row.created_at, row.revoked_at
        )
        for row in await session.scalars(query)
    ]


async def publisher_by_key(session: AsyncSession, digest: str) -> tuple[Publisher, bool] | None:
    """The publisher that a key's digest belongs to, and whether it is a test key."""
    found = await session.execute(
        sa.select(PublisherRow, PublisherKeyRow.kind)
        .join(PublisherKeyRow, PublisherKeyRow.publisher_id == PublisherRow.id)
        .where(PublisherKeyRow.digest == digest, PublisherKeyRow.revoked_at.is_(None))
    )
    row = found.one_or_none()
    if row is not None:
        return publisher_from(row[0]), row[1] == PublisherKeyKind.TEST.value
    # The first key of a publisher may stand on its own row.
    first = await publisher_by_digest(session, digest)
    return None if first is None else (first, False)


async def publishers(
    session: AsyncSession, *, organisation_id: str | None = None
) -> Sequence[Publisher]:
    """All publishers, or those of one organisation, oldest first."""
    query = sa.select(PublisherRow).order_by(PublisherRow.created_at, PublisherRow.id)
    if organisation_id is not None:
        query = query.where(PublisherRow.organisation_id == organisation_id)
    return [publisher_from(row) for row in await session.scalars(query)]


async def set_blocks(tx: WriteSession, publisher_id: str, blocks: Blocks) -> None:
    """Replace a publisher's block list. Raises NotFound."""
    row = await _publisher(tx, publisher_id)
    row.blocked_categories = sorted(blocks.categories)
    row.blocked_domains = sorted(blocks.domains)
    row.blocked_advertisers = sorted(blocks.advertisers)
    await tx.flush()


async def set_formats(tx: WriteSession, publisher_id: str, formats: Sequence[str]) -> None:
    """Which formats a publisher shows at all. Raises NotFound."""
    row = await _publisher(tx, publisher_id)
    row.formats = list(formats)
    await tx.flush()


async def put_placement(
    tx: WriteSession, publisher_id: str, wanted: Placement, *, clock: Clock
) -> None:
    """Make a placement, or make it anew. Raises NotFound."""
    await _publisher(tx, publisher_id)
    values = {
        "formats": list(wanted.formats),
        "blocked_categories": list(wanted.blocks.categories),
        "blocked_domains": list(wanted.blocks.domains),
        "blocked_advertisers": list(wanted.blocks.advertisers),
        "floor_micros": wanted.floor,
        "min_relevance": wanted.min_relevance,
        "ads_per_session": wanted.ads_per_session,
    }
    new = values | {
        "id": new_id("plc"),
        "publisher_id": publisher_id,
        "name": wanted.name,
        "created_at": clock.now(),
    }
    if not await insert_once(tx, PlacementRow, new):
        await tx.execute(
            sa.update(PlacementRow)
            .where(PlacementRow.publisher_id == publisher_id, PlacementRow.name == wanted.name)
            .values(values)
        )


async def remove_placement(tx: WriteSession, publisher_id: str, name: str) -> None:
    """Raises NotFound."""
    gone = await tx.execute(
        sa.delete(PlacementRow)
        .where(PlacementRow.publisher_id == publisher_id, PlacementRow.name == name)
        .returning(PlacementRow.id)
    )
    if gone.first() is None:
        raise NotFound("There is no such placement.", param="name")


async def placements_of(session: AsyncSession, publisher_id: str) -> tuple[Placement, ...]:
    """A publisher's placements, by name."""
    rows = await session.scalars(
        sa.select(PlacementRow)
        .where(PlacementRow.publisher_id == publisher_id)
        .order_by(PlacementRow.name)
    )
    return tuple(map(_placement_from, rows))


def _placement_from(row: PlacementRow) -> Placement:
    blocks = Blocks(
        tuple(row.blocked_categories), tuple(row.blocked_domains), tuple(row.blocked_advertisers)
    )
    return Placement(
        row.name,
        tuple(row.formats),
        blocks,
        Micros(row.floor_micros.amount),
        row.min_relevance,
        row.ads_per_session,
    )


async def _publisher(tx: WriteSession, publisher_id: str) -> PublisherRow:
    row = await tx.get(PublisherRow, publisher_id)
    if row is None:
        raise NotFound(f"There is no publisher {publisher_id}.")
    return row
