"""Promotional grants and codes; holds."""

import sqlalchemy as sa
from alembic import op

from kernel.database import MicrosColumn, UtcDateTime

revision = "r06_money"
down_revision = "r05_api"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_grants()
    _create_codes()
    _create_holds()


def downgrade() -> None:
    for table in ("promo_redemption", "promo_code", "ledger_grant", "ledger_hold"):
        op.drop_table(table)


def _create_grants() -> None:
    op.create_table(
        "ledger_grant",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("advertiser_id", sa.String(40), nullable=False),
        sa.Column("amount_micros", MicrosColumn(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_grant")),
    )
    op.create_index("ix_ledger_grant_advertiser_id", "ledger_grant", ["advertiser_id"])


def _create_codes() -> None:
    op.create_table(
        "promo_code",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("amount_micros", MicrosColumn(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("good_until", UtcDateTime(), nullable=False),
        sa.Column("lasts_days", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_promo_code")),
        sa.CheckConstraint("used BETWEEN 0 AND uses", name=op.f("ck_promo_code_used_within_uses")),
        sa.CheckConstraint("amount_micros > 0", name=op.f("ck_promo_code_amount_is_positive")),
    )
    op.create_table(
        "promo_redemption",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("advertiser_id", sa.String(40), nullable=False),
        sa.Column("grant_id", sa.String(40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("code", "advertiser_id", name=op.f("pk_promo_redemption")),
        sa.UniqueConstraint("grant_id", name=op.f("uq_promo_redemption_grant_id")),
        sa.ForeignKeyConstraint(
            ["code"],
            ["promo_code.code"],
            name=op.f("fk_promo_redemption_code_promo_code"),
            ondelete="RESTRICT",
        ),
    )


def _create_holds() -> None:
    op.create_table(
        "ledger_hold",
        sa.Column(
            "group_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_ledger_hold")),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["ledger_group.id"],
            name=op.f("fk_ledger_hold_group_id_ledger_group"),
            ondelete="RESTRICT",
        ),
    )
    op.create_index("ix_ledger_hold_expires_at", "ledger_hold", ["expires_at"])
