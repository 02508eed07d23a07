"""Keys and completions."""

import sqlalchemy as sa
from alembic import op

from kernel.database import MicrosColumn, UtcDateTime

revision = "r05_api"
down_revision = "r04_web"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "app",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("organisation_id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("ads_enabled", sa.Boolean(), nullable=False),
        sa.Column("delivery", sa.String(10), nullable=False),
        sa.Column("formats", sa.JSON(), nullable=False),
        sa.Column("blocked_categories", sa.JSON(), nullable=False),
        sa.Column("blocked_domains", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app")),
    )
    op.create_index(op.f("ix_app_organisation_id"), "app", ["organisation_id"])
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("app_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("shown", sa.String(24), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name=op.f("fk_api_key_app_id_app")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_key_digest")),
        sa.CheckConstraint("kind IN ('live', 'test')", name=op.f("ck_api_key_kind_is_known")),
    )
    op.create_index(op.f("ix_api_key_app_id"), "api_key", ["app_id"])
    op.create_table(
        "completion",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("app_id", sa.String(40), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("model", sa.String(120), nullable=False),
        sa.Column("upstream", sa.String(60), nullable=False),
        sa.Column("stream", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("tokens_estimated", sa.Boolean(), nullable=False),
        sa.Column("cost_micros", MicrosColumn(), nullable=False),
        sa.Column("first_token_ms", sa.Double(), nullable=True),
        sa.Column("total_ms", sa.Double(), nullable=False),
        sa.Column("decision_id", sa.String(40), nullable=True),
        sa.Column("ad_outcome", sa.String(24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_completion")),
    )
    op.create_index(op.f("ix_completion_at"), "completion", ["at"])
    op.create_index(op.f("ix_completion_app_id_at"), "completion", ["app_id", "at"])


def downgrade() -> None:
    op.drop_table("completion")
    op.drop_table("api_key")
    op.drop_table("app")
