"""A key in a minute: an e-mail address, the code from the letter, the key.

    start ─ proof of work, limits by network and address ─► letter ─► code ─► person, organisation,
    app in the tier `new`, session, and the first key, shown once

The answer to an address is the same whether it is known. Somebody who has a password signs in with
it: a code never goes around a password or a second factor.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from api.access import keys
from api.access.visit import prefix_of
from developer_portal.codes import EmailCodes
from developer_portal.proof_of_work import GOOD_FOR_SECONDS, Challenges
from kernel.database import WriteSession
from kernel.errors import BadRequest, NotFound, QuotaExceeded, TollfreeError, Unavailable
from web import audit
from web.letters import Letter, Post
from web.organisations import add_member, create_organisation, memberships_of
from web.pages import Pages
from web.people import Person, arrived_person, has_password, normal_address, person_by_email
from web.sessions import open_session

_PER_NETWORK: Final = 10
_PER_PERSON: Final = 4


class StartForm(BaseModel):
    """The first form."""

    email: str = ""
    challenge: str = ""
    nonce: str = ""


class CodeForm(BaseModel):
    """The second one."""

    email: str = ""
    code: str = ""


@dataclass(frozen=True)
class Door:
    """What joining needs beside the front desk. `model` is the one to try first."""

    challenges: Challenges
    codes: EmailCodes
    model: Callable[[], str]


class JoiningPages:
    """Handlers of the two forms."""

    def __init__(self, pages: Pages, door: Door) -> None:
        self._pages, self._front, self._door = pages, pages.front, door

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses."""
        router.add_api_route("/start", self.form, methods=["GET"])
        router.add_api_route("/start", self.start, methods=["POST"])
        router.add_api_route("/start/code", self.code, methods=["POST"])
        router.add_api_route("/outbox", self.outbox, methods=["GET"])

    async def form(self, request: Request) -> Response:
        """The empty form."""
        return self._first(request, "")

    async def start(self, request: Request, form: Annotated[StartForm, Form()]) -> Response:
        """Check the work and the limits, and send the letter."""
        post = self._post()
        now = self._front.clock.now().timestamp()
        try:
            address = normal_address(form.email)
            self._door.challenges.check(form.challenge, form.nonce, now)
            await self._door.codes.spend_once(form.challenge, seconds=GOOD_FOR_SECONDS)
            await self._front.attempts.count("start-from", _network(request), most=_PER_NETWORK)
            await self._front.attempts.count("start", address, most=_PER_PERSON)
            await post.send(await self._letter(address))
        except (BadRequest, QuotaExceeded, Unavailable) as error:
            return self._first(request, form.email, problem=error)
        return self._second(request, address)

    async def code(self, request: Request, form: Annotated[CodeForm, Form()]) -> Response:
        """Use the code, and show the first key."""
        try:
            address = normal_address(form.email)
            await self._door.codes.redeem(address, form.code)
        except (BadRequest, QuotaExceeded, Unavailable) as error:
            return self._second(request, form.email, problem=error)
        async with self._front.database.writing() as tx:
            person = await person_by_email(tx, address)
            made = None
            if person is None:
                person = await arrived_person(tx, email=address, clock=self._front.clock)
            elif await has_password(tx, person.id):
                raise NotFound("Sign in with your password.")
            if not await memberships_of(tx, person.id):
                made = await self._first_key(tx, person)
            session = await open_session(
                tx,
                person.id,
                clock=self._front.clock,
                address=request.client.host if request.client else "",
                user_agent=request.headers.get("user-agent", ""),
            )
        response = (
            self._pages.to(request, self._pages.portal.home)
            if made is None
            else self._pages.page(
                request,
                "first_key.html",
                made=made,
                public_url=self._front.public_url,
                model=self._door.model(),
            )
        )
        self._front.cookies.keep_session(response, session)
        return response

    async def outbox(self, request: Request) -> Response:
        """The letters that a demo would have sent."""
        if self._front.outbox is None:
            raise NotFound("Letters go by mail here.")
        return self._pages.page(request, "outbox.html", letters=self._front.outbox.letters())

    async def _first_key(self, tx: WriteSession, person: Person) -> keys.NewKey:
        clock = self._front.clock
        name = person.email.partition("@")[0][:80]
        organisation = await create_organisation(tx, name=name, clock=clock)
        await add_member(tx, organisation_id=organisation.id, person_id=person.id, clock=clock)
        app_id = await keys.create_app(
            tx, organisation_id=organisation.id, name=name, clock=clock, tier="new"
        )
        made = await keys.create_key(tx, app_id, clock=clock)
        for action, subject in (("person.joined", person.id), ("key.created", made.key_id)):
            await audit.record(tx, action=action, subject=subject, clock=clock)
        return made

    async def _letter(self, address: str) -> Letter:
        home = f"{self._front.public_url}{self._pages.portal.home}"
        async with self._front.database.reading() as session:
            person = await person_by_email(session, address)
            known = person is not None and await has_password(session, person.id)
        if known:
            return Letter(
                address,
                "You have a Tollfree account",
                f"You have an account with a password. Sign in here:\n{home}sign-in\n",
            )
        code = await self._door.codes.issue(address)
        return Letter(
            address,
            f"Your code: {code}",
            f"Your code for Tollfree is {code}.\n\nIt is good for fifteen minutes. If you did not "
            "ask for it, there is nothing to do.\n",
        )

    def _first(
        self, request: Request, email: str, *, problem: TollfreeError | None = None
    ) -> Response:
        self._post()
        now = self._front.clock.now().timestamp()
        return self._pages.page(
            request,
            "start.html",
            status=_status(problem),
            email=email,
            challenge=self._door.challenges.new(now),
            bits=self._door.challenges.bits,
            problem=problem,
        )

    def _second(
        self, request: Request, email: str, *, problem: TollfreeError | None = None
    ) -> Response:
        return self._pages.page(
            request,
            "code.html",
            status=_status(problem),
            email=email,
            outbox=self._front.outbox is not None,
            problem=problem,
        )

    def _post(self) -> Post:
        if self._front.post is None:
            raise NotFound("Nobody can join by themselves here. Ask the operator for a key.")
        return self._front.post


def _status(problem: TollfreeError | None) -> int:
    if problem is None:
        return 200
    return 422 if isinstance(problem, BadRequest) else problem.status


def _network(request: Request) -> str:
    address = request.client.host if request.client else ""
    return prefix_of(address) or address
