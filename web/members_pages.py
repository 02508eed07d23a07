"""The pages of an organisation's members: list, roles, invitations, and accepting one.

Everyone sees who belongs; owners change it, and each change is in the audit log. An invitation is
accepted by whoever holds its link and is, or becomes, the person of that address.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from kernel.database import WriteSession
from kernel.errors import BadRequest, Conflict, NotFound
from web import audit, members
from web.front_desk import Member
from web.letters import Letter
from web.pages import Pages
from web.passwords import hash_password
from web.people import confirmed_person, normal_address, person_by_email
from web.roles import Act, Role
from web.sessions import open_session

PER_ORGANISATION = 30


class InvitationForm(BaseModel):
    """Who is invited, as what."""

    email: str = ""
    role: Role = Role.VIEWER


class RoleForm(BaseModel):
    """Another role, or leaving."""

    role: Role | None = None


class AcceptForm(BaseModel):
    """A new person chooses a password; a known one is signed in."""

    password: str = ""


class MembersPages:
    """Handlers for one portal."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    async def show(self, request: Request, note: str = "") -> Response:
        """The list."""
        member = await self._front.member(request, Act.SEE)
        notes = {"invited": "The invitation is on its way.", "changed": "The members have changed."}
        return await self._list(request, member, note=notes.get(note))

    async def invite(self, request: Request, form: Annotated[InvitationForm, Form()]) -> Response:
        """Send an invitation."""
        member = await self._front.member(request, Act.MANAGE_MEMBERS)
        organisation = member.membership.organisation
        if self._front.post is None:
            raise NotFound("Letters cannot be sent from here. Ask the operator.")
        await self._front.attempts.count("invite", organisation.id, most=PER_ORGANISATION)
        try:
            address = normal_address(form.email)
            async with self._front.database.writing() as tx:
                key, token = await members.invite(
                    tx,
                    organisation_id=organisation.id,
                    email=address,
                    role=form.role,
                    by=member.visitor.person.id,
                    clock=self._front.clock,
                )
                await self._log(request, tx, member, "member.invited", key, after=form.role)
        except (BadRequest, Conflict) as error:
            return await self._list(request, member, problem=error.message, email=form.email)
        link = f"{self._front.public_url}{self._pages.portal.home}invitations/{token}"
        await self._front.post.send(
            Letter(
                address,
                f"Join {organisation.name} on Tollfree",
                f"{member.visitor.person.email} invites you to {organisation.name} as "
                f"{form.role.value}.\n\nAccept here, within a week:\n{link}\n",
            )
        )
        return self._pages.to(request, f"{self._here}?note=invited")

    async def withdraw(self, request: Request, invitation_id: str) -> Response:
        """Make an invitation worthless."""
        member = await self._front.member(request, Act.MANAGE_MEMBERS)
        async with self._front.database.writing() as tx:
            await members.withdraw(
                tx, member.membership.organisation.id, invitation_id, clock=self._front.clock
            )
            await self._log(request, tx, member, "member.uninvited", invitation_id)
        return self._pages.to(request, f"{self._here}?note=changed")

    async def change(
        self, request: Request, person_id: str, form: Annotated[RoleForm, Form()]
    ) -> Response:
        """Give a member another role, or none."""
        member = await self._front.member(request, Act.MANAGE_MEMBERS)
        try:
            async with self._front.database.writing() as tx:
                before = await members.change_role(
                    tx, member.membership.organisation.id, person_id, form.role
                )
                await self._log(
                    request, tx, member, "member.changed", person_id, before=before, after=form.role
                )
        except Conflict as error:
            return await self._list(request, member, problem=error.message)
        return self._pages.to(request, f"{self._here}?note=changed")

    async def invitation(self, request: Request, token: str) -> Response:
        """What the link of an invitation shows."""
        return await self._invitation(request, token)

    async def accept(
        self, request: Request, token: str, form: Annotated[AcceptForm, Form()]
    ) -> Response:
        """Become a member; whoever is new here becomes a person by it."""
        front = self._front
        visitor = await front.visitor(request)
        try:
            password_hash = None if visitor else await hash_password(form.password)
        except BadRequest as error:
            return await self._invitation(request, token, problem=error.message)
        session = None
        async with front.database.writing() as tx:
            person = visitor.person if visitor else None
            if person is None and password_hash is not None:
                invitation = await members.invitation_of(tx, token, clock=front.clock)
                person = await confirmed_person(
                    tx, email=invitation.email, password_hash=password_hash, clock=front.clock
                )
            assert person is not None
            joined = await members.accept(tx, token, person, clock=front.clock)
            if visitor is None:
                session = await open_session(tx, person.id, clock=front.clock)
            await audit.record(
                tx,
                action="member.joined",
                subject=person.id,
                clock=front.clock,
                visitor=visitor,
                request_id=request.scope.get("request_id"),
                after={"organisation": joined.organisation_id, "role": joined.role.value},
            )
        response = self._pages.to(request, self._pages.portal.home)
        if session is not None:
            front.cookies.keep_session(response, session)
        return response

    async def _invitation(
        self, request: Request, token: str, *, problem: str | None = None
    ) -> Response:
        visitor = await self._front.visitor(request)
        async with self._front.database.reading() as session:
            found = await members.invitation_of(session, token, clock=self._front.clock)
            known = await person_by_email(session, found.email) is not None
        return self._pages.page(
            request,
            "invitation.html",
            status=422 if problem else 200,
            invitation=found,
            token=token,
            known=known,
            signed_in=visitor.person.email if visitor else None,
            problem=problem,
        )

    @property
    def _here(self) -> str:
        return f"{self._pages.portal.home}members"

    async def _list(
        self,
        request: Request,
        member: Member,
        *,
        note: str | None = None,
        problem: str | None = None,
        email: str = "",
    ) -> Response:
        house = member.membership.organisation.id
        async with self._front.database.reading() as session:
            people = await members.members_of(session, house)
            invited = await members.invitations_of(session, house, clock=self._front.clock)
        return self._pages.page(
            request,
            "members.html",
            status=422 if problem else 200,
            people=people,
            invited=invited,
            roles=list(Role),
            note=note,
            problem=problem,
            email=email,
        )

    async def _log(
        self,
        request: Request,
        tx: WriteSession,
        member: Member,
        action: str,
        subject: str,
        *,
        before: Role | None = None,
        after: Role | None = None,
    ) -> None:
        await audit.record(
            tx,
            action=action,
            subject=subject,
            clock=self._front.clock,
            visitor=member.visitor,
            request_id=request.scope.get("request_id"),
            before={"role": before.value} if before else None,
            after={"role": after.value} if after else None,
        )


def add_members(router: APIRouter, pages: Pages) -> None:
    """Add the members' pages to a portal's router."""
    own = MembersPages(pages)
    router.add_api_route("/members", own.show, methods=["GET"])
    router.add_api_route("/members/invite", own.invite, methods=["POST"])
    router.add_api_route("/members/{person_id}", own.change, methods=["POST"])
    router.add_api_route("/invitations/{invitation_id}/withdraw", own.withdraw, methods=["POST"])
    router.add_api_route("/invitations/{token}", own.invitation, methods=["GET"])
    router.add_api_route("/invitations/{token}", own.accept, methods=["POST"])
