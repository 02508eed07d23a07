"""Put a decided ad into a whole answer, or say why not.

The answer is never changed, only added to: cutting the spans of the field out of the content gives
the organic answer to the byte. What decides is the text and the decision alone. An ad that cannot
be disclosed, or an answer that cannot carry one, ends as a no-ad with its reason.
"""

import hashlib
from dataclasses import dataclass

from tollfree_sdk.contract import (
    AdDecision,
    Delivery,
    Format,
    NoFill,
    PlacedAd,
    Span,
    TollfreeField,
)
from tollfree_sdk.placement.disclosure import Disclosed, Undisclosable, disclose_unit
from tollfree_sdk.placement.flow import Similarity
from tollfree_sdk.placement.mention import Woven, weave
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
    similarity: Similarity | None = None,
) -> Placed:
    """Place `decision` in the whole answer `text`.

    `blocked` turns an ad into no ad with that reason. ``in_text=False`` keeps the ad out of the
    content (JSON mode, tool calls): it then travels in the field alone, if `delivery` asks for one.
    `similarity` finds the place of a mention; without one, shared words do.
    """
    may_weave = blocked is None and in_text and delivery is not Delivery.FIELD
    if decision.ad is not None and decision.ad.format is Format.MENTION and may_weave:
        woven = weave(text, decision.ad, similarity) if can_carry_a_unit(text) else None
        if woven is not None:
            content = text[: woven.position] + woven.block + text[woven.position :]
            return Placed(content, woven_field(text, decision, woven))
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
    """What follows the finished answer `organic`: a unit or nothing, and the field.

    A mention that found no place, and a link that found nothing to rewrite, end here as a unit.
    """
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


def woven_field(organic: str, decision: AdDecision, woven: Woven) -> TollfreeField:
    """The field of an answer with a mention in it."""
    span = Span(0, woven.position, woven.position + len(woven.block))
    return _with_ad(organic, decision, woven.disclosed, (span,))


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
