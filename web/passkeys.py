"""Passkeys: a device proves that it holds a private key; we keep the public one.

The only door to the webauthn library. A challenge is random, kept in shared state for five minutes
under the browser's own cookie, and gone with the first attempt, so that no answer can be replayed.
A passkey that checked its owner (fingerprint, PIN) stands for password and second factor at once.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest, Conflict
from kernel.ids import new_id, new_secret
from kernel.shared_state import SharedState
from web.account_tables import PasskeyRow
from web.people import Person, PersonId
from web.tables import PersonRow

_SECONDS: Final = 300
_MOST: Final = 20


@dataclass(frozen=True)
class Passkey:
    """One passkey as its owner sees it."""

    passkey_id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None


class Passkeys:
    """Makes options for the browser and checks what comes back."""

    def __init__(self, shared_state: SharedState, clock: Clock, public_url: str) -> None:
        self._shared, self._clock = shared_state, clock
        self._origin = public_url.rstrip("/")
        self._host = urlsplit(public_url).hostname or "localhost"

    async def registration(self, session: AsyncSession, person: Person, *, binding: str) -> str:
        """What the browser needs to make a passkey, as JSON."""
        import webauthn
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            PublicKeyCredentialDescriptor,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        own = await session.scalars(
            sa.select(PasskeyRow.credential_id).where(PasskeyRow.person_id == person.id)
        )
        options = webauthn.generate_registration_options(
            rp_id=self._host,
            rp_name="Tollfree",
            user_name=person.email,
            user_id=hashlib.sha256(person.id.encode()).digest(),
            challenge=await self._challenge("new", binding),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=_bytes(one)) for one in own],
        )
        return webauthn.options_to_json(options)

    async def add(
        self, tx: WriteSession, person: Person, answer: str, *, name: str, binding: str
    ) -> Passkey:
        """Keep a new passkey. Raises BadRequest for an answer that does not fit."""
        import webauthn
        from webauthn.helpers.exceptions import WebAuthnException

        challenge = await self._take("new", binding)
        try:
            verified = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError):
            raise _refused() from None
        count = await tx.scalar(sa.select(sa.func.count()).where(PasskeyRow.person_id == person.id))
        if (count or 0) >= _MOST:
            raise BadRequest(f"{_MOST} passkeys are enough. Remove one first.")
        digest = hashlib.sha256(verified.credential_id).hexdigest()
        known = sa.select(PasskeyRow.id).where(PasskeyRow.credential_digest == digest)
        if await tx.scalar(known) is not None:
            raise Conflict("This passkey is known already.")
        row = PasskeyRow(
            id=new_id("psk"),
            person_id=person.id,
            credential_digest=digest,
            credential_id=_text(verified.credential_id),
            public_key=_text(verified.credential_public_key),
            sign_count=verified.sign_count,
            name=" ".join(name.split())[:60] or "Passkey",
            created_at=self._clock.now(),
            last_used_at=None,
        )
        tx.add(row)
        await tx.flush()
        return _passkey(row)

    async def authentication(self, *, binding: str) -> str:
        """What the browser needs to sign in with any passkey it holds, as JSON."""
        import webauthn
        from webauthn.helpers.structs import UserVerificationRequirement

        options = webauthn.generate_authentication_options(
            rp_id=self._host,
            challenge=await self._challenge("in", binding),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return webauthn.options_to_json(options)

    async def person_of(self, tx: WriteSession, answer: str, *, binding: str) -> PersonId:
        """Whose passkey answered. Raises BadRequest."""
        import webauthn
        from webauthn.helpers import parse_authentication_credential_json
        from webauthn.helpers.exceptions import WebAuthnException

        challenge = await self._take("in", binding)
        try:
            parsed = parse_authentication_credential_json(answer)
            row = await self._row(tx, parsed.raw_id)
            verified = webauthn.verify_authentication_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=_bytes(row.public_key),
                credential_current_sign_count=row.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError):
            raise _refused() from None
        row.sign_count, row.last_used_at = verified.new_sign_count, self._clock.now()
        return PersonId(row.person_id)

    async def _row(self, tx: WriteSession, credential_id: bytes) -> PasskeyRow:
        row = await tx.scalar(
            sa.select(PasskeyRow)
            .join(PersonRow, PersonRow.id == PasskeyRow.person_id)
            .where(
                PasskeyRow.credential_digest == hashlib.sha256(credential_id).hexdigest(),
                PersonRow.disabled_at.is_(None),
            )
        )
        if row is None:
            raise _refused()
        return row

    async def _challenge(self, kind: str, binding: str) -> bytes:
        challenge = new_secret(32)
        await self._shared.put(_key(kind, binding), challenge, ttl_seconds=_SECONDS)
        return challenge

    async def _take(self, kind: str, binding: str) -> bytes:
        key = _key(kind, binding)
        challenge = await self._shared.get(key)
        await self._shared.remove(key)
        if challenge is None:
            raise _refused()
        return challenge


async def passkeys_of(session: AsyncSession, person_id: PersonId) -> list[Passkey]:
    """A person's passkeys, oldest first."""
    rows = await session.scalars(
        sa.select(PasskeyRow).where(PasskeyRow.person_id == person_id).order_by(PasskeyRow.id)
    )
    return [_passkey(row) for row in rows]


async def remove_passkey(tx: WriteSession, person_id: PersonId, passkey_id: str) -> None:
    """Forget one of the person's own; somebody else's is left alone."""
    await tx.execute(
        sa.delete(PasskeyRow).where(PasskeyRow.id == passkey_id, PasskeyRow.person_id == person_id)
    )


def _passkey(row: PasskeyRow) -> Passkey:
    return Passkey(row.id, row.name, row.created_at, row.last_used_at)


def _key(kind: str, binding: str) -> str:
    return f"passkey:{kind}:{hashlib.sha256(binding.encode()).hexdigest()[:32]}"


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text)


def _refused() -> BadRequest:
    return BadRequest("This passkey did not answer as it should. Try again.", param="passkey")
