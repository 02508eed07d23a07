"""The page of one person's account: password, code generator, passkeys, sessions, export, leaving.

Whatever weakens the account asks for the password again. Each change is in the audit log. What an
organisation leaves behind (money, campaigns) the portal settles, in the same transaction.
"""

from typing import Annotated, Any, Final, Protocol

import orjson
from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.database import WriteSession
from kernel.errors import BadRequest, Conflict, TollfreeError
from web import account, audit
from web.front_desk import Member
from web.pages import Pages
from web.passkeys import passkeys_of, remove_passkey
from web.passwords import is_password
from web.people import set_password
from web.roles import Act
from web.second_factor import is_on, recovery_codes_left
from web.tables import PersonRow

PER_HOUR: Final = 30
NOTES: Final = {
    "password": "The new password holds from now on. Other browsers are signed out.",
    "off": "The code generator is off.",
    "passkey": "The passkey is kept.",
    "removed": "The passkey is forgotten.",
    "ended": "That browser is signed out.",
}


class Farewell(Protocol):
    """What a portal adds to an export, and does when an organisation loses its only owner."""

    async def export(self, session: AsyncSession, organisation_id: str) -> dict[str, Any]:
        """What the organisation has in this portal, as plain JSON."""
        ...

    async def close(self, tx: WriteSession, organisation_id: str) -> None:
        """End what runs. Raises Conflict while something must be settled first."""
        ...


class PasswordForm(BaseModel):
    """The password now, and what it guards."""

    password: str = ""
    new_password: str = ""
    code: str = ""
    answer: str = ""
    name: str = ""


