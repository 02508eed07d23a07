"""Numbered papers: receipts for payments in, statements for payments to publishers.

Numbers of one series have no gaps: the counter moves in the transaction that writes the paper, so
that a rollback takes both back. What a paper says is frozen in it and never changes.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base


class PaperSeries(Base):
    """How far a series has been counted."""

    __tablename__ = "billing_paper_series"

    series: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    last: Mapped[int]


class Paper(Base):
    """One paper: `about` is the payment or the payout that it documents, once."""

    __tablename__ = "billing_paper"
    __table_args__ = (sa.UniqueConstraint("series", "number"),)

    about: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    series: Mapped[str] = mapped_column(sa.String(10))
    number: Mapped[int]
    owner_id: Mapped[str] = mapped_column(sa.String(40), index=True)
    lines: Mapped[dict[str, Any]]
    issued_at: Mapped[datetime]
