"""A second factor: six digits from a generator on the person's own device (RFC 6238).

The generator's secret is derived from our signing keys and a random salt, so that the database alone
gives nobody a code. A code works once, within half a minute either way. Ten recovery codes work once
each, for the day the device is lost; only their digests are kept.
"""

import hashlib
import hmac
import struct
from base64 import b32encode
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest
from kernel.ids import new_id, new_secret
from kernel.signing import SigningKeys
from web.account_tables import RecoveryCodeRow, SecondFactorRow
from web.people import Person, PersonId

STEP_SECONDS: Final = 30
DIGITS: Final = 6
RECOVERY_CODES: Final = 10
_PURPOSE: Final = "second-factor"


@dataclass(frozen=True)
class Enrolment:
    """What a person copies into their generator, by hand or by camera."""

    secret: str
    uri: str


class SecondFactors:
    """Begins, confirms, checks and ends them."""

    def __init__(self, signing: SigningKeys, clock: Clock) -> None:
        self._signing, self._clock = signing, clock

    async def begin(self, tx: WriteSession, person: Person) -> Enrolment:
        """A fresh secret, not asked for until it is confirmed. Raises BadRequest when one is on."""
        row = await tx.get(SecondFactorRow, person.id)
        if row is not None and row.confirmed_at is not None:
            raise BadRequest("A code generator is set up already. Turn it off first.")
        if row is None:
            row = SecondFactorRow(person_id=person.id)
            tx.add(row)
        row.key_id, row.salt = self._signing.current, new_secret(16).hex()
        row.created_at, row.confirmed_at, row.last_step = self._clock.now(), None, 0
        await tx.flush()
        return self._enrolment(row, person)

    async def waiting(self, session: AsyncSession, person: Person) -> Enrolment | None:
        """The secret that waits for its first code."""
        row = await session.get(SecondFactorRow, person.id)
        return None if row is None or row.confirmed_at else self._enrolment(row, person)

    async def confirm(self, tx: WriteSession, person: Person, code: str) -> list[str]:
        """Turn it on with a first code; the recovery codes leave here once. Raises BadRequest."""
        row = await tx.get(SecondFactorRow, person.id)
        step = None if row is None or row.confirmed_at else self._step_of(row, code)
        if row is None or step is None:
            raise BadRequest("This code does not fit. Wait for the next one.", param="code")
        row.confirmed_at, row.last_step = self._clock.now(), step
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        for one in codes:
            tx.add(RecoveryCodeRow(id=new_id("rec"), person_id=person.id, digest=_digest(one)))
        await tx.flush()
        return codes

    async def accepts(self, tx: WriteSession, person_id: PersonId, code: str) -> bool:
        """Whether this code lets the person in; it is used up by that."""
        row = await tx.get(SecondFactorRow, person_id)
        if row is None or row.confirmed_at is None:
            return False
        step = self._step_of(row, code)
        if step is None:
            return await self._recovers(tx, person_id, code)
        # Guarded, so that of two requests with the same code one gets in.
        used = await tx.execute(
            sa.update(SecondFactorRow)
            .where(SecondFactorRow.person_id == person_id, SecondFactorRow.last_step < step)
            .values(last_step=step)
            .returning(SecondFactorRow.person_id)
        )
        return used.first() is not None

    async def end(self, tx: WriteSession, person_id: PersonId) -> None:
        """Turn it off and forget the recovery codes."""
        for table in (RecoveryCodeRow, SecondFactorRow):
            await tx.execute(sa.delete(table).where(table.person_id == person_id))

    async def _recovers(self, tx: WriteSession, person_id: PersonId, code: str) -> bool:
        plain = code.strip().lower().replace("-", "").replace(" ", "")
        used = await tx.execute(
            sa.update(RecoveryCodeRow)
            .where(
                RecoveryCodeRow.person_id == person_id,
                RecoveryCodeRow.digest == _digest(plain),
                RecoveryCodeRow.used_at.is_(None),
            )
            .values(used_at=self._clock.now())
            .returning(RecoveryCodeRow.id)
        )
        return used.first() is not None

    def _step_of(self, row: SecondFactorRow, code: str) -> int | None:
        typed = "".join(code.split())
        if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
            return None
        now = int(self._clock.now().timestamp()) // STEP_SECONDS
        secret = self._secret(row)
        fitting = [
            step
            for step in (now - 1, now, now + 1)
            if hmac.compare_digest(code_at(secret, step), typed)
        ]
        return max(fitting, default=None)

    def _enrolment(self, row: SecondFactorRow, person: Person) -> Enrolment:
        secret = b32encode(self._secret(row)).decode()
        name = quote(f"Tollfree:{person.email}", safe="")
        return Enrolment(secret, f"otpauth://totp/{name}?secret={secret}&issuer=Tollfree")

    def _secret(self, row: SecondFactorRow) -> bytes:
        message = f"{row.person_id}:{row.salt}".encode()
        return self._signing.tag(_PURPOSE, message, size=20, key_id=row.key_id)


async def is_on(session: AsyncSession, person_id: PersonId) -> bool:
    """Whether the person is asked for a code."""
    found = await session.scalar(
        sa.select(SecondFactorRow.person_id).where(
            SecondFactorRow.person_id == person_id, SecondFactorRow.confirmed_at.is_not(None)
        )
    )
    return found is not None


async def recovery_codes_left(session: AsyncSession, person_id: PersonId) -> int:
    """How many recovery codes have not been used."""
    left = sa.select(sa.func.count()).where(
        RecoveryCodeRow.person_id == person_id, RecoveryCodeRow.used_at.is_(None)
    )
    return await session.scalar(left) or 0


def code_at(secret: bytes, step: int) -> str:
    """The six digits of one half minute: RFC 4226 with SHA-1, which generators agree on."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def _recovery_code() -> str:
    return b32encode(new_secret(10)).decode().lower()


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
