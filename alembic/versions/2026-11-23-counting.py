"""Conversions, stops, roll-ups and invalid traffic."""

import sqlalchemy as sa
from alembic import op

from kernel.database import MicrosColumn, UtcDateTime
from ledger.append_only import CLOSED_DAYS, refuse_changes

revision = "r15_counting"
down_revision = "r14_placement"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COUNTS = ("delivered", "rendered", "viewable", "clicks", "billed", "invalid", "conversions")
_MONEY = ("spend_micros", "credited_micros", "earned_micros", "value_micros")


def upgrade() -> None:
    op.add_column(
        "campaign",
        sa.Column("attribution_days", sa.SmallInteger(), server_default="30", nullable=False),
    )
    op.add_column(
        "ad_decision", sa.Column("bid_type", sa.String(3), server_default="cpc", nullable=False)
    )
    op.add_column("ad_decision", sa.Column("country", sa.String(2), nullable=True))
    op.add_column("ad_step", sa.Column("paid_by", sa.String(40), nullable=True))
    op.create_index("ix_ad_decision_created_at", "ad_decision", ["created_at"])
    op.create_index("ix_ledger_group_created_at", "ledger_group", ["created_at"])
    _create_keys()
    _create_events()
    _create_reports()
    _create_closed_days()


def downgrade() -> None:
    for table in (
        "ledger_seal",
        "ledger_day",
        "report_window",
        "report_fact",
        "ad_invalid",
        "ad_conversion",
        "landing_check",
        "stop",
        "advertiser_key",
    ):
        op.drop_table(table)
    op.drop_index("ix_ledger_group_created_at", "ledger_group")
    op.drop_index("ix_ad_decision_created_at", "ad_decision")
    op.drop_column("ad_step", "paid_by")
    op.drop_column("ad_decision", "country")
    op.drop_column("ad_decision", "bid_type")
    op.drop_column("campaign", "attribution_days")


def _create_keys() -> None:
    op.create_table(
        "advertiser_key",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("advertiser_id", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("shown", sa.String(24), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advertiser_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_advertiser_key_digest")),
        sa.ForeignKeyConstraint(
            ["advertiser_id"],
            ["advertiser.id"],
            name=op.f("fk_advertiser_key_advertiser_id_advertiser"),
            ondelete="RESTRICT",
        ),
    )
    op.create_index(op.f("ix_advertiser_key_advertiser_id"), "advertiser_key", ["advertiser_id"])
    op.create_table(
        "stop",
        sa.Column("scope", sa.String(12), nullable=False),
        sa.Column("scope_id", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "scope_id", name=op.f("pk_stop")),
    )
    op.create_table(
        "landing_check",
        sa.Column("creative_id", sa.String(40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("domain", sa.String(120), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("creative_id", name=op.f("pk_landing_check")),
    )


def _create_events() -> None:
    op.create_table(
        "ad_conversion",
        sa.Column("advertiser_id", sa.String(40), nullable=False),
        sa.Column("event_id", sa.String(80), nullable=False),
        sa.Column("decision_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("refunds", sa.String(80), nullable=True),
        sa.Column("value_micros", MicrosColumn(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column("price_micros", MicrosColumn(), nullable=True),
        sa.PrimaryKeyConstraint("advertiser_id", "event_id", name=op.f("pk_ad_conversion")),
    )
    op.create_index(op.f("ix_ad_conversion_decision_id"), "ad_conversion", ["decision_id"])
    op.create_index(op.f("ix_ad_conversion_at"), "ad_conversion", ["at"])
    op.create_table(
        "ad_invalid",
        sa.Column("decision_id", sa.String(40), nullable=False),
        sa.Column("step", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(30), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("credited_micros", MicrosColumn(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", "step", name=op.f("pk_ad_invalid")),
    )
    op.create_index(op.f("ix_ad_invalid_at"), "ad_invalid", ["at"])


def _create_reports() -> None:
    op.create_table(
        "report_fact",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("slot", UtcDateTime(), nullable=False),
        sa.Column("advertiser_id", sa.String(40), nullable=False),
        sa.Column("publisher_id", sa.String(40), nullable=False),
        sa.Column("campaign_id", sa.String(40), nullable=False),
        sa.Column("creative_id", sa.String(40), nullable=False),
        sa.Column("app_id", sa.String(40), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("format", sa.String(10), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        *(sa.Column(name, MicrosColumn(), nullable=False) for name in _MONEY),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_fact")),
    )
    op.create_index(op.f("ix_report_fact_slot"), "report_fact", ["slot"])
    for owner in ("advertiser", "publisher"):
        op.create_index(f"ix_report_fact_{owner}_id_slot", "report_fact", [f"{owner}_id", "slot"])
    op.create_table(
        "report_window",
        sa.Column("slot", UtcDateTime(), nullable=False),
        sa.Column("built_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("slot", name=op.f("pk_report_window")),
    )


def _create_closed_days() -> None:
    op.create_table(
        "ledger_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", _BIG, nullable=False),
        sa.Column("opening_micros", MicrosColumn(), nullable=False),
        sa.Column("debits_micros", MicrosColumn(), nullable=False),
        sa.Column("credits_micros", MicrosColumn(), nullable=False),
        sa.Column("closing_micros", MicrosColumn(), nullable=False),
        sa.PrimaryKeyConstraint("day", "account_id", name=op.f("pk_ledger_day")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["ledger_account.id"],
            name=op.f("fk_ledger_day_account_id_ledger_account"),
            ondelete="RESTRICT",
        ),
    )
    op.create_table(
        "ledger_seal",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("groups", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sealed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_ledger_seal")),
    )
    for table in CLOSED_DAYS:
        for statement in refuse_changes(op.get_bind().dialect.name, table):
            op.execute(sa.text(statement))
