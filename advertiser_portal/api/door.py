"""Which program calls, for which organisation, in which role.

A token stands where a signed-in member stands on a page and has the same rights as one of its role.
Calls are counted by token; a lost counter refuses nobody, since tokens cannot be guessed.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Header, Request

from kernel.errors import Forbidden, QuotaExceeded, Unauthenticated, Unavailable
from web import audit
from web.access_tokens import AccessToken, is_use_old, looks_right, note_used, token_by_secret
from web.front_desk import FrontDesk
from web.roles import Act, may

PER_MINUTE: Final = 600
_HOW: Final = "Send your token as: Authorization: Bearer tf_adv_…"

Authorization = Annotated[str, Header(description="Bearer tf_adv_…", alias="Authorization")]


@dataclass(frozen=True)
class Caller:
    """A program, known by its token."""

    token: AccessToken
    request_id: str | None

    @property
    def organisation_id(self) -> str:
        """Whose things it may touch."""
        return self.token.organisation_id

    async def log(
        self,
        tx: Any,
        front: FrontDesk,
        action: str,
        subject: str,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        """A line in the audit log, in the transaction of the change."""
        await audit.record(
            tx,
            action=action,
            subject=subject,
            clock=front.clock,
            token=self.token,
            request_id=self.request_id,
            before=before,
            after=after,
        )


class Door:
    """Lets programs in."""

    def __init__(self, front: FrontDesk) -> None:
        self._front = front

    async def caller(self, request: Request, act: Act) -> Caller:
        """Who calls, allowed to perform `act`. Raises Unauthenticated or Forbidden."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise Unauthenticated(_HOW, code="missing_api_key")
        if not looks_right(secret.strip()):
            raise Unauthenticated("This is not a token of an advertiser; they begin with tf_adv_.")
        front = self._front
        async with front.database.reading() as session:
            token = await token_by_secret(session, secret.strip(), clock=front.clock)
        if token is None:
            raise Unauthenticated("This token is unknown, over or revoked.")
        await self._count(token)
        if not may(token.role, act):
            raise Forbidden(
                f"This token is for the role {token.role.value}, which does not allow this."
            )
        if is_use_old(token, front.clock.now()):
            async with front.database.writing() as tx:
                await note_used(tx, token.token_id, clock=front.clock)
        return Caller(token, request.scope.get("request_id"))

    async def _count(self, token: AccessToken) -> None:
        try:
            made = await self._front.shared_state.add(
                f"advertiser-api:{token.token_id}", 1, ttl_seconds=60
            )
        except Unavailable:
            return
        if made > PER_MINUTE:
            raise QuotaExceeded(
                f"A token may call {PER_MINUTE} times a minute.", retry_after_seconds=60
            )
