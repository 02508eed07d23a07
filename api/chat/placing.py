"""The one step between a decision and an answer, made safe.

Asks the answer gate, then places; whatever goes wrong on the way costs the ad and never the answer.
The failure is counted, and the field says `error`.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from api.chat.answer_gate import Finished, reason_against_an_ad
from kernel.telemetry import counter, logger
from tollfree_sdk.contract import AdDecision, NoFill, no_ad

Placement = TypeVar("Placement")

_log = logger(__name__)
_failures: Final = counter("placements_failed", "Ads that could not be placed in an answer.")


def place_safely(
    place: Callable[[AdDecision, NoFill | None], Placement],
    decision: AdDecision,
    finished: Finished,
) -> Placement:
    """`place` with the decision and the reason against it, or with no ad if that raises."""
    try:
        blocked = None if decision.ad is None else reason_against_an_ad(finished)
        return place(decision, blocked)
    except Exception as error:  # noqa: BLE001  a process edge: nonsense in an ad costs the ad only
        _failures.inc()
        _log.error("placement_failed", exc_info=error)
        return place(no_ad(NoFill.ERROR), None)
