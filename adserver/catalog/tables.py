"""The rows of the catalog. Nothing outside `adserver.catalog` reads them.

`creative.number` is the primary key because a click token names a creative in six bytes and both
engines count only a primary key up by themselves. `approved_url` is the last landing page that was
approved: clicks go there, also while an edited creative waits for its next review.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base
from kernel.money import Micros

# As wide as in a token; SQLite counts up only what it knows as INTEGER.
_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class AdvertiserRow(Base):
    __tablename__ = "advertiser"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(sa.String(40), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    domain: Mapped[str] = mapped_column(sa.String(120))
    status: Mapped[str] = mapped_column(sa.String(20))
    blocked_reason: Mapped[str | None] = mapped_column(sa.String(200))
    status_since: Mapped[datetime]
    created_at: Mapped[datetime]


class CampaignRow(Base):
    __tablename__ = "campaign"
    __table_args__ = (
        sa.CheckConstraint("bid_micros > 0", name="bid_is_positive"),
        sa.CheckConstraint("total_budget IS NULL OR total_budget > 0", name="total_is_positive"),
        sa.CheckConstraint("daily_budget IS NULL OR daily_budget > 0", name="daily_is_positive"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    advertiser_id: Mapped[str] = mapped_column(
        sa.String(40), sa.ForeignKey("advertiser.id", ondelete="RESTRICT"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(80))
    status: Mapped[str] = mapped_column(sa.String(20), index=True)
    status_since: Mapped[datetime]
    bid_micros: Mapped[Micros]
    bid_type: Mapped[str] = mapped_column(sa.String(10))
    attribution_days: Mapped[int] = mapped_column(sa.SmallInteger, default=30, server_default="30")
    total_budget: Mapped[Micros | None]
    daily_budget: Mapped[Micros | None]
    time_zone: Mapped[str] = mapped_column(sa.String(60))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    targeting: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class CreativeRow(Base):
    __tablename__ = "creative"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(sa.String(40), unique=True)
    campaign_id: Mapped[str] = mapped_column(
        sa.String(40), sa.ForeignKey("campaign.id", ondelete="RESTRICT"), index=True
    )
    version: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(60))
    body: Mapped[str] = mapped_column(sa.String(160))
    cta: Mapped[str] = mapped_column(sa.String(24))
    landing_url: Mapped[str] = mapped_column(sa.String(1000))
    approved_url: Mapped[str | None] = mapped_column(sa.String(1000))
    display_domain: Mapped[str] = mapped_column(sa.String(120))
    facts: Mapped[list[str]]
    example_prompts: Mapped[list[str]]
    keywords: Mapped[list[str]]
    category: Mapped[str] = mapped_column(sa.String(40))
    language: Mapped[str] = mapped_column(sa.String(8))
    review_state: Mapped[str] = mapped_column(sa.String(20), index=True)
    review_reason: Mapped[str | None] = mapped_column(sa.String(200))
    reviewed_at: Mapped[datetime | None]
    is_house: Mapped[bool]
    created_at: Mapped[datetime]


class PublisherRow(Base):
    __tablename__ = "publisher"
    __table_args__ = (
        sa.CheckConstraint("share_bp BETWEEN 0 AND 10000", name="share_is_a_share"),
        sa.CheckConstraint("floor_micros >= 0", name="floor_is_not_negative"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    share_bp: Mapped[int]
    floor_micros: Mapped[Micros]
    key_digest: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    blocked_categories: Mapped[list[str]]
    blocked_domains: Mapped[list[str]]
    formats: Mapped[list[str]]
    organisation_id: Mapped[str | None] = mapped_column(sa.String(40))
    blocked_advertisers: Mapped[list[str]] = mapped_column(server_default="[]")
    created_at: Mapped[datetime]


class CatalogGenerationRow(Base):
    """One row: how often the catalog has changed."""

    __tablename__ = "catalog_generation"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(sa.BigInteger)


class StopRow(Base):
    """Something that an operator has stopped; `scope_id` is empty where it is everything."""

    __tablename__ = "stop"

    scope: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    scope_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    reason: Mapped[str] = mapped_column(sa.String(200))
    since: Mapped[datetime]


class LandingCheckRow(Base):
    """When the landing page of a creative was last fetched, and where it led."""

    __tablename__ = "landing_check"

    creative_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    at: Mapped[datetime]
    domain: Mapped[str] = mapped_column(sa.String(120))
    outcome: Mapped[str] = mapped_column(sa.String(20))
