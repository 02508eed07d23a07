"""Which program calls, for which organisation, in which role.

A token stands where a signed-in member stands on a page and has the same rights as one of its role.
Calls are counted by token; a lost counter refuses nobody, since tokens cannot be guessed.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Header, Request

from kernel.errors import QuotaExceeded, Unavailable
from web import audit
from web.access_tokens import AccessToken, token_calling
from web.front_desk import FrontDesk
from web.roles import Act

PER_MINUTE: Final = 600

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
        front = self._front
        token = await token_calling(
            front.database, request.headers.get("authorization"), act, clock=front.clock
        )
        await self._count(token)
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
