"""Accounts, groups, entries, spend limits; groups and entries are append-only."""

import sqlalchemy as sa
from alembic import op

from kernel.database import MicrosColumn, UtcDateTime
from ledger.append_only import DROP_FUNCTION, refuse_changes

revision = "r02_ledger"
down_revision = "r01_outbox"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_APPEND_ONLY = ("ledger_group", "ledger_entry", "ledger_resolution")


def upgrade() -> None:
    _create_accounts()
    _create_groups()
    _create_entries()
    _create_resolutions()
    _create_unsettled()
    _create_limits()
    for table in _APPEND_ONLY:
        for statement in refuse_changes(op.get_bind().dialect.name, table):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for table in (
        "spend_limit",
        "ledger_unsettled",
        "ledger_resolution",
        "ledger_entry",
        "ledger_group",
        "ledger_account",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().exec_driver_sql(DROP_FUNCTION)


def _create_accounts() -> None:
    op.create_table(
        "ledger_account",
        sa.Column("id", _ID, nullable=False),
        sa.Column("code", sa.String(120), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("side", sa.String(6), nullable=False),
        sa.Column("no_negative", sa.Boolean(), nullable=False),
        sa.Column("debits_posted", MicrosColumn(), nullable=False),
        sa.Column("credits_posted", MicrosColumn(), nullable=False),
        sa.Column("debits_pending", MicrosColumn(), nullable=False),
        sa.Column("credits_pending", MicrosColumn(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("code", name=op.f("uq_ledger_account_code")),
        sa.CheckConstraint("side IN ('debit', 'credit')", name=op.f("ck_ledger_account_side")),
        sa.CheckConstraint(
            "NOT no_negative"
            " OR (side = 'credit' AND credits_posted - debits_posted - debits_pending >= 0)"
            " OR (side = 'debit' AND debits_posted - credits_posted - credits_pending >= 0)",
            name=op.f("ck_ledger_account_no_negative"),
        ),
    )


def _create_groups() -> None:
    op.create_table(
        "ledger_group",
        sa.Column("id", _ID, nullable=False),
        sa.Column("idempotency_key", sa.String(120), nullable=False),
        sa.Column("request_hash", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("ref_type", sa.String(20), nullable=False),
        sa.Column("ref_id", sa.String(80), nullable=False),
        sa.Column("refused_by", sa.String(20), nullable=True),
        sa.Column("drawn_from", sa.String(120), nullable=True),
        sa.Column("effective_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_group")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_ledger_group_idempotency_key")),
    )
    op.create_index("ix_ledger_group_ref", "ledger_group", ["ref_type", "ref_id"])


def _create_entries() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("group_id", _ID, nullable=False),
        sa.Column("seq", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("side", sa.String(6), nullable=False),
        sa.Column("amount", MicrosColumn(), nullable=False),
        sa.Column("phase", sa.String(7), nullable=False),
        sa.Column("account_version", sa.BigInteger(), nullable=True),
        sa.Column("balance_after", MicrosColumn(), nullable=True),
        sa.PrimaryKeyConstraint("group_id", "seq", name=op.f("pk_ledger_entry")),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["ledger_group.id"],
            name=op.f("fk_ledger_entry_group_id_ledger_group"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["ledger_account.id"],
            name=op.f("fk_ledger_entry_account_id_ledger_account"),
            ondelete="RESTRICT",
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_ledger_entry_amount")),
        sa.CheckConstraint("side IN ('debit', 'credit')", name=op.f("ck_ledger_entry_side")),
        sa.CheckConstraint("phase IN ('posted', 'pending')", name=op.f("ck_ledger_entry_phase")),
    )
    op.create_index("ix_ledger_entry_account", "ledger_entry", ["account_id", "group_id"])


def _create_resolutions() -> None:
    op.create_table(
        "ledger_resolution",
        sa.Column("pending_group_id", _ID, autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(7), nullable=False),
        sa.Column("posted_amount", MicrosColumn(), nullable=False),
        sa.Column("resolved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("pending_group_id", name=op.f("pk_ledger_resolution")),
        sa.ForeignKeyConstraint(
            ["pending_group_id"],
            ["ledger_group.id"],
            name=op.f("fk_ledger_resolution_pending_group_id_ledger_group"),
            ondelete="RESTRICT",
        ),
        sa.CheckConstraint(
            "outcome IN ('posted', 'voided', 'expired')", name=op.f("ck_ledger_resolution_outcome")
        ),
    )


def _create_unsettled() -> None:
    op.create_table(
        "ledger_unsettled",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("debits", MicrosColumn(), nullable=False),
        sa.Column("credits", MicrosColumn(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_unsettled")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["ledger_account.id"],
            name=op.f("fk_ledger_unsettled_account_id_ledger_account"),
            ondelete="RESTRICT",
        ),
    )


def _create_limits() -> None:
    op.create_table(
        "spend_limit",
        sa.Column("id", _ID, nullable=False),
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("scope_id", sa.String(40), nullable=False),
        sa.Column("window_start", UtcDateTime(), nullable=False),
        sa.Column("window_end", UtcDateTime(), nullable=True),
        sa.Column("time_zone", sa.String(60), nullable=False),
        sa.Column("limit_micros", MicrosColumn(), nullable=False),
        sa.Column("renewal_micros", MicrosColumn(), nullable=True),
        sa.Column("spent_micros", MicrosColumn(), nullable=False),
        sa.Column("leased_micros", MicrosColumn(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spend_limit")),
        sa.UniqueConstraint(
            "scope", "scope_id", "window_start", name=op.f("uq_spend_limit_window")
        ),
        sa.CheckConstraint(
            "spent_micros + leased_micros <= limit_micros",
            name=op.f("ck_spend_limit_within_limit"),
        ),
        sa.CheckConstraint(
            "spent_micros >= 0 AND leased_micros >= 0", name=op.f("ck_spend_limit_not_negative")
        ),
    )
