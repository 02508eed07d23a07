"""Put a decided ad into a whole answer, or say why not.

The answer is never changed, only added to: cutting the spans of the field out of the content gives
the organic answer to the byte. What decides is the text and the decision alone. An ad that cannot
be disclosed, or an answer that cannot carry one, ends as a no-ad with its reason.
"""

import hashlib
from dataclasses import dataclass

from tollfree_sdk.contract import AdDecision, Delivery, NoFill, PlacedAd, Span, TollfreeField
from tollfree_sdk.placement.disclosure import Disclosed, Undisclosable, disclose_unit
from tollfree_sdk.placement.outline import can_carry_a_unit
from tollfree_sdk.placement.unit import unit_block


@dataclass(frozen=True, slots=True)
class Placed:
    """An answer as delivered, and the field that describes its ad."""

    content: str
    field: TollfreeField


def place_answer(
    text: str,
    decision: AdDecision,
    *,
    delivery: Delivery,
    blocked: NoFill | None = None,
    in_text: bool = True,
) -> Placed:
    """Place `decision` in the whole answer `text`.

    `blocked` turns an ad into no ad with that reason. ``in_text=False`` keeps the ad out of the
    content (JSON mode, tool calls): it then travels in the field alone, if `delivery` asks for one.
    """
    tail, field = ending(text, decision, delivery=delivery, blocked=blocked, in_text=in_text)
    return Placed(text + tail, field)


def ending(
    organic: str,
    decision: AdDecision,
    *,
    delivery: Delivery,
    blocked: NoFill | None,
    in_text: bool,
) -> tuple[str, TollfreeField]:
    """What follows the finished answer `organic`: ad text, perhaps none, and the field."""
    if decision.ad is None:
        return "", _without_ad(organic, decision, decision.no_fill_reason)
    if blocked is not None:
        return "", _without_ad(organic, decision, blocked)
    try:
        disclosed = disclose_unit(decision.ad)
    except Undisclosable:
        return "", _without_ad(organic, decision, NoFill.ERROR)
    if delivery is not Delivery.FIELD and in_text and can_carry_a_unit(organic):
        block = unit_block(disclosed)
        span = Span(choice=0, start=len(organic), end=len(organic) + len(block))
        return block, _with_ad(organic, decision, disclosed, (span,))
    if delivery is Delivery.CONTENT:
        return "", _without_ad(organic, decision, NoFill.NOT_PLACEABLE)
    return "", _with_ad(organic, decision, disclosed, ())


def _with_ad(
    organic: str, decision: AdDecision, disclosed: Disclosed, spans: tuple[Span, ...]
) -> TollfreeField:
    placed = PlacedAd(disclosed.ad, disclosed.text, disclosed.markdown, disclosed.html, spans)
    return TollfreeField(
        decision.decision_id, (placed,), None, organic_sha256(organic), decision.decided_in_ms
    )


def _without_ad(organic: str, decision: AdDecision, reason: NoFill | None) -> TollfreeField:
    return TollfreeField(
        decision.decision_id, (), reason, organic_sha256(organic), decision.decided_in_ms
    )


def organic_sha256(organic: str) -> str:
    """The digest by which anyone can check that the answer is the ad-free one."""
    # JSON can carry half of a surrogate pair; such text has a digest too.
    return hashlib.sha256(organic.encode("utf-8", "surrogatepass")).hexdigest()
