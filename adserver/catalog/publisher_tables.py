"""What belongs to a publisher: its keys, and the placements that it shows ads in.

A key is stored as a digest. A placement narrows what its publisher allows; it can widen nothing.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base
from kernel.money import Micros


class PublisherKeyRow(Base):
    """A key by its digest. A `test` key gets house ads and never bills."""

    __tablename__ = "publisher_key"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('live', 'test')", name="kind_is_known"),
        # An index, because a constraint would have the name of the one on publisher.key_digest.
        sa.Index("ix_publisher_key_digest", "digest", unique=True),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    publisher_id: Mapped[str] = mapped_column(sa.ForeignKey("publisher.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(8))
    digest: Mapped[str] = mapped_column(sa.String(64))
    shown: Mapped[str] = mapped_column(sa.String(24))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class PlacementRow(Base):
    __tablename__ = "placement"
    __table_args__ = (
        sa.UniqueConstraint("publisher_id", "name"),
        sa.CheckConstraint("floor_micros >= 0", name="floor_is_not_negative"),
        sa.CheckConstraint("min_relevance BETWEEN 0 AND 1", name="relevance_is_a_share"),
    )

    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    publisher_id: Mapped[str] = mapped_column(sa.ForeignKey("publisher.id"))
    name: Mapped[str] = mapped_column(sa.String(40))
    formats: Mapped[list[str]]
    blocked_categories: Mapped[list[str]]
    blocked_domains: Mapped[list[str]]
    blocked_advertisers: Mapped[list[str]]
    floor_micros: Mapped[Micros]
    min_relevance: Mapped[float]
    ads_per_session: Mapped[int | None]
    created_at: Mapped[datetime]
