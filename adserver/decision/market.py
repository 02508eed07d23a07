"""The auctions that were held lately about a subject: what it would have taken to win them.

Of each such turn the language, the country and the best few bids are kept in memory, with the seed
that broke its ties. No bid leaves here but through `landscape`, as sums over fifty turns and more.
A subject is looked up anew when the last look is older than a minute.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from adserver.decision.landscape import PastTurn
from adserver.decision.outcome import bid_of
from adserver.decision.trace import read_trace
from adserver.events.tables import DecisionRow
from kernel.clock import Clock
from kernel.database import Database

LOOKS_BACK: Final = timedelta(days=28)
_TURNS: Final = 400
# The winner of a turn pays what the next one would have: more are never needed.
_RIVALS: Final = 4
_FRESH_S: Final = 60.0
_SUBJECTS: Final = 64


@dataclass(frozen=True, slots=True)
class Market:
    """The newest turns about one subject, and the days that they span."""

    turns: tuple[PastTurn, ...]
    days: float


class MarketBook:
    """Keeps the last look at each subject."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._looks: OrderedDict[str, tuple[float, Market]] = OrderedDict()

    async def about(self, topic: str) -> Market:
        """The market for a subject."""
        read_at, market = self._looks.get(topic, (float("-inf"), Market((), 0.0)))
        if self._clock.monotonic() - read_at <= _FRESH_S:
            return market
        now = self._clock.now()
        async with self._database.reading() as session:
            rows = (await session.execute(_newest(topic, now - LOOKS_BACK))).all()
        market = await asyncio.to_thread(_market, rows, now)
        self._looks[topic] = (self._clock.monotonic(), market)
        self._looks.move_to_end(topic)
        while len(self._looks) > _SUBJECTS:
            self._looks.popitem(last=False)
        return market


def _newest(topic: str, since: datetime) -> sa.Select[Any]:
    return (
        sa.select(DecisionRow.created_at, DecisionRow.country, DecisionRow.trace)
        .where(
            DecisionRow.topic == topic,
            DecisionRow.created_at >= since,
            DecisionRow.test.is_(sa.false()),
        )
        .order_by(DecisionRow.created_at.desc())
        .limit(_TURNS)
    )


def _market(rows: Sequence[Any], now: datetime) -> Market:
    if not rows:
        return Market((), 0.0)
    turns = (_turn(row) for row in rows)
    span: float = (now - rows[-1].created_at).total_seconds() / 86_400
    return Market(tuple(turn for turn in turns if turn is not None), span)


def _turn(row: Any) -> PastTurn | None:
    try:
        trace = read_trace(row.trace)
    except (KeyError, ValueError):
        # Written by another release: one turn fewer to learn from.
        return None
    standing = [bid_of(one) for one in trace.candidates if one.filter is None]
    best = tuple(sorted(standing, key=lambda bid: -bid.score)[:_RIVALS])
    return PastTurn(row.country, row.trace.get("language"), trace.seed, trace.reserve, best)
