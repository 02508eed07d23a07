"""The rows of events: written once, never changed.

A decision carries everything that its price depends on. An impression is (decision, step), which is
the primary key, so that a step can happen only once. Visits that nobody human made are kept apart:
they must not use up the one click of a decision.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base
from kernel.money import Micros


class DecisionRow(Base):
    __tablename__ = "ad_decision"
    __table_args__ = (
        sa.Index("ix_ad_decision_campaign_id_created_at", "campaign_id", "created_at"),
        sa.Index("ix_ad_decision_publisher_id_created_at", "publisher_id", "created_at"),
        sa.Index("ix_ad_decision_created_at", "created_at"),
        # Few turns have a subject that somebody advertises: only they are looked up by it.
        sa.Index(
            "ix_ad_decision_topic_created_at",
            "topic",
            "created_at",
            sqlite_where=sa.text("topic IS NOT NULL"),
            postgresql_where=sa.text("topic IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    created_at: Mapped[datetime]
    publisher_id: Mapped[str] = mapped_column(sa.String(40))
    app_id: Mapped[str | None] = mapped_column(sa.String(40))
    test: Mapped[bool]
    outcome: Mapped[str] = mapped_column(sa.String(10))
    no_fill_reason: Mapped[str | None] = mapped_column(sa.String(30))
    advertiser_id: Mapped[str | None] = mapped_column(sa.String(40))
    campaign_id: Mapped[str | None] = mapped_column(sa.String(40))
    creative_id: Mapped[str | None] = mapped_column(sa.String(40))
    creative_number: Mapped[int | None] = mapped_column(sa.BigInteger)
    creative_version: Mapped[int | None]
    format: Mapped[str | None] = mapped_column(sa.String(10))
    placement: Mapped[str | None] = mapped_column(sa.String(40))
    bid_micros: Mapped[Micros | None]
    price_micros: Mapped[Micros | None]
    relevance: Mapped[float | None]
    topic: Mapped[str | None] = mapped_column(sa.String(40))
    bid_type: Mapped[str] = mapped_column(sa.String(3), default="cpc", server_default="cpc")
    country: Mapped[str | None] = mapped_column(sa.String(2))
    trace: Mapped[dict[str, Any]]


class StepRow(Base):
    __tablename__ = "ad_step"

    decision_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    step: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    billable: Mapped[bool]
    price_micros: Mapped[Micros | None]
    unbilled_reason: Mapped[str | None] = mapped_column(sa.String(30))
    # The lease that a charged delivery was paid from; empty where the step has its own charge.
    paid_by: Mapped[str | None] = mapped_column(sa.String(40))


class RefusedVisitRow(Base):
    """A click by a machine: one row per decision and reason, so that a crawler cannot fill it."""

    __tablename__ = "ad_refused_visit"

    decision_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    reason: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    at: Mapped[datetime]


class ConversionRow(Base):
    """What an advertiser reported; its own id of the event makes it one, however often it comes."""

    __tablename__ = "ad_conversion"

    advertiser_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    event_id: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    decision_id: Mapped[str] = mapped_column(sa.String(40), index=True)
    name: Mapped[str] = mapped_column(sa.String(40))
    refunds: Mapped[str | None] = mapped_column(sa.String(80))
    value_micros: Mapped[Micros | None]
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    happened_at: Mapped[datetime]
    at: Mapped[datetime] = mapped_column(index=True)
    outcome: Mapped[str] = mapped_column(sa.String(24))
    price_micros: Mapped[Micros | None]


class InvalidRow(Base):
    """A step that was found out later: why, when, and what was given back for it."""

    __tablename__ = "ad_invalid"

    decision_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    step: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    reason: Mapped[str] = mapped_column(sa.String(30))
    at: Mapped[datetime] = mapped_column(index=True)
    credited_micros: Mapped[Micros]


class ComplaintRow(Base):
    """What a reader said is wrong with an ad: one of a few reasons, once for each decision."""

    __tablename__ = "ad_complaint"

    decision_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    advertiser_id: Mapped[str | None] = mapped_column(sa.String(40))
    creative_id: Mapped[str | None] = mapped_column(sa.String(40))
    reason: Mapped[str] = mapped_column(sa.String(20))
    at: Mapped[datetime] = mapped_column(index=True)
