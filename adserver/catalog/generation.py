"""How often the catalog has changed, in one row.

Every command counts it up inside its own transaction, so that a reader who sees the new number also
sees the change. The matching index compares it with the number it was built from.
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.tables import CatalogGenerationRow
from kernel.database import WriteSession, insert_into

_THE_ROW = 1


async def count_up(tx: WriteSession) -> None:
    """Say that this transaction changes the catalog."""
    await tx.flush()
    await tx.execute(
        insert_into(tx, CatalogGenerationRow)
        .values(id=_THE_ROW, number=1)
        .on_conflict_do_update(
            index_elements=[CatalogGenerationRow.id],
            set_={"number": CatalogGenerationRow.number + 1},
        )
    )


async def generation(session: AsyncSession) -> int:
    """The number now; 0 for a catalog that nobody has written to."""
    number = await session.scalar(
        sa.select(CatalogGenerationRow.number).where(CatalogGenerationRow.id == _THE_ROW)
    )
    return number or 0
