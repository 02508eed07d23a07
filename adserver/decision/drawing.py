"""Let every candidate stand with a draw of its click rate instead of the rate itself.

Only candidates that are in the auction draw, in order, from the decision's seed. A decision that
does not explore counts with what is believed.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.decision.click_rate import draws
from adserver.decision.outcome import bid_of
from adserver.decision.vocabulary import Candidate

_ROUNDS: Final = 512


def with_draws(candidates: Sequence[Candidate], *, seed: int, explores: bool) -> list[Candidate]:
    """The same candidates, those that stand with what they drew."""
    standing = [one for one in candidates if one.filter is None and one.certainty > 0]
    if not explores or not standing:
        return list(candidates)
    factors = draws([one.certainty for one in standing], seed)
    drawn = {
        one.number: one.drawing(round(min(1.0, one.click_rate * factor), 8))
        for one, factor in zip(standing, factors.tolist(), strict=True)
    }
    return [drawn.get(one.number, one) for one in candidates]


def propensities(candidates: Sequence[Candidate], *, seed: int) -> dict[int, float]:
    """How often each candidate would have won, had the draws been repeated; by creative number.

    What an offline comparison of ranking rules needs to know about each decision. Computed from the
    record when it is asked for, not while a reader waits.
    """
    standing = [one for one in candidates if one.filter is None]
    scores = np.array([bid_of(one).score for one in standing])
    if not len(scores):
        return {}
    drawn = np.array([one.drawn for one in standing])
    repeated = _repeated([one.certainty for one in standing], seed)
    believed = np.array([one.click_rate for one in standing])
    per_rate = np.divide(scores, drawn, out=np.zeros_like(scores), where=drawn > 0)
    moved = np.where([_is_drawn(one) for one in standing], per_rate * believed * repeated, scores)
    can_win = [bid_of(one).most >= one.reserve for one in standing]
    winners = np.argmax(np.where(can_win, moved, -1.0), axis=1)
    shares = np.bincount(winners, minlength=len(standing)) / _ROUNDS
    return {one.number: float(share) for one, share in zip(standing, shares, strict=True)}


def _repeated(certainties: Sequence[float], seed: int) -> NDArray[np.float64]:
    firm = [max(certainty, 1e-9) for certainty in certainties]
    return np.stack([draws(firm, (seed + at) & (2**63 - 1)) for at in range(_ROUNDS)])


def _is_drawn(candidate: Candidate) -> bool:
    """Whether the draw matters: a bid for impressions is worth the same whatever is clicked."""
    return candidate.certainty > 0 and candidate.bid_type != "cpm"
