"""The bodies of what is reported back: steps of an ad, and conversions.

    POST /ads/v1/events        {"events": [{"decision_id", "step", "at"?}]}
    POST /ads/v1/conversions   {"event", "event_id", "click_id", "value_micros"?, "currency"?}

`click_id` is the `tf_click` parameter that our click link adds to the landing page's address. All
are safe to repeat: a step counts once for each decision, a conversion once for each `event_id`.
"""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tollfree_sdk.contract import Step

EVENTS: Final = "/ads/v1/events"
CONVERSIONS: Final = "/ads/v1/conversions"
_REPORTED: Final = frozenset({Step.DELIVERED, Step.RENDERED, Step.VIEWABLE})


def event_body(decision_id: str, step: Step | str) -> dict[str, Any]:
    """One step. Raises ValueError for a step that nobody reports."""
    known = Step(step)
    if known not in _REPORTED:
        raise ValueError(f"A {known} is not reported; the network records it itself.")
    return {"events": [{"decision_id": decision_id, "step": known.value}]}


def conversion_body(
    *, event: str, event_id: str, click_id: str, value: Decimal | float | str | None, currency: str
) -> dict[str, Any]:
    """One conversion. Raises ValueError for a value that is no amount."""
    body: dict[str, Any] = {"event": event, "event_id": event_id, "click_id": click_id}
    if value is not None:
        body |= {"value_micros": _micros(value), "currency": currency}
    return body


def _micros(value: Decimal | float | str) -> int:
    try:
        # By way of its digits: 19.99 is meant, not the binary number next to it.
        amount = Decimal(str(value)) * 1_000_000
    except InvalidOperation:
        raise ValueError("A conversion's value must be an amount.") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError("A conversion's value must be an amount, not negative.")
    return int(amount)
