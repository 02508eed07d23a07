"""From candidates to a winner and its price, or to the one reason why there is none.

Pure, and used twice: when a turn is decided and when a decision is replayed from its event, so that
both can only agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adserver.decision.auction import Bid, clear, most_for_an_event, rate_of
from adserver.decision.vocabulary import Candidate, Filter
from kernel.money import Micros
from tollfree_sdk.contract import NoFill

_ORDER: Final = {name: place for place, name in enumerate(Filter)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A winner with the price of what its bid pays for, or a reason; exactly one of the two."""

    winner: Candidate | None = None
    price: Micros | None = None
    reason: NoFill | None = None
    runner_up: int | None = None


def settle(candidates: Sequence[Candidate], *, seed: int, relevance_floor: float) -> Outcome:
    """Auction the slot among the candidates that no filter took out."""
    standing = {one.number: one for one in candidates if one.filter is None}
    cleared = clear((bid_of(one) for one in standing.values()), seed=seed)
    if cleared is None:
        return Outcome(reason=reason_of(candidates, relevance_floor=relevance_floor))
    rival = cleared.runner_up
    return Outcome(
        winner=standing[cleared.winner.number],
        price=cleared.price,
        runner_up=None if rival is None else rival.number,
    )


def bid_of(candidate: Candidate) -> Bid:
    """A candidate as it stands in the auction."""
    return Bid(
        number=candidate.number,
        advertiser_id=candidate.advertiser_id,
        most=most_for_an_event(candidate.bid, pace=candidate.pace, room=candidate.room),
        rate=rate_of(
            candidate.bid_type,
            click_rate=candidate.drawn,
            conversion_rate=candidate.conversion_rate,
        ),
        quality=candidate.quality,
        reserve=candidate.reserve,
    )


def reason_of(candidates: Sequence[Candidate], *, relevance_floor: float) -> NoFill:
    """Why nobody stands: what stopped the fitting creative that came furthest.

    Creatives that do not fit explain nothing but that nothing fits.
    """
    stopped_by = [
        one.filter
        for one in candidates
        if one.filter is not None and one.relevance >= relevance_floor
    ]
    if stopped_by:
        return max(stopped_by, key=_ORDER.__getitem__).reason
    if any(one.filter is Filter.RELEVANCE for one in candidates):
        return NoFill.BELOW_RELEVANCE
    return NoFill.NO_MATCH
