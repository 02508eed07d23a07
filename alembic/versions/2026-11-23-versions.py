"""Facts know the wording of a creative, days are added up, turns are found by their subject."""

import sqlalchemy as sa
from alembic import op

from kernel.database import UtcDateTime

revision = "r19_versions"
down_revision = "r18_call_hours"
branch_labels = None
depends_on = None

_OWNERS = ("advertiser_id", "publisher_id", "campaign_id")
_NUMBERS = (
    *("delivered", "rendered", "viewable", "clicks", "billed", "invalid", "conversions"),
    *("spend_micros", "credited_micros", "earned_micros", "value_micros"),
)
_INDEXES = {
    "ix_report_day_cell_advertiser": ["advertiser_id", "dimension", "day"],
    "ix_report_day_cell_publisher": ["publisher_id", "dimension", "day"],
    "ix_report_day_cell_day": ["day"],
}


def upgrade() -> None:
    op.add_column(
        "report_fact",
        sa.Column("creative_version", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.create_table(
        "report_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("touched", sa.BigInteger(), nullable=False),
        sa.Column("built_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_report_day")),
    )
    big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "report_day_cell",
        sa.Column("id", big_id, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("dimension", sa.String(10), nullable=False),
        *(sa.Column(name, sa.String(40), nullable=False) for name in _OWNERS),
        sa.Column("value", sa.String(60), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _NUMBERS),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_day_cell")),
    )
    for name, columns in _INDEXES.items():
        op.create_index(name, "report_day_cell", columns)
    op.create_index(
        "ix_ad_decision_topic_created_at",
        "ad_decision",
        ["topic", "created_at"],
        sqlite_where=sa.text("topic IS NOT NULL"),
        postgresql_where=sa.text("topic IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_ad_decision_topic_created_at", "ad_decision")
    op.drop_table("report_day_cell")
    op.drop_table("report_day")
    with op.batch_alter_table("report_fact") as table:
        table.drop_column("creative_version")
