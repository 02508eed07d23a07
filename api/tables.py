"""Apps, their keys, and one row per call.

A key is stored as a digest; the secret is shown once and kept nowhere. A completion row holds
counts, times and ids. There is no column that could hold text of a conversation.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base
from kernel.money import Micros


class App(Base):
    """A developer's application: the owner of keys and of the settings for ads."""

    __tablename__ = "app"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(sa.String(40), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    ads_enabled: Mapped[bool]
    delivery: Mapped[str] = mapped_column(sa.String(10))
    formats: Mapped[list[str]]
    blocked_categories: Mapped[list[str]]
    blocked_domains: Mapped[list[str]]
    tier: Mapped[str] = mapped_column(sa.String(16), default="standard", server_default="standard")
    created_at: Mapped[datetime]


class ApiKey(Base):
    """A key by its digest. `shown` is the part that people may see: ``tf_live_3fZ9…``."""

    __tablename__ = "api_key"
    __table_args__ = (sa.CheckConstraint("kind IN ('live', 'test')", name="kind_is_known"),)

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    app_id: Mapped[str] = mapped_column(sa.ForeignKey("app.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(8))
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    shown: Mapped[str] = mapped_column(sa.String(24))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Completion(Base):
    """One call that reached an upstream, whatever became of it.

    `status` is what the caller got; 499 when the caller left first, 502 when the upstream broke
    off. `ad_outcome` is ``ad`` or the reason why there was none. `prompt_group` is the caller's
    own name for the prompt, or a digest of it; never the prompt.
    """

    __tablename__ = "completion"
    __table_args__ = (sa.Index("ix_completion_app_id_at", "app_id", "at"),)

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    app_id: Mapped[str] = mapped_column(sa.String(40))
    key_id: Mapped[str] = mapped_column(sa.String(40))
    at: Mapped[datetime] = mapped_column(index=True)
    model: Mapped[str] = mapped_column(sa.String(120))
    upstream: Mapped[str] = mapped_column(sa.String(60))
    stream: Mapped[bool]
    status: Mapped[int]
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    tokens_estimated: Mapped[bool]
    cost_micros: Mapped[Micros]
    first_token_ms: Mapped[float | None]
    total_ms: Mapped[float]
    decision_id: Mapped[str | None] = mapped_column(sa.String(40))
    ad_outcome: Mapped[str] = mapped_column(sa.String(24))
    prompt_group: Mapped[str | None] = mapped_column(sa.String(64))
