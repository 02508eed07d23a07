"""What ranking has learned from deliveries and clicks: counts, and how far they are counted.

No row says anything about a person or a conversation: creative, topic, hour of day.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base


class RankingCountRow(Base):
    """What came of a creative's deliveries in turns about a topic; no topic is the empty one."""

    __tablename__ = "ranking_count"

    creative_number: Mapped[int] = mapped_column(
        sa.BigInteger, primary_key=True, autoincrement=False
    )
    topic: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(sa.String(40))
    delivered: Mapped[int] = mapped_column(sa.BigInteger)
    clicks: Mapped[int] = mapped_column(sa.BigInteger)
    conversions: Mapped[int] = mapped_column(sa.BigInteger)
    expected: Mapped[float]


class RankingHourRow(Base):
    """How many turns with an ad came in an hour of the UTC day, over all days."""

    __tablename__ = "ranking_hour"

    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    turns: Mapped[int] = mapped_column(sa.BigInteger)


class RankingMarkRow(Base):
    """One row: steps up to this moment are in the counts."""

    __tablename__ = "ranking_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    counted_until: Mapped[datetime]
