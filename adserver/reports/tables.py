"""The rows that reports are added up from: what happened in each quarter of an hour.

A quarter is the largest slot that every time zone's days are made of. Facts hold nothing that the
events and the ledger do not say; any slot can be thrown away and built again. Cells here may be
small: only `adserver.reports.suppression` decides what leaves.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base
from kernel.money import Micros

# SQLite counts up only what it knows as INTEGER.
_BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class _Facts:
    """What is counted, and what it cost and earned: of a slot and of a day alike."""

    delivered: Mapped[int] = mapped_column(sa.BigInteger)
    rendered: Mapped[int] = mapped_column(sa.BigInteger)
    viewable: Mapped[int] = mapped_column(sa.BigInteger)
    clicks: Mapped[int] = mapped_column(sa.BigInteger)
    billed: Mapped[int] = mapped_column(sa.BigInteger)
    invalid: Mapped[int] = mapped_column(sa.BigInteger)
    conversions: Mapped[int] = mapped_column(sa.BigInteger)
    spend_micros: Mapped[Micros]
    credited_micros: Mapped[Micros]
    earned_micros: Mapped[Micros]
    value_micros: Mapped[Micros]


class FactRow(_Facts, Base):
    """What one combination of everything brought in one slot; unknown dimensions are empty."""

    __tablename__ = "report_fact"
    __table_args__ = (
        sa.Index("ix_report_fact_advertiser_id_slot", "advertiser_id", "slot"),
        sa.Index("ix_report_fact_publisher_id_slot", "publisher_id", "slot"),
    )

    id: Mapped[int] = mapped_column(_BigId, primary_key=True)
    slot: Mapped[datetime] = mapped_column(index=True)
    advertiser_id: Mapped[str] = mapped_column(sa.String(40))
    publisher_id: Mapped[str] = mapped_column(sa.String(40))
    campaign_id: Mapped[str] = mapped_column(sa.String(40))
    creative_id: Mapped[str] = mapped_column(sa.String(40))
    # Which wording it was; 0 where that was not counted yet.
    creative_version: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    app_id: Mapped[str] = mapped_column(sa.String(40))
    topic: Mapped[str] = mapped_column(sa.String(40))
    country: Mapped[str] = mapped_column(sa.String(2))
    format: Mapped[str] = mapped_column(sa.String(10))


class WindowRow(Base):
    """A slot that has been touched: when it was last built, empty where it has to be again."""

    __tablename__ = "report_window"

    slot: Mapped[datetime] = mapped_column(primary_key=True)
    built_at: Mapped[datetime | None]


class DayRow(Base):
    """A day of UTC that has facts: when its cells were added up, empty where they have to be again.

    `touched` counts how often a slot of the day was built, so that nothing is missed meanwhile.
    """

    __tablename__ = "report_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    touched: Mapped[int] = mapped_column(sa.BigInteger)
    built_at: Mapped[datetime | None]


class DayCellRow(_Facts, Base):
    """What one value of one dimension brought a campaign on a publisher's ground in a whole day."""

    __tablename__ = "report_day_cell"
    __table_args__ = (
        sa.Index("ix_report_day_cell_advertiser", "advertiser_id", "dimension", "day"),
        sa.Index("ix_report_day_cell_publisher", "publisher_id", "dimension", "day"),
        sa.Index("ix_report_day_cell_day", "day"),
    )

    id: Mapped[int] = mapped_column(_BigId, primary_key=True)
    day: Mapped[date]
    dimension: Mapped[str] = mapped_column(sa.String(10))
    advertiser_id: Mapped[str] = mapped_column(sa.String(40))
    publisher_id: Mapped[str] = mapped_column(sa.String(40))
    campaign_id: Mapped[str] = mapped_column(sa.String(40))
    value: Mapped[str] = mapped_column(sa.String(60))
