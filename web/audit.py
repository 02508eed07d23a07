"""The audit log: every change a person makes, written in the transaction that makes it.

Rows are never changed or deleted (triggers refuse). They hold ids and settings, never a password,
a token or text of a conversation; where a session came from is on the session, which can be erased.
"""

from typing import Any

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.ids import new_id
from web.access_tokens import AccessToken
from web.sessions import Visitor
from web.tables import AuditEventRow


async def record(
    tx: WriteSession,
    *,
    action: str,
    subject: str,
    clock: Clock,
    visitor: Visitor | None = None,
    token: AccessToken | None = None,
    request_id: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Log one change: ``record(tx, action="campaign.paused", subject=campaign_id, …)``.

    A program's change names its token where a person's names the session.
    """
    current = visitor.current if visitor else None
    organisation_id: str | None = current.organisation.id if current else None
    session_id: str | None = visitor.session_id if visitor else None
    if token is not None:
        organisation_id, session_id = token.organisation_id, token.token_id
    tx.add(
        AuditEventRow(
            id=new_id("aud"),
            at=clock.now(),
            organisation_id=organisation_id,
            person_id=visitor.person.id if visitor else None,
            session_id=session_id,
            request_id=request_id,
            action=action,
            subject=subject,
            before=before or {},
            after=after or {},
        )
    )
    await tx.flush()
