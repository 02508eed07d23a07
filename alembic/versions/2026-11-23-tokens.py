"""One kind of key for an advertiser: the keys for conversions become tokens of that role."""

import sqlalchemy as sa
from alembic import op

from kernel.database import UtcDateTime

revision = "r20_tokens"
down_revision = "r19_versions"
branch_labels = None
depends_on = None

_MEMBERS = "role IN ('owner', 'editor', 'billing', 'viewer')"
_WITH_CONVERSIONS = "role IN ('owner', 'editor', 'billing', 'viewer', 'conversions')"

# A token names who made it: the first owner. A house without people has nobody to ask for one.
_MOVE = """
    INSERT INTO access_token (id, organisation_id, name, role, digest, shown, created_by, created_at,
                              revoked_at)
    SELECT k.id, a.organisation_id, 'Conversions', 'conversions', k.digest, substr(k.shown, 1, 12),
           (SELECT min(person_id) FROM member m
             WHERE m.organisation_id = a.organisation_id AND m.role = 'owner'),
           k.created_at, k.revoked_at
    FROM advertiser_key k JOIN advertiser a ON a.id = k.advertiser_id
    WHERE EXISTS (SELECT 1 FROM member m
                   WHERE m.organisation_id = a.organisation_id AND m.role = 'owner')
"""


def upgrade() -> None:
    _allow(_WITH_CONVERSIONS)
    op.execute(_MOVE)
    op.drop_table("advertiser_key")


def downgrade() -> None:
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
    op.execute("DELETE FROM access_token WHERE role = 'conversions'")
    _allow(_MEMBERS)


def _allow(roles: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_access_token_role"), "access_token", type_="check")
        op.create_check_constraint(op.f("ck_access_token_role"), "access_token", roles)
        return
    # SQLite makes the table anew, and its checks do not come along by themselves.
    with op.batch_alter_table("access_token", recreate="always") as token:
        token.create_check_constraint(op.f("ck_access_token_role"), roles)
