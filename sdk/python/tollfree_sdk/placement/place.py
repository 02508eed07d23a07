"""Put a decided ad into a whole answer, or say why not.

The answer is never changed, only added to: cutting the spans of the field out of the content gives
the organic answer to the byte. What decides is the text and the decision alone. An ad that cannot
be disclosed, or an answer that cannot carry one, ends as a no-ad with its reason.
"""

import hashlib
from dataclasses import dataclass, replace

from tollfree_sdk.contract import (
    Ad,
    AdDecision,
    Delivery,
    Format,
    NoFill,
    PlacedAd,
    Span,
    TollfreeField,
)
from tollfree_sdk.placement.disclosure import (
    Disclosed,
    Undisclosable,
    disclose_link,
    disclose_unit,
)
from tollfree_sdk.placement.flow import Similarity
from tollfree_sdk.placement.links.rewriter import LinkPolicy, LinkRewriter
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
    links: LinkPolicy | None = None,
) -> Placed:
    """Place `decision` in the whole answer `text`.

    `blocked` turns an ad into no ad with that reason. ``in_text=False`` keeps the ad out of the
    content (JSON mode, tool calls): it then travels in the field alone, if `delivery` asks for one.
    `similarity` finds the place of a mention; without one, shared words do. `links` says what a
    decision of the link format may rewrite.
    """
    if decision.ad is not None and blocked is None and in_text and delivery is not Delivery.FIELD:
        placed = _placed_inside(text, decision, decision.ad, similarity=similarity, links=links)
        if placed is not None:
            return placed
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

    A mention that found no place ends here as a unit; links with nothing to rewrite as no ad.
    """
    ad = decision.ad
    refusal = decision.no_fill_reason if ad is None else blocked
    if ad is not None and refusal is None and ad.format is Format.LINK:
        refusal = NoFill.NOT_PLACEABLE
    if ad is None or refusal is not None:
        return "", _without_ad(organic, decision, refusal)
    try:
        disclosed = disclose_unit(ad)
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


def linked_field(
    organic: str, decision: AdDecision, rewriter: LinkRewriter
) -> tuple[str, TollfreeField]:
    """What the programmes make us say at the end, and the field of an answer with our links."""
    why_url = "" if decision.ad is None else decision.ad.why_url
    ads, end = [], len(organic)
    for link in rewriter.links:
        shown = disclose_link(link.merchant, link.host, link.url, why_url)
        ads.append(PlacedAd(shown.ad, shown.text, shown.markdown, shown.html, (link.span,)))
        end += link.span.end - link.span.start - len(link.span.original or "")
    said = dict.fromkeys(link.sentence for link in rewriter.links if link.sentence)
    sentences = "".join(f"\n\n{sentence}" for sentence in said)
    if sentences:
        ads[0] = replace(ads[0], spans=(*ads[0].spans, Span(0, end, end + len(sentences))))
    return sentences, TollfreeField(
        decision.decision_id, tuple(ads), None, organic_sha256(organic), decision.decided_in_ms
    )


def _placed_inside(
    text: str,
    decision: AdDecision,
    ad: Ad,
    *,
    similarity: Similarity | None,
    links: LinkPolicy | None,
) -> Placed | None:
    """The answer with a mention or with links in it; None if that is not for this ad or answer."""
    if ad.format is Format.MENTION and can_carry_a_unit(text):
        woven = weave(text, ad, similarity)
        if woven is not None:
            content = text[: woven.position] + woven.block + text[woven.position :]
            return Placed(content, woven_field(text, decision, woven))
    if ad.format is Format.LINK and links is not None:
        rewriter = LinkRewriter(links)
        content = rewriter.feed(text) + rewriter.finish()
        if rewriter.links:
            sentence, field = linked_field(text, decision, rewriter)
            return Placed(content + sentence, field)
    return None


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
