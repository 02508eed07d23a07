"""A verdict as it is kept on its event, and read back for a replay.

Plain JSON: candidates with their scores, bids, paces and rooms, the seed of the draw, the floors and
the versions of everything that computed them, and under which name and title the ad was shown, as
both may change later. It has no place for a word or a vector of the conversation, and `trace_of`
reads none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from adserver.catalog.queries import LiveCreative
from adserver.decision import auction, click_rate, pacing
from adserver.decision.decide import Verdict
from adserver.decision.vocabulary import Candidate, Filter
from kernel.money import Micros
from tollfree_sdk.contract import NoFill

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Trace:
    """What a replay needs: `gate` is the reason of a turn that never came to an auction."""

    seed: int
    reserve: Micros
    relevance_floor: float
    candidates: tuple[Candidate, ...]
    gate: NoFill | None


def trace_of(verdict: Verdict) -> dict[str, Any]:
    """The JSON that a decision event carries."""
    gate = None if verdict.candidates else verdict.outcome.reason
    return {
        "v": VERSION,
        "seed": verdict.seed,
        "reserve": verdict.reserve.amount,
        "floors": {"relevance": verdict.relevance_floor, "commercial": verdict.commercial_floor},
        "commercial": verdict.commercial,
        "language": verdict.language,
        "gate": gate,
        "runner_up": verdict.outcome.runner_up,
        "shown": _shown(verdict.creative),
        "candidates": [_candidate_to_json(candidate) for candidate in verdict.candidates],
        "versions": {
            "model": verdict.model_id,
            "index": verdict.index_generation,
            "auction": auction.VERSION,
            "click_rate": click_rate.VERSION,
            "pacing": pacing.VERSION,
        },
    }


def read_trace(stored: Mapping[str, Any]) -> Trace:
    """Read a trace back. Raises KeyError or ValueError for one that we did not write."""
    if stored["v"] != VERSION:
        raise ValueError(f"Trace version {stored['v']} is not one that this release can replay.")
    gate = stored["gate"]
    return Trace(
        seed=stored["seed"],
        reserve=Micros(stored["reserve"]),
        relevance_floor=stored["floors"]["relevance"],
        candidates=tuple(_candidate_from_json(one) for one in stored["candidates"]),
        gate=None if gate is None else NoFill(gate),
    )


def _shown(creative: LiveCreative | None) -> dict[str, str] | None:
    if creative is None:
        return None
    return {
        "advertiser": creative.advertiser_name,
        "domain": creative.display_domain,
        "title": creative.title,
        "category": creative.category,
    }


def _candidate_to_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "number": candidate.number,
        "creative": candidate.creative_id,
        "version": candidate.creative_version,
        "campaign": candidate.campaign_id,
        "advertiser": candidate.advertiser_id,
        "similarity": candidate.similarity,
        "relevance": candidate.relevance,
        "quality": candidate.quality,
        "click_rate": candidate.click_rate,
        "bid": candidate.bid.amount,
        "pace": candidate.pace,
        "room": candidate.room.amount,
        "filter": candidate.filter,
    }


def _candidate_from_json(stored: Mapping[str, Any]) -> Candidate:
    name = stored["filter"]
    return Candidate(
        number=stored["number"],
        creative_id=stored["creative"],
        creative_version=stored["version"],
        campaign_id=stored["campaign"],
        advertiser_id=stored["advertiser"],
        similarity=stored["similarity"],
        relevance=stored["relevance"],
        quality=stored["quality"],
        click_rate=stored["click_rate"],
        bid=Micros(stored["bid"]),
        pace=stored["pace"],
        room=Micros(stored["room"]),
        filter=None if name is None else Filter(name),
    )
