"""The pages every portal has: sign in (password, code, passkey), sign out, nothing here.

The form keeps what was typed except the password. After signing in, a visitor goes on to where they
wanted, if that is a page of this portal; an address elsewhere is ignored.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from kernel.errors import BadRequest, NotFound, QuotaExceeded
from web import audit
from web.pages import Pages
from web.roles import Act
from web.sessions import end_session
from web.sign_in import CodeNeeded, Credentials, From, SignInRefused

PER_HOUR: Final = 120


class SignInForm(BaseModel):
    """What the form sends; empty fields are refused by the same words as wrong ones."""

    email: str = ""
    password: str = ""
    next: str = ""


class CodeForm(BaseModel):
    """The code, and the note that the password earned."""

    pending: str = ""
    code: str = ""
    next: str = ""


class PasskeyForm(BaseModel):
    """What the browser's passkey answered, as JSON; empty to ask for a challenge."""

    answer: str = ""
    next: str = ""


class SignInPages:
    """Handlers for one portal."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    async def form(self, request: Request, next: str = "") -> Response:  # noqa: A002  its name in the address
        """Show the form, or go on when somebody is signed in already."""
        if await self._front.visitor(request) is not None:
            return self._pages.to(request, self._onward(next))
        return self._show(request, SignInForm(next=next))

    async def sign_in(self, request: Request, form: Annotated[SignInForm, Form()]) -> Response:
        """Check the password; on success with a new session, else the form again."""
        credentials = Credentials(
            email=form.email,
            password=form.password,
            address=request.client.host if request.client else "",
            user_agent=request.headers.get("user-agent", ""),
        )
        try:
            token = await self._front.desk.sign_in(credentials)
        except CodeNeeded as needed:
            note = self._front.pending.note(needed.person_id, request)
            return self._show_code(request, CodeForm(pending=note, next=form.next))
        except SignInRefused as error:
            return self._show(request, form, problem=error.message, status=422)
        except QuotaExceeded as error:
            return self._show(request, form, problem=error.message, status=429)
        return await self._enter(request, token, form.next)

    async def code(self, request: Request, form: Annotated[CodeForm, Form()]) -> Response:
        """Check the code of somebody whose password was right."""
        person_id = self._front.pending.person(form.pending, request)
        if person_id is None:
            problem = "That took too long. Begin again with your password."
            return self._show(request, SignInForm(next=form.next), problem=problem, status=422)
        try:
            token = await self._front.desk.sign_in_with_code(person_id, form.code, _from(request))
        except SignInRefused as error:
            return self._show_code(request, form, problem=error.message, status=422)
        except QuotaExceeded as error:
            return self._show_code(request, form, problem=error.message, status=429)
        return await self._enter(request, token, form.next)

    async def passkey(self, request: Request, form: Annotated[PasskeyForm, Form()]) -> Response:
        """Without an answer a challenge; with a good one a session."""
        front = self._front
        await front.attempts.count("passkey", _from(request).address, most=PER_HOUR)
        binding = next(iter(front.cookies.bindings(request)), "")
        if not form.answer:
            options = await front.passkeys.authentication(binding=binding)
            return Response(options, media_type="application/json")
        try:
            async with front.database.writing() as tx:
                person_id = await front.passkeys.person_of(tx, form.answer, binding=binding)
        except BadRequest as error:
            return self._show(
                request, SignInForm(next=form.next), problem=error.message, status=422
            )
        token = await front.desk.open(person_id, _from(request), by="passkey")
        return await self._enter(request, token, form.next)

    async def _enter(self, request: Request, token: str, wanted: str) -> Response:
        # What this browser was signed in as before ends here.
        await self._end(request)
        response = self._pages.to(request, self._onward(wanted))
        self._front.cookies.keep_session(response, token)
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session and show the form."""
        await self._end(request)
        response = self._pages.to(request, self._pages.portal.sign_in)
        self._front.cookies.forget_session(response)
        return response

    async def nothing_here(self, request: Request) -> Response:
        """Any other address of the portal; who is not signed in learns nothing about it."""
        await self._front.member(request, Act.SEE)
        raise NotFound("The address may be mistyped, or what was here is gone.")

    def _show(
        self, request: Request, form: SignInForm, *, problem: str | None = None, status: int = 200
    ) -> Response:
        return self._pages.page(
            request,
            "sign_in.html",
            status=status,
            email=form.email,
            next=form.next,
            problem=problem,
        )

    def _show_code(
        self, request: Request, form: CodeForm, *, problem: str | None = None, status: int = 200
    ) -> Response:
        return self._pages.page(
            request, "sign_in_code.html", status=status, form=form, problem=problem
        )

    def _onward(self, wanted: str) -> str:
        home = self._pages.portal.home
        fits = wanted.startswith(home) and wanted.isprintable() and "\\" not in wanted
        return wanted if fits and ".." not in wanted else home

    async def _end(self, request: Request) -> None:
        visitor = await self._front.visitor(request)
        if visitor is None:
            return
        async with self._front.database.writing() as tx:
            await end_session(tx, visitor.session_id, clock=self._front.clock)
            await audit.record(
                tx,
                action="person.signed_out",
                subject=visitor.person.id,
                clock=self._front.clock,
                visitor=visitor,
                request_id=request.scope.get("request_id"),
            )


def add_sign_in(router: APIRouter, pages: Pages) -> None:
    """Add sign-in and sign-out to a portal's router."""
    own = SignInPages(pages)
    router.add_api_route("/sign-in", own.form, methods=["GET"])
    router.add_api_route("/sign-in", own.sign_in, methods=["POST"])
    router.add_api_route("/sign-in/code", own.code, methods=["POST"])
    router.add_api_route("/sign-in/passkey", own.passkey, methods=["POST"])
    router.add_api_route("/sign-out", own.sign_out, methods=["POST"])


def add_nothing_here(router: APIRouter, pages: Pages) -> None:
    """Answer every other address of the portal with a page; add it last."""
    router.add_api_route("/{rest:path}", SignInPages(pages).nothing_here, methods=["GET"])


def _from(request: Request) -> From:
    host = request.client.host if request.client else ""
    return From(host, request.headers.get("user-agent", ""))
