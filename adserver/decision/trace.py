"""A verdict as it is kept on its event, and read back for a replay.

Plain JSON: candidates with their scores, bids, paces and rooms, the seed of the draw, the floors and
the versions of everything that computed them, and under which name and title the ad was shown, as
both may change later. It has no place for a word or a vector of the conversation, and `trace_of`
reads none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from adserver.catalog.campaign import BidType
from adserver.catalog.queries import LiveCreative
from adserver.decision import auction, click_rate, pacing
from adserver.decision.decide import Verdict
from adserver.decision.outcome import Outcome
from adserver.decision.vocabulary import Candidate, Filter
from kernel.money import Micros
from tollfree_sdk.contract import NoFill

VERSION: Final = 2
_READABLE: Final = frozenset({1, 2})


@dataclass(frozen=True, slots=True)
class Trace:
    """What a replay needs: `gate` is the reason of a turn that never came to an auction."""

    seed: int
    reserve: Micros
    relevance_floor: float
    candidates: tuple[Candidate, ...]
    gate: NoFill | None
    is_held_out: bool = False


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
        "cluster": verdict.cluster,
        "runner_up": verdict.outcome.runner_up,
        "held_out": _would_be(verdict.would_be),
        "explores": any(one.drawn != one.click_rate for one in verdict.candidates),
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
    if stored["v"] not in _READABLE:
        raise ValueError(f"Trace version {stored['v']} is not one that this release can replay.")
    gate = stored["gate"]
    return Trace(
        seed=stored["seed"],
        reserve=Micros(stored["reserve"]),
        relevance_floor=stored["floors"]["relevance"],
        candidates=tuple(
            _candidate_from_json(one, reserve=stored["reserve"]) for one in stored["candidates"]
        ),
        gate=None if gate is None else NoFill(gate),
        is_held_out=stored.get("held_out") is not None,
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


def _would_be(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None or outcome.winner is None or outcome.price is None:
        return None
    winner = outcome.winner
    return {
        "number": winner.number,
        "creative": winner.creative_id,
        "campaign": winner.campaign_id,
        "price": outcome.price.amount,
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
        "drawn": candidate.drawn,
        "certainty": candidate.certainty,
        "conversion_rate": candidate.conversion_rate,
        "bid_type": candidate.bid_type,
        "reserve": candidate.reserve.amount,
        "bid": candidate.bid.amount,
        "pace": candidate.pace,
        "room": candidate.room.amount,
        "filter": candidate.filter,
    }


def _candidate_from_json(stored: Mapping[str, Any], *, reserve: int) -> Candidate:
    # The first version had one reserve for all, paid for clicks only, and drew nothing.
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
        drawn=stored.get("drawn", stored["click_rate"]),
        certainty=stored.get("certainty", 0.0),
        conversion_rate=stored.get("conversion_rate", 0.0),
        bid_type=BidType(stored.get("bid_type", BidType.CPC)),
        reserve=Micros(stored.get("reserve", reserve)),
        bid=Micros(stored["bid"]),
        pace=stored["pace"],
        room=Micros(stored["room"]),
        filter=None if name is None else Filter(name),
    )
