"""Apps, their keys, one row per call, and how much may be spent.

A key is stored as a digest; the secret is shown once and kept nowhere. A completion row holds
counts, times and ids. There is no column that could hold text of a conversation.
"""

from datetime import datetime
from typing import Any

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
    ad_policy: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
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
    ad_wishes: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")


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
    cached_tokens: Mapped[int] = mapped_column(default=0, server_default="0")
    reasoning_tokens: Mapped[int] = mapped_column(default=0, server_default="0")
    fallbacks: Mapped[int] = mapped_column(default=0, server_default="0")
    cache: Mapped[str | None] = mapped_column(sa.String(8))
    signals: Mapped[str | None] = mapped_column(sa.String(80))
    forecast_micros: Mapped[Micros | None]


class CallHour(Base):
    """What one worker counted in one hour. `first_token` and `total` are sketches of milliseconds.

    Rows of several workers and hours are added up by whoever reads them.
    """

    __tablename__ = "call_hour"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    worker: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    app_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    model: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    upstream: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    calls: Mapped[int]
    failed: Mapped[int]
    left_early: Mapped[int]
    tokens: Mapped[int] = mapped_column(sa.BigInteger)
    cached_tokens: Mapped[int] = mapped_column(sa.BigInteger)
    cost_micros: Mapped[Micros]
    with_ad: Mapped[int]
    first_token: Mapped[dict[str, Any]]
    total: Mapped[dict[str, Any]]


class SpendWindow(Base):
    """One UTC day's budget for upstreams, and how much of it has been handed to workers."""

    __tablename__ = "spend_window"
    __table_args__ = (
        sa.CheckConstraint("drawn_micros >= 0", name="drawn_is_not_negative"),
        sa.CheckConstraint("drawn_micros <= limit_micros", name="drawn_is_within_limit"),
    )

    day: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    limit_micros: Mapped[Micros]
    drawn_micros: Mapped[Micros]


class SpendSlice(Base):
    """What one worker may spend on one day without asking again.

    `state` is ``open``, ``returned`` when the worker gave back what it had not used, or ``lost``
    when it did not come back: then what no row explains is booked as `unattributed_micros`.
    """

    __tablename__ = "spend_slice"
    __table_args__ = (
        sa.CheckConstraint("state IN ('open', 'returned', 'lost')", name="state_is_known"),
        sa.Index("ix_spend_slice_state_expires_at", "state", "expires_at"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    day: Mapped[str] = mapped_column(sa.ForeignKey("spend_window.day"))
    state: Mapped[str] = mapped_column(sa.String(8))
    amount_micros: Mapped[Micros]
    spent_micros: Mapped[Micros]
    unattributed_micros: Mapped[Micros]
    expires_at: Mapped[datetime]
