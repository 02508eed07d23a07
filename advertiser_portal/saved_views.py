"""Views of the campaign list that an organisation keeps under names."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.tables import SavedViewRow
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest, NotFound
from kernel.ids import new_id

MOST: Final = 30


@dataclass(frozen=True)
class SavedView:
    """``SavedView("viw_…", "In trouble", "status=troubled")``."""

    view_id: str
    name: str
    query: str


async def views_of(session: AsyncSession, organisation_id: str) -> list[SavedView]:
    """The organisation's views, by name."""
    rows = await session.scalars(
        sa.select(SavedViewRow)
        .where(SavedViewRow.organisation_id == organisation_id)
        .order_by(SavedViewRow.name, SavedViewRow.id)
    )
    return [SavedView(row.id, row.name, row.query) for row in rows]


async def keep(
    tx: WriteSession, organisation_id: str, *, name: str, query: str, clock: Clock
) -> None:
    """Keep one; the same name again replaces it. Raises BadRequest."""
    trimmed = " ".join(name.split())
    if not 1 <= len(trimmed) <= 60 or not trimmed.isprintable():
        raise BadRequest("Give the view a name of 1 to 60 characters.", param="name")
    own = await views_of(tx, organisation_id)
    for one in own:
        if one.name == trimmed:
            await forget(tx, organisation_id, one.view_id)
    if len(own) >= MOST:
        raise BadRequest(f"{MOST} views are enough. Forget one first.")
    tx.add(
        SavedViewRow(
            id=new_id("viw"),
            organisation_id=organisation_id,
            name=trimmed,
            query=query[:400],
            created_at=clock.now(),
        )
    )
    await tx.flush()


async def forget(tx: WriteSession, organisation_id: str, view_id: str) -> None:
    """Forget one of their own. Raises NotFound for anybody else's."""
    gone = await tx.execute(
        sa.delete(SavedViewRow)
        .where(SavedViewRow.id == view_id, SavedViewRow.organisation_id == organisation_id)
        .returning(SavedViewRow.id)
    )
    if gone.first() is None:
        raise NotFound("You have no such view.")
