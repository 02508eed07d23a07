"""The one step between a decision and an answer, made safe.

Asks the answer gate, then places; whatever goes wrong on the way costs the ad and never the answer.
The failure is counted, and the field says `error`.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from api.chat.answer_gate import Finished, Leave, leave_of
from kernel.telemetry import counter, logger
from tollfree_sdk.contract import AdDecision, Delivery, NoFill, no_ad

Placement = TypeVar("Placement")

_FREE: Final = Leave(None)
_log = logger(__name__)
_failures: Final = counter("placements_failed", "Ads that could not be placed in an answer.")


def place_safely(
    place: Callable[[AdDecision, Leave], Placement],
    decision: AdDecision,
    finished: Finished,
    delivery: Delivery,
) -> Placement:
    """`place` with the decision and what the answer allows, or with no ad if that raises."""
    try:
        return place(decision, _FREE if decision.ad is None else leave_of(finished, delivery))
    except Exception as error:  # noqa: BLE001  a process edge: nonsense in an ad costs the ad only
        _failures.inc()
        _log.error("placement_failed", exc_info=error)
        return place(no_ad(NoFill.ERROR), _FREE)
