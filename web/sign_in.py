"""Signing in: with a password, and then a code where the person has set up a generator; or a passkey.

Ten attempts per address and sixty per network address in fifteen minutes, counted in shared state
and, when that is away, in this process: a lost Redis must not open the door. Every refusal reads
the same, so nobody learns here which addresses exist.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import BadRequest, QuotaExceeded, TollfreeError, Unavailable
from kernel.shared_state import InProcessState, SharedState
from web import audit
from web.passwords import hash_password, is_outdated, is_password
from web.people import PersonId, normal_address
from web.second_factor import SecondFactors, is_on
from web.sessions import open_session
from web.tables import PersonRow

_WINDOW_SECONDS: Final = 900
PER_PERSON: Final = 10
PER_ADDRESS: Final = 60


class SignInRefused(TollfreeError):
    """The address or the password is wrong, or the person may not sign in any more."""

    code, status, type = "sign_in_refused", 403, "authentication_error"


class CodeNeeded(TollfreeError):
    """The password was right; a code of the person's generator is needed as well."""

    code, status, type = "code_needed", 401, "authentication_error"

    def __init__(self, person_id: PersonId) -> None:
        self.person_id = person_id
        super().__init__("Now the six digits that your code generator shows.")


@dataclass(frozen=True)
class From:
    """The browser that asks."""

    address: str
    user_agent: str


@dataclass(frozen=True)
class Credentials:
    """What the form sent and where from."""

    email: str
    password: str
    address: str
    user_agent: str


class SignInDesk:
    """Checks credentials and opens sessions. Build one in the composition root."""

    def __init__(
        self,
        database: Database,
        shared_state: SharedState,
        clock: Clock,
        factors: SecondFactors | None = None,
    ) -> None:
        self._database, self._shared, self._clock = database, shared_state, clock
        self._factors = factors
        self._own = InProcessState(clock, capacity=10_000)

    async def sign_in(self, credentials: Credentials) -> str:
        """A new session's token. Raises SignInRefused, CodeNeeded or QuotaExceeded."""
        email = _address_or_nothing(credentials.email)
        await self._count_attempt("address", credentials.address, PER_ADDRESS)
        await self._count_attempt("person", email, PER_PERSON)
        person_id, password_hash = await self._find(email)
        if not await is_password(credentials.password, password_hash) or person_id is None:
            raise SignInRefused("This e-mail address and password do not go together. Try again.")
        renewed = await self._renewed(credentials.password, password_hash)
        async with self._database.reading() as session:
            if await is_on(session, person_id):
                raise CodeNeeded(person_id)
        token = await self.open(
            person_id, From(credentials.address, credentials.user_agent), renewed=renewed
        )
        await self._forget_attempts("person", email)
        return token

    async def sign_in_with_code(self, person_id: PersonId, code: str, asks: From) -> str:
        """The second half, for somebody whose password was right. Raises SignInRefused."""
        await self._count_attempt("address", asks.address, PER_ADDRESS)
        await self._count_attempt("code", person_id, PER_PERSON)
        fits = False
        if self._factors is not None:
            async with self._database.writing() as tx:
                fits = await self._factors.accepts(tx, person_id, code)
        if not fits:
            raise SignInRefused(
                "This code does not fit, or was used already. Wait for the next one."
            )
        token = await self.open(person_id, asks)
        await self._forget_attempts("code", person_id)
        return token

    async def open(
        self, person_id: PersonId, asks: From, *, renewed: str | None = None, by: str = "password"
    ) -> str:
        """A session for somebody who has shown who they are, with its line in the audit log."""
        async with self._database.writing() as tx:
            if renewed is not None:
                await tx.execute(
                    sa.update(PersonRow)
                    .where(PersonRow.id == person_id)
                    .values(password_hash=renewed)
                )
            token = await open_session(
                tx,
                person_id,
                clock=self._clock,
                address=asks.address,
                user_agent=asks.user_agent,
            )
            await audit.record(
                tx,
                action="person.signed_in",
                subject=person_id,
                clock=self._clock,
                after={"by": by},
            )
        return token

    async def _find(self, email: str) -> tuple[PersonId | None, str | None]:
        async with self._database.reading() as session:
            found = await session.execute(
                sa.select(PersonRow.id, PersonRow.password_hash).where(
                    PersonRow.email == email, PersonRow.disabled_at.is_(None)
                )
            )
            row = found.one_or_none()
        return (None, None) if row is None else (PersonId(row[0]), row[1])

    async def _renewed(self, password: str, password_hash: str | None) -> str | None:
        if password_hash is None or not is_outdated(password_hash):
            return None
        return await hash_password(password)

    async def _count_attempt(self, kind: str, who: str, most: int) -> None:
        key = attempts_key(kind, who)
        try:
            attempts = await self._shared.add(key, 1, ttl_seconds=_WINDOW_SECONDS)
        except Unavailable:
            attempts = await self._own.add(key, 1, ttl_seconds=_WINDOW_SECONDS)
        if attempts > most:
            raise QuotaExceeded(
                "Too many attempts to sign in. Wait fifteen minutes and try again.",
                retry_after_seconds=_WINDOW_SECONDS,
                code="too_many_sign_ins",
            )

    async def _forget_attempts(self, kind: str, who: str) -> None:
        key = attempts_key(kind, who)
        await self._own.remove(key)
        try:
            await self._shared.remove(key)
        except Unavailable:
            return


def _address_or_nothing(email: str) -> str:
    try:
        return normal_address(email)
    except BadRequest:
        # Not an address: it finds nobody and is refused like any other wrong one.
        return ""


def attempts_key(kind: str, who: str) -> str:
    """Where attempts are counted: digests only, so that shared state holds no addresses."""
    return f"sign-in:{kind}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
