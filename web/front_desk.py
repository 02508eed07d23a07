"""The front desk: who is asking, and whether they may.

Bundles what every portal needs and is built once, in the composition root. A page asks `visitor`
with the act it performs and gets a person with a role that allows it, or the request ends: at the
sign-in page, or with Forbidden. No page reads a cookie itself.
"""

from dataclasses import dataclass

from fastapi import Request

from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Forbidden, TollfreeError
from kernel.shared_state import SharedState
from kernel.signing import SigningKeys
from web.assets import Assets
from web.attempts import Attempts
from web.cookies import Cookies
from web.csrf import CsrfTokens
from web.letters import Outbox, Post
from web.organisations import Membership
from web.passkeys import Passkeys
from web.pending_sign_in import PendingSignIns
from web.roles import Act, may
from web.second_factor import SecondFactors
from web.sessions import Visitor, note_seen, visitor_of
from web.sign_in import SignInDesk


class SignInNeeded(TollfreeError):
    """Nobody is signed in here, or not any more; pages answer with the way to the sign-in form."""

    code, status, type = "sign_in_needed", 401, "authentication_error"


@dataclass(frozen=True)
class Member:
    """A visitor in the organisation they are looking at."""

    visitor: Visitor
    membership: Membership

    @property
    def organisation_id(self) -> str:
        """The organisation they are looking at."""
        return self.membership.organisation.id

    def may(self, act: Act) -> bool:
        """Whether the role allows it; templates ask the same."""
        return may(self.membership.role, act)


@dataclass(frozen=True)
class FrontDesk:
    """Built by `front_desk`; shared by all portals."""

    database: Database
    clock: Clock
    desk: SignInDesk
    cookies: Cookies
    csrf: CsrfTokens
    assets: Assets
    attempts: Attempts
    public_url: str
    shared_state: SharedState
    factors: SecondFactors
    passkeys: Passkeys
    pending: PendingSignIns
    post: Post | None = None

    @property
    def outbox(self) -> Outbox | None:
        """The letters kept for a page that shows them; None where a mail server carries them."""
        return self.post if isinstance(self.post, Outbox) else None

    async def visitor(self, request: Request) -> Visitor | None:
        """Who is signed in on this browser; None for nobody."""
        token = self.cookies.session(request)
        if token is None:
            return None
        async with self.database.reading() as session:
            found = await visitor_of(session, token, clock=self.clock)
        if found is not None and found.seen_is_old:
            async with self.database.writing() as tx:
                await note_seen(tx, found.session_id, clock=self.clock)
        return found

    async def member(self, request: Request, act: Act) -> Member:
        """The visitor, allowed to perform `act` in their organisation.

        Raises SignInNeeded when nobody is signed in and Forbidden when the role does not allow it.
        """
        visitor = await self.visitor(request)
        if visitor is None:
            raise SignInNeeded("Sign in to see this page.")
        if visitor.current is None:
            raise Forbidden("You are in no organisation yet. Ask its owner to add you.")
        member = Member(visitor, visitor.current)
        request.state.member = member
        if not member.may(act):
            raise Forbidden(
                f"Your role here is {member.membership.role.value}, which does not allow this. "
                "Ask an owner of the organisation."
            )
        return member


def front_desk(
    *,
    database: Database,
    clock: Clock,
    shared_state: SharedState,
    signing: SigningKeys,
    public_url: str,
    post: Post | None = None,
) -> FrontDesk:
    """Build it from the real things. `public_url` decides whether cookies need https.

    Without `post` nobody can join by themselves: there is no way to show whose address it is.
    """
    cookies = Cookies(secure=public_url.startswith("https://"))
    factors = SecondFactors(signing, clock)
    return FrontDesk(
        database=database,
        clock=clock,
        desk=SignInDesk(database, shared_state, clock, factors),
        cookies=cookies,
        csrf=CsrfTokens(signing, cookies),
        assets=Assets.load(),
        attempts=Attempts(shared_state, clock),
        public_url=public_url.rstrip("/"),
        shared_state=shared_state,
        factors=factors,
        passkeys=Passkeys(shared_state, clock, public_url),
        pending=PendingSignIns(signing, cookies, clock),
        post=post,
    )
