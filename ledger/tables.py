"""The rows of the ledger.

Groups, entries and resolutions are append-only: triggers refuse to change or delete them
(`ledger.append_only`). The balance columns of an account are a sum of its entries kept at hand;
for deferred accounts the part not yet added waits in `ledger_unsettled`. Columns plus what waits
equal the entries at every moment.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base
from kernel.money import Micros
from ledger import append_only

# SQLite counts up only what it knows as INTEGER.
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class LedgerAccount(Base):
    """One account; `available` is never below zero where `no_negative` says so."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        sa.CheckConstraint("side IN ('debit', 'credit')", name="side"),
        sa.CheckConstraint(
            "NOT no_negative"
            " OR (side = 'credit' AND credits_posted - debits_posted - debits_pending >= 0)"
            " OR (side = 'debit' AND debits_posted - credits_posted - credits_pending >= 0)",
            name="no_negative",
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(120), unique=True)
    currency: Mapped[str] = mapped_column(sa.String(3))
    side: Mapped[str] = mapped_column(sa.String(6))
    no_negative: Mapped[bool]
    debits_posted: Mapped[Micros]
    credits_posted: Mapped[Micros]
    debits_pending: Mapped[Micros]
    credits_pending: Mapped[Micros]
    version: Mapped[int] = mapped_column(sa.BigInteger)


class LedgerGroup(Base):
    """One event: its entries add up to zero. A refused charge is a group without entries."""

    __tablename__ = "ledger_group"
    __table_args__ = (
        sa.Index("ix_ledger_group_ref", "ref_type", "ref_id"),
        sa.Index("ix_ledger_group_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    request_hash: Mapped[str] = mapped_column(sa.String(32))
    kind: Mapped[str] = mapped_column(sa.String(20))
    ref_type: Mapped[str] = mapped_column(sa.String(20))
    ref_id: Mapped[str] = mapped_column(sa.String(80))
    refused_by: Mapped[str | None] = mapped_column(sa.String(20))
    # The ids of the spend limits that a charge drew from, "17 18", so that they can be recounted.
    drawn_from: Mapped[str | None] = mapped_column(sa.String(120))
    effective_at: Mapped[datetime]
    created_at: Mapped[datetime]


class LedgerEntry(Base):
    """One leg. `account_version` and `balance_after` are empty on deferred accounts."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("side IN ('debit', 'credit')", name="side"),
        sa.CheckConstraint("phase IN ('posted', 'pending')", name="phase"),
        sa.Index("ix_ledger_entry_account", "account_id", "group_id"),
    )

    group_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("ledger_group.id", ondelete="RESTRICT"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("ledger_account.id", ondelete="RESTRICT")
    )
    side: Mapped[str] = mapped_column(sa.String(6))
    amount: Mapped[Micros]
    phase: Mapped[str] = mapped_column(sa.String(7))
    account_version: Mapped[int | None] = mapped_column(sa.BigInteger)
    balance_after: Mapped[Micros | None]


class LedgerResolution(Base):
    """How a pending group ended; the primary key is what makes it end at most once."""

    __tablename__ = "ledger_resolution"
    __table_args__ = (
        sa.CheckConstraint("outcome IN ('posted', 'voided', 'expired')", name="outcome"),
    )

    pending_group_id: Mapped[int] = mapped_column(
        BigId,
        sa.ForeignKey("ledger_group.id", ondelete="RESTRICT"),
        primary_key=True,
        autoincrement=False,
    )
    outcome: Mapped[str] = mapped_column(sa.String(7))
    posted_amount: Mapped[Micros]
    resolved_at: Mapped[datetime]


class LedgerHold(Base):
    """A hold that has not ended; whoever takes its row away ends it."""

    __tablename__ = "ledger_hold"

    group_id: Mapped[int] = mapped_column(
        BigId,
        sa.ForeignKey("ledger_group.id", ondelete="RESTRICT"),
        primary_key=True,
        autoincrement=False,
    )
    expires_at: Mapped[datetime] = mapped_column(index=True)


class LedgerUnsettled(Base):
    """What a charge owes the balance columns of a deferred account; settlement takes it away."""

    __tablename__ = "ledger_unsettled"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("ledger_account.id", ondelete="RESTRICT")
    )
    debits: Mapped[Micros]
    credits: Mapped[Micros]
    entries: Mapped[int]


class LedgerGrant(Base):
    """Promotional money of an advertiser; what is left of it is on its account."""

    __tablename__ = "ledger_grant"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    advertiser_id: Mapped[str] = mapped_column(sa.String(40), index=True)
    amount_micros: Mapped[Micros]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]


class LedgerDay(Base):
    """The daily statement of one account, on its own side: opening + changes = closing."""

    __tablename__ = "ledger_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("ledger_account.id", ondelete="RESTRICT"), primary_key=True
    )
    opening_micros: Mapped[Micros]
    debits_micros: Mapped[Micros]
    credits_micros: Mapped[Micros]
    closing_micros: Mapped[Micros]


class LedgerSeal(Base):
    """The link of one day in the hash chain over everything that was booked on it."""

    __tablename__ = "ledger_seal"

    day: Mapped[date] = mapped_column(primary_key=True)
    groups: Mapped[int] = mapped_column(sa.BigInteger)
    previous: Mapped[str] = mapped_column(sa.String(64))
    digest: Mapped[str] = mapped_column(sa.String(64))
    sealed_at: Mapped[datetime]


class SpendLimit(Base):
    """How much one thing may spend in one window; `window_end` is empty for ever.

    `renewal_micros` is what the next window starts with; empty when there is none.
    """

    __tablename__ = "spend_limit"
    __table_args__ = (
        sa.UniqueConstraint("scope", "scope_id", "window_start", name="uq_spend_limit_window"),
        sa.CheckConstraint("spent_micros + leased_micros <= limit_micros", name="within_limit"),
        sa.CheckConstraint("spent_micros >= 0 AND leased_micros >= 0", name="not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    scope: Mapped[str] = mapped_column(sa.String(20))
    scope_id: Mapped[str] = mapped_column(sa.String(40))
    window_start: Mapped[datetime]
    window_end: Mapped[datetime | None]
    time_zone: Mapped[str] = mapped_column(sa.String(60))
    limit_micros: Mapped[Micros]
    renewal_micros: Mapped[Micros | None]
    spent_micros: Mapped[Micros]
    leased_micros: Mapped[Micros]


def rows_of(owner: type[Base]) -> sa.Table:
    """The table behind a class, for statements on plain rows: the journal maps no objects."""
    table = owner.__table__
    assert isinstance(table, sa.Table)
    return table


append_only.attach()
