"""The page of an organisation's API tokens: make, see, revoke. Owners only.

A secret is on the page that answers its making and nowhere else; it is never in an address, a log or
an answer that could be asked for again.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from kernel.errors import BadRequest, TollfreeError
from web import access_tokens, audit
from web.access_tokens import NewToken
from web.front_desk import Member
from web.pages import Pages
from web.roles import Act, TokenRole


class TokenForm(BaseModel):
    """A token to make; empty days mean until it is revoked."""

    name: str = ""
    role: TokenRole = TokenRole.VIEWER
    days: str = ""


class TokenPages:
    """Handlers for one portal."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    async def show(self, request: Request, note: str = "") -> Response:
        """The tokens that are not revoked."""
        member = await self._front.member(request, Act.MANAGE_MEMBERS)
        notes = {"revoked": "The token is revoked. Programs that use it are refused from now on."}
        return await self._show(request, member, note=notes.get(note))

    async def create(self, request: Request, form: Annotated[TokenForm, Form()]) -> Response:
        """A new one, with its secret."""
        member = await self._front.member(request, Act.MANAGE_MEMBERS)
        try:
            days = int(form.days) if form.days.strip() else None
        except ValueError:
            problem = BadRequest("Give a whole number of days, or leave it empty.", param="days")
            return await self._show(request, member, problem=problem, form=form)
        try:
            async with self._front.database.writing() as tx:
                made = await access_tokens.create_token(
                    tx,
                    organisation_id=member.organisation_id,
                    name=form.name,
                    role=form.role,
                    created_by=member.visitor.person.id,
                    days=days,
                    clock=self._front.clock,
                )
                await audit.record(
                    tx,
                    action="token.created",
                    subject=made.token.token_id,
                    clock=self._front.clock,
                    visitor=member.visitor,
                    request_id=request.scope.get("request_id"),
                    after={"name": made.token.name, "role": made.token.role.value},
                )
        except BadRequest as problem:
            return await self._show(request, member, problem=problem, form=form)
        return await self._show(request, member, made=made)

    async def revoke(self, request: Request, token_id: str) -> Response:
        """End one at once."""
        member = await self._front.member(request, Act.MANAGE_MEMBERS)
        async with self._front.database.writing() as tx:
            await access_tokens.revoke_token(
                tx, member.organisation_id, token_id, clock=self._front.clock
            )
            await audit.record(
                tx,
                action="token.revoked",
                subject=token_id,
                clock=self._front.clock,
                visitor=member.visitor,
                request_id=request.scope.get("request_id"),
            )
        return self._pages.to(request, f"{self._pages.portal.home}tokens?note=revoked")

    async def _show(
        self,
        request: Request,
        member: Member,
        *,
        note: str | None = None,
        problem: TollfreeError | None = None,
        made: NewToken | None = None,
        form: TokenForm | None = None,
    ) -> Response:
        async with self._front.database.reading() as session:
            tokens = await access_tokens.tokens_of(session, member.organisation_id)
        return self._pages.page(
            request,
            "tokens.html",
            status=422 if problem else 200,
            tokens=tokens,
            made=made,
            form=form or TokenForm(),
            note=note,
            problem=problem,
        )


def add_tokens(router: APIRouter, pages: Pages) -> None:
    """Add the tokens' page to a portal's router."""
    own = TokenPages(pages)
    router.add_api_route("/tokens", own.show, methods=["GET"])
    router.add_api_route("/tokens", own.create, methods=["POST"])
    router.add_api_route("/tokens/{token_id}/revoke", own.revoke, methods=["POST"])
