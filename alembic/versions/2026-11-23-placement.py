"""Publishers' placements, block lists and people's reports of ads."""

import sqlalchemy as sa
from alembic import op

from kernel.database import MicrosColumn, UtcDateTime

revision = "r14_placement"
down_revision = "r13_spend"
branch_labels = None
depends_on = None

_LISTS = ("formats", "blocked_categories", "blocked_domains", "blocked_advertisers")


def upgrade() -> None:
    op.add_column("ad_decision", sa.Column("placement", sa.String(40), nullable=True))
    op.add_column("app", sa.Column("ad_policy", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("api_key", sa.Column("ad_wishes", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("publisher", sa.Column("organisation_id", sa.String(40), nullable=True))
    op.add_column(
        "publisher",
        sa.Column("blocked_advertisers", sa.JSON(), server_default="[]", nullable=False),
    )
    # Until now there was only one format; callers choose among them, and the unit stays the default.
    publisher = sa.table("publisher", sa.column("formats", sa.JSON()))
    op.execute(publisher.update().values(formats=["unit", "mention", "link"]))
    _create_publisher_key()
    _create_placement()
    op.create_table(
        "ad_complaint",
        sa.Column("decision_id", sa.String(40), nullable=False),
        sa.Column("advertiser_id", sa.String(40), nullable=True),
        sa.Column("creative_id", sa.String(40), nullable=True),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name="pk_ad_complaint"),
    )
    op.create_index("ix_ad_complaint_at", "ad_complaint", ["at"])


def downgrade() -> None:
    for table in ("ad_complaint", "placement", "publisher_key"):
        op.drop_table(table)
    publisher = sa.table("publisher", sa.column("formats", sa.JSON()))
    op.execute(publisher.update().values(formats=["unit"]))
    op.drop_column("publisher", "blocked_advertisers")
    op.drop_column("publisher", "organisation_id")
    op.drop_column("api_key", "ad_wishes")
    op.drop_column("app", "ad_policy")
    op.drop_column("ad_decision", "placement")


def _create_publisher_key() -> None:
    op.create_table(
        "publisher_key",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("publisher_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("shown", sa.String(24), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('live', 'test')", name=op.f("ck_publisher_key_kind_is_known")),
        sa.ForeignKeyConstraint(
            ["publisher_id"], ["publisher.id"], name="fk_publisher_key_publisher_id_publisher"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_publisher_key"),
    )
    op.create_index("ix_publisher_key_digest", "publisher_key", ["digest"], unique=True)
    op.create_index("ix_publisher_key_publisher_id", "publisher_key", ["publisher_id"])


def _create_placement() -> None:
    op.create_table(
        "placement",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("publisher_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        *[sa.Column(name, sa.JSON(), nullable=False) for name in _LISTS],
        sa.Column("floor_micros", MicrosColumn(), nullable=False),
        sa.Column("min_relevance", sa.Double(), nullable=False),
        sa.Column("ads_per_session", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("floor_micros >= 0", name=op.f("ck_placement_floor_is_not_negative")),
        sa.CheckConstraint(
            "min_relevance BETWEEN 0 AND 1", name=op.f("ck_placement_relevance_is_a_share")
        ),
        sa.ForeignKeyConstraint(
            ["publisher_id"], ["publisher.id"], name="fk_placement_publisher_id_publisher"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_placement"),
        sa.UniqueConstraint("publisher_id", "name", name="uq_placement_publisher_id"),
    )
