"""The tables of people, organisations, members, sessions and the audit log.

    person ──< member >── organisation ──< invitation        sign_up
       └────< sign_in_session          audit_event (append-only, ids only)

Secrets are never stored: a password as an argon2 hash, a session as the digest of its token.
Rows stay inside this package; others receive the frozen dataclasses of `web.people` and friends.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base
from web.append_only import install_after_create


class PersonRow(Base):
    """Someone who signs in. The address is stored as `web.people.normal_address` writes it."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    is_operator: Mapped[bool]
    created_at: Mapped[datetime]
    email_confirmed_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class OrganisationRow(Base):
    """Who owns advertisers, apps and publishers, and pays."""

    __tablename__ = "organisation"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    created_at: Mapped[datetime]


class MemberRow(Base):
    """A person in an organisation, with one role."""

    __tablename__ = "member"
    __table_args__ = (
        sa.CheckConstraint("role IN ('owner', 'editor', 'billing', 'viewer')", name="role"),
    )

    organisation_id: Mapped[str] = mapped_column(
        sa.String(40), sa.ForeignKey("organisation.id"), primary_key=True
    )
    person_id: Mapped[str] = mapped_column(
        sa.String(40), sa.ForeignKey("person.id"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(sa.String(20))
    created_at: Mapped[datetime]


class SignInSessionRow(Base):
    """One signed-in browser. Where it came from lives here and can be erased, unlike the log."""

    __tablename__ = "sign_in_session"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    token_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    person_id: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("person.id"), index=True)
    organisation_id: Mapped[str | None] = mapped_column(
        sa.String(40), sa.ForeignKey("organisation.id")
    )
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(sa.String(64))
    user_agent: Mapped[str] = mapped_column(sa.String(200))


class AuditEventRow(Base):
    """One change: who, what, before and after. Triggers refuse to change or delete a row."""

    __tablename__ = "audit_event"
    __table_args__ = (sa.Index("ix_audit_event_organisation_id_at", "organisation_id", "at"),)

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    at: Mapped[datetime]
    organisation_id: Mapped[str | None] = mapped_column(sa.String(40))
    person_id: Mapped[str | None] = mapped_column(sa.String(40))
    session_id: Mapped[str | None] = mapped_column(sa.String(40))
    request_id: Mapped[str | None] = mapped_column(sa.String(40))
    action: Mapped[str] = mapped_column(sa.String(60))
    subject: Mapped[str] = mapped_column(sa.String(40), index=True)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]


class SignUpRow(Base):
    """Someone who wants to join and has not shown yet that the address is theirs."""

    __tablename__ = "sign_up"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    token_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    email: Mapped[str] = mapped_column(sa.String(254), index=True)
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    organisation_name: Mapped[str] = mapped_column(sa.String(120))
    domain: Mapped[str] = mapped_column(sa.String(120))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class InvitationRow(Base):
    """A letter that makes its reader a member, once."""

    __tablename__ = "invitation"
    __table_args__ = (
        sa.CheckConstraint("role IN ('owner', 'editor', 'billing', 'viewer')", name="role"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    token_digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    organisation_id: Mapped[str] = mapped_column(
        sa.String(40), sa.ForeignKey("organisation.id"), index=True
    )
    email: Mapped[str] = mapped_column(sa.String(254))
    role: Mapped[str] = mapped_column(sa.String(20))
    invited_by: Mapped[str] = mapped_column(sa.String(40), sa.ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


event.listen(AuditEventRow.__table__, "after_create", install_after_create)
