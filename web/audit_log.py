"""Reading the audit log: what has changed in an organisation, newest first.

Pages are cut by id, which sorts by time, so that the next page starts exactly where this one ended
however much is written meanwhile.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from web.account_tables import AccessTokenRow
from web.tables import AuditEventRow, PersonRow


@dataclass(frozen=True)
class Change:
    """One line; `by` is an address, the name of a token, or empty."""

    change_id: str
    at: datetime
    by: str
    action: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]


async def changes_of(
    session: AsyncSession, organisation_id: str, *, before: str = "", limit: int = 50
) -> list[Change]:
    """The organisation's changes before the one with the id `before`, or the newest."""
    query = (
        sa.select(AuditEventRow, PersonRow.email, AccessTokenRow.name)
        .outerjoin(PersonRow, PersonRow.id == AuditEventRow.person_id)
        .outerjoin(AccessTokenRow, AccessTokenRow.id == AuditEventRow.session_id)
        .where(AuditEventRow.organisation_id == organisation_id)
        .order_by(AuditEventRow.id.desc())
        .limit(limit)
    )
    if before:
        query = query.where(AuditEventRow.id < before)
    rows = await session.execute(query)
    return [
        Change(
            row.id,
            row.at,
            email or (f"token {token}" if token else ""),
            row.action,
            row.subject,
            row.before,
            row.after,
        )
        for row, email, token in rows
    ]
