"""Slices of the spend budget, and what is told of a call beside its cost."""

import sqlalchemy as sa
from alembic import op

revision = "r13_spend"
down_revision = "r12_till"
branch_labels = None
depends_on = None

_COUNTS = ("cached_tokens", "reasoning_tokens", "fallbacks")


def upgrade() -> None:
    for name in _COUNTS:
        op.add_column(
            "completion", sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        )
    op.add_column("completion", sa.Column("cache", sa.String(8), nullable=True))
    op.add_column("completion", sa.Column("signals", sa.String(80), nullable=True))
    op.add_column("completion", sa.Column("forecast_micros", sa.BigInteger(), nullable=True))
    op.create_table(
        "spend_window",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("limit_micros", sa.BigInteger(), nullable=False),
        sa.Column("drawn_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("drawn_micros >= 0", name=op.f("ck_spend_window_drawn_is_not_negative")),
        sa.CheckConstraint(
            "drawn_micros <= limit_micros", name=op.f("ck_spend_window_drawn_is_within_limit")
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_spend_window")),
    )
    op.create_table(
        "spend_slice",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("spent_micros", sa.BigInteger(), nullable=False),
        sa.Column("unattributed_micros", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'returned', 'lost')", name=op.f("ck_spend_slice_state_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["day"], ["spend_window.day"], name=op.f("fk_spend_slice_day_spend_window")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spend_slice")),
    )
    op.create_index("ix_spend_slice_state_expires_at", "spend_slice", ["state", "expires_at"])


def downgrade() -> None:
    op.drop_table("spend_slice")
    op.drop_table("spend_window")
    for name in ("forecast_micros", "signals", "cache", *reversed(_COUNTS)):
        op.drop_column("completion", name)
