"""One decision laid open, from its event: each candidate, what it stood with, what took it out.

For operators and for whoever disputes a charge. Reads the event alone, decides again with the very
functions that decided, and says whether the outcome is the same. There is nothing of a conversation
in an event, so nothing of one is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.decision.drawing import propensities
from adserver.decision.explain import replay
from adserver.decision.outcome import bid_of
from adserver.decision.trace import Trace, read_trace
from adserver.decision.vocabulary import Candidate
from adserver.events.tables import DecisionRow, StepRow
from kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision and its candidates as plain values; `is_same` says that the replay agrees."""

    decision: Mapping[str, Any]
    candidates: tuple[Mapping[str, Any], ...]
    replayed: Mapping[str, Any]
    is_same: bool

    def to_json(self) -> dict[str, Any]:
        """The explanation as plain JSON."""
        return {
            "decision": dict(self.decision),
            "candidates": [dict(one) for one in self.candidates],
            "replayed": dict(self.replayed),
            "is_same": self.is_same,
        }


async def explanation_of(session: AsyncSession, decision_id: str) -> Explanation:
    """Explain a recorded decision. Raises NotFound for one that is not recorded."""
    row = await session.get(DecisionRow, decision_id)
    if row is None:
        raise NotFound(
            "There is no such decision. Give the decision_id of an answer's tollfree object.",
            param="decision_id",
        )
    steps = await session.scalars(
        sa.select(StepRow).where(StepRow.decision_id == decision_id).order_by(StepRow.at)
    )
    shown = [
        {"step": one.step, "at": one.at.isoformat(), "billable": one.billable} for one in steps
    ]
    return explained_from(row, shown)


async def reasons_since(session: AsyncSession, first_id: str) -> dict[str, int]:
    """How decisions from this id on ended: ``ad`` or the reason, most frequent first."""
    reason = sa.func.coalesce(DecisionRow.no_fill_reason, "ad").label("reason")
    counted = sa.select(reason).where(DecisionRow.id >= first_id).subquery()
    rows = await session.execute(
        sa.select(counted.c.reason, sa.func.count().label("times"))
        .group_by(counted.c.reason)
        .order_by(sa.desc("times"), counted.c.reason)
    )
    return {row.reason: row.times for row in rows}


def explained_from(row: DecisionRow, steps: list[dict[str, Any]]) -> Explanation:
    """The explanation of a decision's row."""
    trace, again = read_trace(row.trace), replay(row.trace)
    replayed = {
        "creative": None if again.winner is None else again.winner.creative_id,
        "price_micros": None if again.price is None else again.price.amount,
        "no_fill_reason": again.reason,
    }
    recorded = {
        "creative": row.creative_id,
        "price_micros": None if row.price_micros is None else row.price_micros.amount,
        "no_fill_reason": row.no_fill_reason,
    }
    stored = row.trace
    decision = recorded | {
        "id": row.id,
        "at": row.created_at.isoformat(),
        "publisher": row.publisher_id,
        "app": row.app_id,
        "test": row.test,
        "format": row.format,
        "bid_type": row.bid_type,
        "topic": row.topic,
        "cluster": stored.get("cluster"),
        "commercial": stored.get("commercial"),
        "language": stored.get("language"),
        "floors": stored.get("floors"),
        "reserve_micros": trace.reserve.amount,
        "held_out": stored.get("held_out"),
        "versions": stored.get("versions"),
        "steps": steps,
    }
    return Explanation(decision, _candidates(trace), replayed, replayed == recorded)


def _candidates(trace: Trace) -> tuple[dict[str, Any], ...]:
    chances = propensities(trace.candidates, seed=trace.seed)
    ranked = sorted(
        trace.candidates,
        key=lambda one: (one.filter is not None, -bid_of(one).score, -one.relevance, one.number),
    )
    return tuple(_laid_open(one, chances.get(one.number)) for one in ranked)


def _laid_open(candidate: Candidate, chance: float | None) -> dict[str, Any]:
    bid = bid_of(candidate)
    return {
        "creative": candidate.creative_id,
        "campaign": candidate.campaign_id,
        "advertiser": candidate.advertiser_id,
        "filter": candidate.filter,
        "similarity": candidate.similarity,
        "relevance": candidate.relevance,
        "quality": candidate.quality,
        "click_rate": candidate.click_rate,
        "drawn": candidate.drawn,
        "certainty": candidate.certainty,
        "bid_type": candidate.bid_type,
        "bid_micros": candidate.bid.amount,
        "pace": candidate.pace,
        "paced_bid_micros": bid.most.amount,
        "reserve_micros": candidate.reserve.amount,
        "ecpm_micros": round(bid.score * 1_000),
        "chance_to_win": chance,
    }
