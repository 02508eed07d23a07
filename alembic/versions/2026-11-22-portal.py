"""Onboarding, API tokens, second factors, saved views."""

revision = "r09_portal"
down_revision = "r08_gateway"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
