"""The bodies of what is reported back: steps of an ad, and conversions.

    POST /ads/v1/events        {"events": [{"decision_id", "event": "rendered" | "viewable"}]}
    POST /ads/v1/conversions   {"event", "event_id", "click_id", "value"?, "currency"?}

`click_id` is the `tf_click` parameter that our click link adds to the landing page's address. All
are safe to repeat: a step counts once for each decision, a conversion once for each `event_id`.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tollfree_sdk.contract import Step

EVENTS: Final = "/ads/v1/events"
CONVERSIONS: Final = "/ads/v1/conversions"
_REPORTED: Final = frozenset({Step.RENDERED, Step.VIEWABLE})


def event_body(decision_id: str, step: Step | str) -> dict[str, Any]:
    """One step. Raises ValueError for a step that nobody reports."""
    known = Step(step)
    if known not in _REPORTED:
        raise ValueError(f"A {known} is not reported; the network records it itself.")
    return {"events": [{"decision_id": decision_id, "event": known.value}]}


def is_refused(told: Mapping[str, Any]) -> bool:
    """Whether the network took a reported step but does not count it."""
    events = told.get("events")
    return isinstance(events, list) and any(
        isinstance(event, Mapping) and event.get("refused") for event in events
    )


def conversion_body(
    *, event: str, event_id: str, click_id: str, value: Decimal | float | str | None, currency: str
) -> dict[str, Any]:
    """One conversion. Raises ValueError for a value that is no amount."""
    body: dict[str, Any] = {"event": event, "event_id": event_id, "click_id": click_id}
    if value is not None:
        body |= {"value": _amount(value), "currency": currency}
    return body


def _amount(value: Decimal | float | str) -> str:
    try:
        # By way of its digits: 19.99 is meant, not the binary number next to it.
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("A conversion's value must be an amount.") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError("A conversion's value must be an amount, not negative.")
    return f"{amount:f}"
