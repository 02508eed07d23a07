"""What the till remembers of publishers: where they are paid, and what they were paid.

A payout has two steps, and each is known by itself: the transfer to the publisher's account at the
processor (`state`), and from there to the publisher's bank (`bank_state`).
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base
from kernel.money import Micros

_ID = sa.String(40)
_STRIPE_ID = sa.String(120)


class PublisherPayee(Base):
    """Where a publisher is paid: its connected account and whether it may receive."""

    __tablename__ = "billing_payee"

    publisher_id: Mapped[str] = mapped_column(_ID, primary_key=True)
    stripe_account_id: Mapped[str | None] = mapped_column(_STRIPE_ID, unique=True)
    can_receive: Mapped[bool]
    updated_at: Mapped[datetime]


class Payout(Base):
    """One payment to a publisher; amount, account and key are frozen when it is planned.

    `bank_state`: empty → planned → sent → arrived | failed (→ planned again on `bank_try_at`).
    """

    __tablename__ = "billing_payout"

    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    publisher_id: Mapped[str] = mapped_column(_ID, index=True)
    stripe_account_id: Mapped[str] = mapped_column(_STRIPE_ID)
    amount: Mapped[Micros]
    state: Mapped[str] = mapped_column(sa.String(10))
    stripe_transfer_id: Mapped[str | None] = mapped_column(_STRIPE_ID, unique=True)
    bank_state: Mapped[str | None] = mapped_column(sa.String(10))
    bank_payout_id: Mapped[str | None] = mapped_column(_STRIPE_ID, unique=True)
    bank_error: Mapped[str | None] = mapped_column(sa.String(80))
    bank_try_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
