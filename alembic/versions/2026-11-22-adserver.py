"""Catalog, decisions and steps."""

import sqlalchemy as sa
from alembic import op

from kernel.database import MicrosColumn, UtcDateTime

revision = "r03_adserver"
down_revision = "r02_ledger"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_advertisers()
    _create_campaigns()
    _create_creatives()
    _create_publishers()
    op.create_table(
        "catalog_generation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_generation")),
    )
    _create_decisions()
    _create_steps()


def downgrade() -> None:
    for table in (
        "ad_refused_visit",
        "ad_step",
        "ad_decision",
        "catalog_generation",
        "publisher",
        "creative",
        "campaign",
        "advertiser",
    ):
        op.drop_table(table)


def _create_advertisers() -> None:
    op.create_table(
        "advertiser",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("domain", sa.String(120), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("blocked_reason", sa.String(200), nullable=True),
        sa.Column("status_since", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advertiser")),
    )
    op.create_index(op.f("ix_advertiser_organisation_id"), "advertiser", ["organisation_id"])


def _create_campaigns() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("advertiser_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("status_since", UtcDateTime(), nullable=False),
        sa.Column("bid_micros", MicrosColumn(), nullable=False),
        sa.Column("bid_type", sa.String(10), nullable=False),
        sa.Column("total_budget", MicrosColumn(), nullable=True),
        sa.Column("daily_budget", MicrosColumn(), nullable=True),
        sa.Column("time_zone", sa.String(60), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("targeting", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("bid_micros > 0", name=op.f("ck_campaign_bid_is_positive")),
        sa.CheckConstraint(
            "daily_budget IS NULL OR daily_budget > 0",
            name=op.f("ck_campaign_daily_is_positive"),
        ),
        sa.CheckConstraint(
            "total_budget IS NULL OR total_budget > 0",
            name=op.f("ck_campaign_total_is_positive"),
        ),
        sa.ForeignKeyConstraint(
            ["advertiser_id"],
            ["advertiser.id"],
            name=op.f("fk_campaign_advertiser_id_advertiser"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_index(op.f("ix_campaign_advertiser_id"), "campaign", ["advertiser_id"])
    op.create_index(op.f("ix_campaign_status"), "campaign", ["status"])


def _create_creatives() -> None:
    op.create_table(
        "creative",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("campaign_id", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("body", sa.String(160), nullable=False),
        sa.Column("cta", sa.String(24), nullable=False),
        sa.Column("landing_url", sa.String(1000), nullable=False),
        sa.Column("approved_url", sa.String(1000), nullable=True),
        sa.Column("display_domain", sa.String(120), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("example_prompts", sa.JSON(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("review_state", sa.String(20), nullable=False),
        sa.Column("review_reason", sa.String(200), nullable=True),
        sa.Column("reviewed_at", UtcDateTime(), nullable=True),
        sa.Column("is_house", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
            name=op.f("fk_creative_campaign_id_campaign"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_creative")),
        sa.UniqueConstraint("id", name=op.f("uq_creative_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_creative_campaign_id"), "creative", ["campaign_id"])
    op.create_index(op.f("ix_creative_review_state"), "creative", ["review_state"])


def _create_publishers() -> None:
    op.create_table(
        "publisher",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("share_bp", sa.Integer(), nullable=False),
        sa.Column("floor_micros", MicrosColumn(), nullable=False),
        sa.Column("key_digest", sa.String(64), nullable=True),
        sa.Column("blocked_categories", sa.JSON(), nullable=False),
        sa.Column("blocked_domains", sa.JSON(), nullable=False),
        sa.Column("formats", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("floor_micros >= 0", name=op.f("ck_publisher_floor_is_not_negative")),
        sa.CheckConstraint(
            "share_bp BETWEEN 0 AND 10000", name=op.f("ck_publisher_share_is_a_share")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publisher")),
        sa.UniqueConstraint("key_digest", name=op.f("uq_publisher_key_digest")),
    )


def _create_decisions() -> None:
    op.create_table(
        "ad_decision",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("publisher_id", sa.String(40), nullable=False),
        sa.Column("app_id", sa.String(40), nullable=True),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("no_fill_reason", sa.String(30), nullable=True),
        sa.Column("advertiser_id", sa.String(40), nullable=True),
        sa.Column("campaign_id", sa.String(40), nullable=True),
        sa.Column("creative_id", sa.String(40), nullable=True),
        sa.Column("creative_number", sa.BigInteger(), nullable=True),
        sa.Column("creative_version", sa.Integer(), nullable=True),
        sa.Column("format", sa.String(10), nullable=True),
        sa.Column("bid_micros", MicrosColumn(), nullable=True),
        sa.Column("price_micros", MicrosColumn(), nullable=True),
        sa.Column("relevance", sa.Double(), nullable=True),
        sa.Column("topic", sa.String(40), nullable=True),
        sa.Column("trace", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ad_decision")),
    )
    for column in ("campaign_id", "publisher_id"):
        op.create_index(
            f"ix_ad_decision_{column}_created_at", "ad_decision", [column, "created_at"]
        )


def _create_steps() -> None:
    op.create_table(
        "ad_step",
        sa.Column("decision_id", sa.String(40), nullable=False),
        sa.Column("step", sa.String(12), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("billable", sa.Boolean(), nullable=False),
        sa.Column("price_micros", MicrosColumn(), nullable=True),
        sa.Column("unbilled_reason", sa.String(30), nullable=True),
        sa.PrimaryKeyConstraint("decision_id", "step", name=op.f("pk_ad_step")),
    )
    op.create_index(op.f("ix_ad_step_at"), "ad_step", ["at"])
    op.create_table(
        "ad_refused_visit",
        sa.Column("decision_id", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(30), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", "reason", name=op.f("pk_ad_refused_visit")),
    )
