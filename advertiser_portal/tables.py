"""The tables of the advertiser portal itself: what people keep here that nothing else needs.

Campaigns, creatives, numbers and money are not here: they belong to the catalog, the reports and the
ledger.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base


class OnboardingRow(Base):
    """A wizard that was begun: what has been typed so far, and what came of it."""

    __tablename__ = "onboarding"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(sa.String(40), index=True)
    step: Mapped[str] = mapped_column(sa.String(20))
    typed: Mapped[dict[str, Any]]
    campaign_id: Mapped[str | None] = mapped_column(sa.String(40))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class SavedViewRow(Base):
    """A list of campaigns as somebody wants to find it again."""

    __tablename__ = "saved_view"

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(sa.String(40), index=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    query: Mapped[str] = mapped_column(sa.String(400))
    created_at: Mapped[datetime]


class ApiAnswerRow(Base):
    """The answer to a creation that carried an Idempotency-Key, for a day."""

    __tablename__ = "advertiser_api_answer"

    organisation_id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    request: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int] = mapped_column(sa.SmallInteger)
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)