class AccountPages:
    """Handlers for one portal."""

    def __init__(self, pages: Pages, farewell: Farewell | None) -> None:
        self._pages, self._front, self._farewell = pages, pages.front, farewell

    async def show(self, request: Request, note: str = "") -> Response:
        """The page."""
        member = await self._front.member(request, Act.SEE)
        return await self._show(request, member, note=NOTES.get(note))

    async def password(self, request: Request, form: Annotated[PasswordForm, Form()]) -> Response:
        """A new password; every other browser is signed out."""
        member = await self._front.member(request, Act.SEE)
        try:
            await self._check_password(member, form.password)
            async with self._front.database.writing() as tx:
                await set_password(tx, member.visitor.person.id, form.new_password)
                await account.end_other_sessions(
                    tx,
                    member.visitor.person.id,
                    member.visitor.session_id,
                    clock=self._front.clock,
                )
                await self._log(tx, request, member, "person.password_changed")
        except BadRequest as error:
            return await self._show(request, member, problem=error)
        return self._pages.to(request, f"{self._here}?note=password")

    async def begin_codes(
        self, request: Request, form: Annotated[PasswordForm, Form()]
    ) -> Response:
        """Show the secret for the generator."""
        member = await self._front.member(request, Act.SEE)
        try:
            await self._check_password(member, form.password)
            async with self._front.database.writing() as tx:
                enrolment = await self._front.factors.begin(tx, member.visitor.person)
        except BadRequest as error:
            return await self._show(request, member, problem=error)
        return self._pages.page(request, "code_generator.html", enrolment=enrolment, problem=None)

    async def confirm_codes(
        self, request: Request, form: Annotated[PasswordForm, Form()]
    ) -> Response:
        """Turn it on with a first code; recovery codes are shown once."""
        member = await self._front.member(request, Act.SEE)
        person = member.visitor.person
        await self._front.attempts.count("confirm-code", person.id, most=PER_HOUR)
        try:
            async with self._front.database.writing() as tx:
                codes = await self._front.factors.confirm(tx, person, form.code)
                await self._log(tx, request, member, "person.code_generator_on")
        except BadRequest as error:
            async with self._front.database.reading() as session:
                enrolment = await self._front.factors.waiting(session, person)
            if enrolment is None:
                return await self._show(request, member, problem=error)
            return self._pages.page(
                request, "code_generator.html", status=422, enrolment=enrolment, problem=error
            )
        return self._pages.page(request, "recovery_codes.html", codes=codes)

    async def end_codes(self, request: Request, form: Annotated[PasswordForm, Form()]) -> Response:
        """Turn the generator off."""
        member = await self._front.member(request, Act.SEE)
        try:
            await self._check_password(member, form.password)
        except BadRequest as error:
            return await self._show(request, member, problem=error)
        async with self._front.database.writing() as tx:
            await self._front.factors.end(tx, member.visitor.person.id)
            await self._log(tx, request, member, "person.code_generator_off")
        return self._pages.to(request, f"{self._here}?note=off")

    async def passkey(self, request: Request, form: Annotated[PasswordForm, Form()]) -> Response:
        """Without an answer the options for a new passkey, with one keep it."""
        member = await self._front.member(request, Act.SEE)
        person, binding = member.visitor.person, self._binding(request)
        if not form.answer:
            async with self._front.database.reading() as session:
                options = await self._front.passkeys.registration(session, person, binding=binding)
            return Response(options, media_type="application/json")
        try:
            async with self._front.database.writing() as tx:
                made = await self._front.passkeys.add(
                    tx, person, form.answer, name=form.name, binding=binding
                )
                await self._log(tx, request, member, "person.passkey_added", made.passkey_id)
        except (BadRequest, Conflict) as error:
            return await self._show(request, member, problem=error)
        return self._pages.to(request, f"{self._here}?note=passkey")

    async def forget_passkey(self, request: Request, passkey_id: str) -> Response:
        """Forget one passkey."""
        member = await self._front.member(request, Act.SEE)
        async with self._front.database.writing() as tx:
            await remove_passkey(tx, member.visitor.person.id, passkey_id)
            await self._log(tx, request, member, "person.passkey_removed", passkey_id)
        return self._pages.to(request, f"{self._here}?note=removed")

    async def end_session(self, request: Request, session_id: str) -> Response:
        """Sign one browser out."""
        member = await self._front.member(request, Act.SEE)
        async with self._front.database.writing() as tx:
            await account.end_one_session(
                tx, member.visitor.person.id, session_id, clock=self._front.clock
            )
            await self._log(tx, request, member, "person.session_ended", session_id)
        return self._pages.to(request, f"{self._here}?note=ended")

    async def export(self, request: Request) -> Response:
        """All that is stored, as a file."""
        member = await self._front.member(request, Act.SEE)
        async with self._front.database.reading() as session:
            everything = await account.exported(session, member.visitor.person)
            if self._farewell is not None and member.may(Act.MANAGE_MEMBERS):
                everything["organisation"] = await self._farewell.export(
                    session, member.organisation_id
                )
        return Response(
            orjson.dumps(everything, option=orjson.OPT_INDENT_2),
            media_type="application/json",
            headers={"content-disposition": 'attachment; filename="tollfree-export.json"'},
        )

    async def leave(self, request: Request, form: Annotated[PasswordForm, Form()]) -> Response:
        """Erase the person; organisations that were theirs alone are closed."""
        member = await self._front.member(request, Act.SEE)
        person = member.visitor.person
        try:
            await self._check_password(member, form.password)
            async with self._front.database.writing() as tx:
                if self._farewell is not None:
                    for organisation_id in await account.sole_owner_of(tx, person.id):
                        await self._farewell.close(tx, organisation_id)
                await self._log(tx, request, member, "person.erased")
                await account.erase(tx, person, clock=self._front.clock)
        except (BadRequest, Conflict) as error:
            return await self._show(request, member, problem=error)
        response = self._pages.to(request, self._pages.portal.sign_in)
        self._front.cookies.forget_session(response)
        return response

    async def _check_password(self, member: Member, password: str) -> None:
        person = member.visitor.person
        await self._front.attempts.count("own-password", person.id, most=PER_HOUR)
        async with self._front.database.reading() as session:
            row = await session.get_one(PersonRow, person.id)
            kept = row.password_hash
        if not await is_password(password, kept):
            raise BadRequest("This is not your password.", param="password")

    async def _show(
        self,
        request: Request,
        member: Member,
        *,
        note: str | None = None,
        problem: TollfreeError | None = None,
    ) -> Response:
        person = member.visitor.person
        async with self._front.database.reading() as session:
            sessions = await account.sessions_of(session, person.id, self._front.clock.now())
            passkeys = await passkeys_of(session, person.id)
            codes_on = await is_on(session, person.id)
            codes_left = await recovery_codes_left(session, person.id)
        return self._pages.page(
            request,
            "account.html",
            status=422 if problem else 200,
            sessions=sessions,
            passkeys=passkeys,
            codes_on=codes_on,
            codes_left=codes_left,
            note=note,
            problem=problem,
        )

    @property
    def _here(self) -> str:
        return f"{self._pages.portal.home}account"

    def _binding(self, request: Request) -> str:
        return next(iter(self._front.cookies.bindings(request)), "")

    async def _log(
        self, tx: WriteSession, request: Request, member: Member, action: str, subject: str = ""
    ) -> None:
        await audit.record(
            tx,
            action=action,
            subject=subject or member.visitor.person.id,
            clock=self._front.clock,
            visitor=member.visitor,
            request_id=request.scope.get("request_id"),
        )


def add_account(router: APIRouter, pages: Pages, farewell: Farewell | None = None) -> None:
    """Add the account's page to a portal's router."""
    own = AccountPages(pages, farewell)
    router.add_api_route("/account", own.show, methods=["GET"])
    router.add_api_route("/account/export", own.export, methods=["GET"])
    acts = {
        "/account/password": own.password,
        "/account/codes": own.begin_codes,
        "/account/codes/confirm": own.confirm_codes,
        "/account/codes/off": own.end_codes,
        "/account/passkeys": own.passkey,
        "/account/leave": own.leave,
    }
    for path, act in acts.items():
        router.add_api_route(path, act, methods=["POST"])
    router.add_api_route(
        "/account/passkeys/{passkey_id}/forget", own.forget_passkey, methods=["POST"]
    )
    router.add_api_route("/account/sessions/{session_id}/end", own.end_session, methods=["POST"])
