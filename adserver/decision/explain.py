"""Say why: run a decision again from its event, and put into words why an ad was shown.

A replay uses the very function that decided and reads nothing but the trace, so it gives the same
winner and price, or the same reason, for as long as we keep the event. The words for readers name
who paid and what the ad was matched by, never what was said, and no price.
"""

from collections.abc import Mapping
from typing import Any

from adserver.decision.holdout import held_out
from adserver.decision.outcome import Outcome, settle
from adserver.decision.trace import read_trace

_NEARNESS = ((0.85, "very closely"), (0.65, "closely"), (0.0, "loosely"))


def replay(stored: Mapping[str, Any]) -> Outcome:
    """Decide again from a stored trace."""
    trace = read_trace(stored)
    if trace.gate is not None:
        return Outcome(reason=trace.gate)
    outcome = settle(trace.candidates, seed=trace.seed, relevance_floor=trace.relevance_floor)
    return held_out() if trace.is_held_out else outcome


def why_matched(*, subject: str, relevance: float, test: bool) -> str:
    """One sentence for the reader: what the ad was matched by."""
    if test:
        return "It is a test message of this network. Nobody pays for it."
    nearness = next(word for least, word in _NEARNESS if relevance >= least)
    return f"The subject of the question, {subject.lower()}, fits this ad {nearness}."
