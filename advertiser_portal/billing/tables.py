"""What the till remembers: customers, planned and sent operations, events, payments, disputes.

No card number and no name of a cardholder is ever here: four digits and a brand are. Amounts of
Stripe's own are whole cents in `*_cents` columns; everything that the ledger sees is micros.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base
from kernel.money import Micros

_ID = sa.String(40)
_STRIPE_ID = sa.String(120)


class BillingCustomer(Base):
    """An advertiser as Stripe knows it; one row and so one customer, however many ask at once."""

    __tablename__ = "billing_customer"

    advertiser_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    stripe_customer_id: Mapped[str | None] = mapped_column(_STRIPE_ID, unique=True)
    created_at: Mapped[datetime]
    card_id: Mapped[str | None] = mapped_column(_STRIPE_ID)
    card_brand: Mapped[str | None] = mapped_column(sa.String(20))
    card_last4: Mapped[str | None] = mapped_column(sa.String(4))
    card_expires: Mapped[str | None] = mapped_column(sa.String(7))


class StripeOperation(Base):
    """A write to Stripe: planned with its cause, then sent, then known.

    States: planned → sent → succeeded | failed | unknown (→ looked up, then one of the others).
    `params` and the key never change once planned, so that a retry says the same. What a payment
    or its page came to is `outcome`: paid, failed or expired; empty while it is open.
    """

    __tablename__ = "stripe_operation"
    __table_args__ = (
        sa.CheckConstraint(
            "state IN ('planned', 'sent', 'unknown', 'succeeded', 'failed')", name="state"
        ),
        sa.Index("ix_stripe_operation_open", "state", "created_at"),
        sa.Index("ix_stripe_operation_owner", "owner_id", "kind"),
        # At most one automatic recharge of an advertiser is under way.
        sa.Index(
            "uq_stripe_operation_one_recharge",
            "owner_id",
            unique=True,
            sqlite_where=sa.text("kind = 'recharge' AND state IN ('planned', 'sent', 'unknown')"),
            postgresql_where=sa.text(
                "kind = 'recharge' AND state IN ('planned', 'sent', 'unknown')"
            ),
        ),
    )

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    owner_id: Mapped[str] = mapped_column(_ID)
    idempotency_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    params: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(sa.String(10))
    stripe_id: Mapped[str | None] = mapped_column(_STRIPE_ID, index=True)
    error_code: Mapped[str | None] = mapped_column(sa.String(80))
    outcome: Mapped[str | None] = mapped_column(sa.String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class StripeEvent(Base):
    """An event that Stripe told us of, once by its id. The row is also its place in the queue.

    Waiting while both `handled_at` and `dead_at` are empty; a dead one is shown to the operator.
    """

    __tablename__ = "stripe_event"
    __table_args__ = (sa.Index("ix_stripe_event_waiting", "handled_at", "next_try_at"),)

    event_id: Mapped[str] = mapped_column(_STRIPE_ID, primary_key=True)
    type: Mapped[str] = mapped_column(sa.String(80))
    object_id: Mapped[str] = mapped_column(_STRIPE_ID)
    received_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(sa.String(80))
    handled_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]


class TopUp(Base):
    """A payment of an advertiser that was credited: once per payment intent."""

    __tablename__ = "billing_top_up"

    payment_intent_id: Mapped[str] = mapped_column(_STRIPE_ID, primary_key=True)
    advertiser_id: Mapped[str] = mapped_column(_ID, index=True)
    operation_id: Mapped[str] = mapped_column(_ID)
    charge_id: Mapped[str | None] = mapped_column(_STRIPE_ID, unique=True)
    net: Mapped[Micros]
    tax: Mapped[Micros]
    automatic: Mapped[bool]
    invoice_url: Mapped[str | None] = mapped_column(sa.String(500))
    invoice_pdf: Mapped[str | None] = mapped_column(sa.String(500))
    created_at: Mapped[datetime]


class AutoRecharge(Base):
    """When to charge the saved card by itself; the month's sum is guarded in this row."""

    __tablename__ = "billing_auto_recharge"
    __table_args__ = (
        sa.CheckConstraint("month_planned <= monthly_cap OR NOT enabled", name="within_cap"),
    )

    advertiser_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    enabled: Mapped[bool]
    threshold: Mapped[Micros]
    amount: Mapped[Micros]
    monthly_cap: Mapped[Micros]
    month: Mapped[str] = mapped_column(sa.String(7))
    month_planned: Mapped[Micros]
    failures: Mapped[int]
    last_error: Mapped[str | None] = mapped_column(sa.String(80))
    next_try_at: Mapped[datetime | None]
    confirm_url: Mapped[str | None] = mapped_column(sa.String(500))


class RefundRow(Base):
    """Part of a refund of unspent cash: one payment, one hold, one Stripe refund."""

    __tablename__ = "billing_refund"

    operation_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    advertiser_id: Mapped[str] = mapped_column(_ID, index=True)
    payment_intent_id: Mapped[str] = mapped_column(_STRIPE_ID, index=True)
    stripe_refund_id: Mapped[str | None] = mapped_column(_STRIPE_ID, unique=True)
    cash: Mapped[Micros]
    tax: Mapped[Micros]
    state: Mapped[str] = mapped_column(sa.String(10))
    created_at: Mapped[datetime]


class DisputeRow(Base):
    """A chargeback: what was withdrawn, from where, and whether it came back."""

    __tablename__ = "billing_dispute"

    dispute_id: Mapped[str] = mapped_column(_STRIPE_ID, primary_key=True)
    advertiser_id: Mapped[str] = mapped_column(_ID, index=True)
    charge_id: Mapped[str] = mapped_column(_STRIPE_ID)
    amount: Mapped[Micros]
    status: Mapped[str] = mapped_column(sa.String(30))
    withdrawn: Mapped[bool]
    reinstated: Mapped[bool]
    created_at: Mapped[datetime]


class FraudWarning(Base):
    """An early warning of a card network: what we did about it, once."""

    __tablename__ = "billing_fraud_warning"

    warning_id: Mapped[str] = mapped_column(_STRIPE_ID, primary_key=True)
    advertiser_id: Mapped[str] = mapped_column(_ID, index=True)
    payment_intent_id: Mapped[str] = mapped_column(_STRIPE_ID)
    created_at: Mapped[datetime]


class BalanceTransaction(Base):
    """A line of Stripe's own account of our money, and the ledger group that explains it."""

    __tablename__ = "stripe_balance_txn"

    id: Mapped[str] = mapped_column(_STRIPE_ID, primary_key=True)
    type: Mapped[str] = mapped_column(sa.String(40))
    amount_cents: Mapped[int] = mapped_column(sa.BigInteger)
    fee_cents: Mapped[int] = mapped_column(sa.BigInteger)
    source: Mapped[str | None] = mapped_column(_STRIPE_ID)
    created_at: Mapped[datetime] = mapped_column(index=True)
    explained_by: Mapped[str | None] = mapped_column(sa.String(120))
