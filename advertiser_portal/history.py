"""What a creative said before, read from the audit log, where every change stands with its copy."""

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from web.tables import AuditEventRow

_WORDS: Final = {
    "creative.created": "Written",
    "creative.edited": "Changed",
    "creative.submitted": "Handed in",
    "creative.approved": "Approved",
    "creative.rejected": "Rejected",
}


class Version(BaseModel):
    """One line of a creative's history; `copy_then` is empty for a decision of a reviewer."""

    at: datetime
    what: str
    state: str
    reason: str | None
    copy_then: dict[str, Any]


async def versions_of(session: AsyncSession, creative_id: str) -> list[Version]:
    """The history, newest first."""
    rows = await session.scalars(
        sa.select(AuditEventRow)
        .where(
            AuditEventRow.subject == creative_id,
            AuditEventRow.action.in_(_WORDS),
        )
        .order_by(AuditEventRow.at.desc(), AuditEventRow.id.desc())
        .limit(100)
    )
    return [_version(row) for row in rows]


def _version(row: AuditEventRow) -> Version:
    after = row.after
    written = after.get("copy", after if "title" in after else {})
    kept = ("title", "body", "cta", "landing_url", "category", "facts", "example_prompts")
    return Version(
        at=row.at,
        what=_WORDS[row.action],
        state=str(after.get("state") or after.get("review_state") or ""),
        reason=after.get("reason") or after.get("review_reason"),
        copy_then={name: written[name] for name in kept if name in written},
    )
