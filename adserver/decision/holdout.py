"""The turns that get no ad so that the others have something to be compared with.

One in a hundred of the turns that would have carried an ad, chosen by a hash of the decision's seed:
nobody can steer into or out of it, and the record shows that the choice was right. What would have
been shown is recorded. Never in tests, whose callers want to see ads.
"""

import hashlib

from adserver.decision.gates import Asked
from adserver.decision.outcome import Outcome
from adserver.decision.settings import DecisionSettings
from kernel.money import BASIS_POINTS
from tollfree_sdk.contract import NoFill


def is_held_out(asked: Asked, settings: DecisionSettings) -> bool:
    """Whether a turn with a winner belongs to the hold-out."""
    return not asked.request.test and share_of(asked.seed) < settings.holdout_bp


def share_of(seed: int) -> int:
    """Where a seed falls between 0 and 9,999; evenly, and apart from the auction's own draws."""
    digest = hashlib.blake2b(b"hold-out:%d" % seed, digest_size=8).digest()
    return int.from_bytes(digest, "big") % BASIS_POINTS


def held_out() -> Outcome:
    """The outcome of such a turn."""
    return Outcome(reason=NoFill.HOLDOUT)
