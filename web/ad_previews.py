"""How an ad will look, made by the code that places ads; for editors and reviewers.

A unit, the mention inside an answer where the facts allow one, and the note beside a link: the label
is put there by the placement itself, so a preview cannot show an ad without one. Links of a preview
lead nowhere.
"""

from dataclasses import dataclass
from typing import Final

from tollfree_sdk.contract import Ad, AdDecision, Advertiser, Delivery, Format, Label
from tollfree_sdk.placement.disclosure import Undisclosable, link_note
from tollfree_sdk.placement.mention import weave
from tollfree_sdk.placement.place import place_answer

ANSWER: Final = (
    "It depends on how and where you use it, and how often.\n\n"
    "Look at the material first, then at the fit, and try it for some days before you decide.\n\n"
    "Whatever you choose, keep the receipt."
)
_NOWHERE: Final = "https://example.com/preview"


@dataclass(frozen=True)
class AdPreviews:
    """Paragraphs as a reader gets them; `mention` is empty where no fact can be said."""

    unit: str
    mention: tuple[str, ...]
    mention_at: int
    link: str


def ad_previews(
    *,
    advertiser: str,
    domain: str,
    title: str,
    body: str,
    cta: str,
    facts: tuple[str, ...],
) -> AdPreviews:
    """The three formats of one copy."""

    def ad(form: Format) -> Ad:
        who = Advertiser(advertiser, domain)
        return Ad(form, Label.SPONSORED, who, title, body, cta, _NOWHERE, _NOWHERE, 0.8, facts)

    try:
        decision = AdDecision("dec_preview", ad(Format.UNIT), None)
        placed = place_answer(ANSWER, decision, delivery=Delivery.CONTENT)
        unit = _plain(placed.content[len(ANSWER) :])
        woven = weave(ANSWER, ad(Format.MENTION))
    except Undisclosable:
        return AdPreviews("", (), -1, "")
    note = _plain(link_note(advertiser))
    if woven is None:
        return AdPreviews(unit, (), -1, note)
    before, after = ANSWER[: woven.position], ANSWER[woven.position :]
    said = [_plain(part) for part in before.split("\n\n") if part.strip()]
    rest = [_plain(part) for part in after.split("\n\n") if part.strip()]
    return AdPreviews(unit, (*said, _plain(woven.disclosed.markdown), *rest), len(said), note)


def _plain(markdown: str) -> str:
    """Markdown of ours as words: emphasis and addresses go, the words of links stay."""
    text, kept, depth = markdown.replace("**", "").replace("---", ""), [], 0
    at = 0
    while at < len(text):
        if text.startswith("](", at):
            depth, at = depth + 1, at + 2
            continue
        if depth:
            depth -= text[at] == ")"
        elif text[at] not in "[\\":
            kept.append(text[at])
        at += 1
    return " ".join("".join(kept).split())
