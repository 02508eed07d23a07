"""The tables of what belongs to one person's or organisation's account.

    person ──< passkey, recovery_code; ── second_factor        organisation ──< access_token

No secret is stored: a second factor is derived from the signing keys and a random salt, tokens and
recovery codes are kept as digests, a passkey is a public key.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base


class SecondFactorRow(Base):
    """A code generator: derived from key `key_id` and `salt`; `last_step` was used last."""

    __tablename__ = "second_factor"

    person_id: Mapped[str] = mapped_column(
        sa.String(40), sa.ForeignKey("person.id"), primary_key=True
    )
    key_id: Mapped[int] = mapped_column(sa.SmallInteger)
    salt: Mapped[str] = mapped_column(sa.String(32))
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(sa.BigInteger)


class RecoveryCodeRow(Base):
    """A code for the day the generator is lost; works once."""

    __tablename__ = "recovery_code"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("person.id"), index=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    used_at: Mapped[datetime | None]


class PasskeyRow(Base):
    """A public key that a person's device proves itself with."""

    __tablename__ = "passkey"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("person.id"), index=True)
    credential_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    credential_id: Mapped[str] = mapped_column(sa.String(1400))
    public_key: Mapped[str] = mapped_column(sa.String(3000))
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(60))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class AccessTokenRow(Base):
    """A token with which a program acts for an organisation, in one role."""

    __tablename__ = "access_token"
    __table_args__ = (
        sa.CheckConstraint(
            "role IN ('owner', 'editor', 'billing', 'viewer', 'conversions')", name="role"
        ),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(
        sa.String(40), sa.ForeignKey("organisation.id"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(60))
    role: Mapped[str] = mapped_column(sa.String(20))
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    shown: Mapped[str] = mapped_column(sa.String(20))
    created_by: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
