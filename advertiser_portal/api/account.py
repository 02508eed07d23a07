"""The account over the API: who this is, the wallet, tokens, members, the log, the topics.

Tokens are made and revoked by owners only; a secret is in the answer that made it and nowhere else,
which is why that answer is never kept for a retry.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from adserver.catalog.categories import CATEGORIES
from advertiser_portal.api.door import Door
from advertiser_portal.ownership import their_advertiser
from ledger.account import cash
from ledger.balances import balance
from web import access_tokens
from web.access_tokens import AccessToken
from web.audit_log import changes_of
from web.front_desk import FrontDesk
from web.members import members_of
from web.roles import Act, Role, TokenRole


class AccountAnswer(BaseModel):
    """The advertiser behind the token."""

    id: str
    organisation_id: str
    name: str
    domain: str
    status: str
    role: TokenRole
    available_micros: int = Field(description="What can still be spent")
    posted_micros: int = Field(description="The balance, what is held included")


class TokenRequest(BaseModel):
    """A token to make."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(examples=["nightly reports"])
    role: TokenRole = TokenRole.VIEWER
    days: int | None = Field(None, description="How long it lasts; null until it is revoked")


class TokenAnswer(BaseModel):
    """A token; its secret only on the day it is made."""

    id: str
    name: str
    role: TokenRole
    shown: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    secret: str | None = None


class TokenList(BaseModel):
    data: list[TokenAnswer]


class MemberAnswer(BaseModel):
    email: str
    role: Role
    since: datetime


class MemberList(BaseModel):
    data: list[MemberAnswer]


class ChangeAnswer(BaseModel):
    """A line of the audit log; `by` is a person, a token or empty for the network."""

    id: str
    at: datetime
    by: str
    action: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]


class ChangeList(BaseModel):
    data: list[ChangeAnswer]
    next: str | None


class Topic(BaseModel):
    key: str
    name: str


class TopicList(BaseModel):
    data: list[Topic]


class AccountCalls:
    """Handlers."""

    def __init__(self, front: FrontDesk) -> None:
        self._front, self._door = front, Door(front)

    async def account(self, request: Request) -> AccountAnswer:
        """Who this token acts for, and what is in the wallet."""
        caller = await self._door.caller(request, Act.SEE)
        async with self._front.database.reading() as session:
            advertiser = await their_advertiser(session, caller)
            wallet = await balance(session, cash(advertiser.advertiser_id))
        return AccountAnswer(
            id=advertiser.advertiser_id,
            organisation_id=caller.organisation_id,
            name=advertiser.name,
            domain=advertiser.domain,
            status=advertiser.status.value,
            role=caller.token.role,
            available_micros=wallet.available.amount,
            posted_micros=wallet.posted.amount,
        )

    async def tokens(self, request: Request) -> TokenList:
        """Tokens that are not revoked."""
        caller = await self._door.caller(request, Act.MANAGE_MEMBERS)
        async with self._front.database.reading() as session:
            found = await access_tokens.tokens_of(session, caller.organisation_id)
        return TokenList(data=[_answer(one) for one in found])

    async def create_token(self, request: Request, body: TokenRequest) -> TokenAnswer:
        """A new token; the answer is the only place where its secret stands."""
        caller = await self._door.caller(request, Act.MANAGE_MEMBERS)
        async with self._front.database.writing() as tx:
            made = await access_tokens.create_token(
                tx,
                organisation_id=caller.organisation_id,
                name=body.name,
                role=body.role,
                created_by=caller.token.created_by,
                days=body.days,
                clock=self._front.clock,
            )
            after = {"name": made.token.name, "role": made.token.role.value}
            await caller.log(tx, self._front, "token.created", made.token.token_id, after=after)
        return _answer(made.token, secret=made.secret)

    async def revoke_token(self, request: Request, token_id: str) -> TokenList:
        """End a token at once; the answer lists those that are left."""
        caller = await self._door.caller(request, Act.MANAGE_MEMBERS)
        async with self._front.database.writing() as tx:
            await access_tokens.revoke_token(
                tx, caller.organisation_id, token_id, clock=self._front.clock
            )
            await caller.log(tx, self._front, "token.revoked", token_id)
            left = await access_tokens.tokens_of(tx, caller.organisation_id)
        return TokenList(data=[_answer(one) for one in left])

    async def members(self, request: Request) -> MemberList:
        """Who belongs to the organisation."""
        caller = await self._door.caller(request, Act.SEE)
        async with self._front.database.reading() as session:
            found = await members_of(session, caller.organisation_id)
        return MemberList(
            data=[MemberAnswer(email=one.email, role=one.role, since=one.since) for one in found]
        )

    async def changes(
        self,
        request: Request,
        before: str = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> ChangeList:
        """The audit log, newest first; `before` is the last id of the page before."""
        caller = await self._door.caller(request, Act.SEE)
        async with self._front.database.reading() as session:
            found = await changes_of(
                session, caller.organisation_id, before=before, limit=limit + 1
            )
        page = found[:limit]
        return ChangeList(
            data=[
                ChangeAnswer(
                    id=one.change_id,
                    at=one.at,
                    by=one.by,
                    action=one.action,
                    subject=one.subject,
                    before=one.before,
                    after=one.after,
                )
                for one in page
            ],
            next=page[-1].change_id if len(found) > limit else None,
        )

    async def topics(self, request: Request) -> TopicList:
        """The topics that a creative can be about and a campaign can choose."""
        await self._door.caller(request, Act.SEE)
        return TopicList(
            data=[Topic(key=key, name=name) for key, name in sorted(CATEGORIES.items())]
        )

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses."""
        tags: list[Any] = ["Account"]
        router.add_api_route("/account", self.account, methods=["GET"], tags=tags)
        router.add_api_route("/topics", self.topics, methods=["GET"], tags=tags)
        router.add_api_route("/members", self.members, methods=["GET"], tags=tags)
        router.add_api_route("/changes", self.changes, methods=["GET"], tags=tags)
        router.add_api_route("/tokens", self.tokens, methods=["GET"], tags=tags)
        router.add_api_route(
            "/tokens", self.create_token, methods=["POST"], tags=tags, status_code=201
        )
        router.add_api_route("/tokens/{token_id}", self.revoke_token, methods=["DELETE"], tags=tags)


def _answer(token: AccessToken, *, secret: str | None = None) -> TokenAnswer:
    return TokenAnswer(
        id=token.token_id,
        name=token.name,
        role=token.role,
        shown=token.shown,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        secret=secret,
    )
