"""Codes that give promotional money, and who has redeemed them.

A code is redeemed at most once by an advertiser and at most `uses` times in all; both are held by
the tables themselves.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base
from kernel.money import Micros


class PromoCode(Base):
    """A code: what it gives, how often, until when, and how long the money then lasts."""

    __tablename__ = "promo_code"
    __table_args__ = (
        sa.CheckConstraint("used BETWEEN 0 AND uses", name="used_within_uses"),
        sa.CheckConstraint("amount_micros > 0", name="amount_is_positive"),
    )

    code: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    amount_micros: Mapped[Micros]
    uses: Mapped[int]
    used: Mapped[int]
    good_until: Mapped[datetime]
    lasts_days: Mapped[int]
    created_at: Mapped[datetime]


class PromoRedemption(Base):
    """A code that an advertiser has redeemed, and the grant that came of it."""

    __tablename__ = "promo_redemption"

    code: Mapped[str] = mapped_column(
        sa.String(40), sa.ForeignKey("promo_code.code", ondelete="RESTRICT"), primary_key=True
    )
    advertiser_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    grant_id: Mapped[str] = mapped_column(sa.String(40), unique=True)
    at: Mapped[datetime]
