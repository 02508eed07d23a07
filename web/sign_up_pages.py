"""The pages for joining: the form, the letter, the link in it.

The answer to the form is the same whether the address is known or not; who holds it learns which by
letter. What an organisation gets beyond itself (an advertiser, an app) the portal adds, in the same
transaction. Without a post there is no joining here, and the page says so.
"""

from typing import Annotated, Protocol

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from kernel.database import WriteSession
from kernel.errors import BadRequest, NotFound, QuotaExceeded, TollfreeError, Unavailable
from web import audit, sign_up
from web.letters import Letter, Post
from web.pages import Pages
from web.passwords import hash_password
from web.people import normal_address, person_by_email
from web.sessions import open_session

PER_ADDRESS = 20
PER_PERSON = 4


class SignUpForm(BaseModel):
    """What the form sends."""

    email: str = ""
    password: str = ""
    organisation: str = ""
    domain: str = ""


class Welcome(Protocol):
    """What a portal adds for newcomers."""

    def check(self, form: SignUpForm) -> SignUpForm:
        """The form with tidied values. Raises BadRequest that names the field."""
        ...

    async def settle(self, tx: WriteSession, newcomer: sign_up.Newcomer) -> None:
        """Add what the portal needs."""
        ...


class SignUpPages:
    """Handlers for one portal."""

    def __init__(self, pages: Pages, welcome: Welcome) -> None:
        self._pages, self._front, self._welcome = pages, pages.front, welcome

    async def form(self, request: Request) -> Response:
        """The empty form."""
        return self._show(request, SignUpForm())

    async def sign_up(self, request: Request, form: Annotated[SignUpForm, Form()]) -> Response:
        """Keep the application and send the letter."""
        post = self._post()
        try:
            checked = self._welcome.check(form)
            address = normal_address(checked.email)
            await self._front.attempts.count("sign-up-from", _from(request), most=PER_ADDRESS)
            await self._front.attempts.count("sign-up", address, most=PER_PERSON)
            password_hash = await hash_password(checked.password)
            await post.send(await self._letter(address, checked, password_hash))
        except (BadRequest, QuotaExceeded, Unavailable) as error:
            status = 422 if isinstance(error, BadRequest) else error.status
            return self._show(request, form, problem=error, status=status)
        return self._pages.page(
            request, "sign_up_sent.html", email=address, outbox=self._front.outbox is not None
        )

    async def confirm_form(self, request: Request, token: str) -> Response:
        """One button: mail programs that follow links by themselves must not join for anybody."""
        async with self._front.database.reading() as session:
            email = await sign_up.waiting(session, token, clock=self._front.clock)
        if email is None:
            raise NotFound("This link was used already, or is too old. Sign in, or sign up again.")
        return self._pages.page(request, "sign_up_confirm.html", email=email, token=token)

    async def confirm(self, request: Request, token: str) -> Response:
        """Make the person, the organisation and a session."""
        async with self._front.database.writing() as tx:
            newcomer = await sign_up.confirm(tx, token, clock=self._front.clock)
            await self._welcome.settle(tx, newcomer)
            session = await open_session(
                tx,
                newcomer.person.id,
                clock=self._front.clock,
                address=_from(request),
                user_agent=request.headers.get("user-agent", ""),
            )
            await audit.record(
                tx, action="person.joined", subject=newcomer.person.id, clock=self._front.clock
            )
        response = self._pages.to(request, f"{self._pages.portal.home}?note=joined")
        self._front.cookies.keep_session(response, session)
        return response

    async def outbox(self, request: Request) -> Response:
        """The letters that a demo would have sent."""
        if self._front.outbox is None:
            raise NotFound("Letters go by mail here.")
        return self._pages.page(request, "outbox.html", letters=self._front.outbox.letters())

    async def _letter(self, address: str, form: SignUpForm, password_hash: str) -> Letter:
        home = f"{self._front.public_url}{self._pages.portal.home}"
        async with self._front.database.writing() as tx:
            if await person_by_email(tx, address) is not None:
                return Letter(
                    address,
                    "You have a Tollfree account",
                    "Somebody, perhaps you, wanted to sign up with this address, which has an "
                    f"account already.\n\nSign in here:\n{home}sign-in\n",
                )
            wanted = sign_up.Application(address, password_hash, form.organisation, form.domain)
            token = await sign_up.apply(tx, wanted, clock=self._front.clock)
        return Letter(
            address,
            "Confirm your address",
            f"Welcome to Tollfree. Confirm that this address is yours:\n{home}confirm/{token}\n\n"
            "The link works once, for two days. If you did not sign up, there is nothing to do.\n",
        )

    def _show(
        self,
        request: Request,
        form: SignUpForm,
        *,
        problem: TollfreeError | None = None,
        status: int = 200,
    ) -> Response:
        self._post()
        return self._pages.page(request, "sign_up.html", status=status, form=form, problem=problem)

    def _post(self) -> Post:
        if self._front.post is None:
            raise NotFound("Nobody can join by themselves here. Ask the operator for an account.")
        return self._front.post


def add_sign_up(router: APIRouter, pages: Pages, welcome: Welcome) -> None:
    """Add joining to a portal's router."""
    own = SignUpPages(pages, welcome)
    router.add_api_route("/sign-up", own.form, methods=["GET"])
    router.add_api_route("/sign-up", own.sign_up, methods=["POST"])
    router.add_api_route("/confirm/{token}", own.confirm_form, methods=["GET"])
    router.add_api_route("/confirm/{token}", own.confirm, methods=["POST"])
    router.add_api_route("/outbox", own.outbox, methods=["GET"])


def _from(request: Request) -> str:
    return request.client.host if request.client else ""
