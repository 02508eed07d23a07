"""The mention: one sponsored sentence between two paragraphs of an answer.

Composed by template from the creative's approved facts, at most thirty words with label and name,
and verified after composing; what fails is not woven, and the ad becomes a unit. The frame is what
`remove` knows it by.

    …a light shoe with a firm heel.

    **Sponsored · Strideworks:** [Trail shoe Scree: 280 g in size 42.](https://…/c/…)

    Try both on in the evening…
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from tollfree_sdk.contract import Ad
from tollfree_sdk.placement.ad_copy import clean
from tollfree_sdk.placement.boundaries import Boundary, boundaries
from tollfree_sdk.placement.claims import flaws
from tollfree_sdk.placement.disclosure import Disclosed, Undisclosable, disclose_mention
from tollfree_sdk.placement.flow import (
    Similarity,
    WordOverlap,
    first_sentence,
    flow,
    last_sentence,
)

LONGEST_WORDS: Final = 30
# Beyond these the gain is small, and with an embedder each comparison costs milliseconds.
_MOST_PLACES: Final = 8
_MOST_SENTENCES: Final = 6
# A reader pays for each word; between sentences that fit alike the short one is said.
_COST_OF_A_WORD: Final = 0.01

#: A mention in Markdown with the blank line after it; `{click}` stands for its link's pattern.
MENTION_FRAME: Final = (
    r"\*\*(?:Sponsored|Ad|Affiliate link) · (?:\\.|[^\\*\n])+:\*\* "
    r"\[(?:\\.|[^\\\]\n])+\]\({click}\)\n\n"
)
_SUBJECT_END: Final = re.compile(r"\s*[:;,–—|]\s+|\s+-\s+|\.(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Woven:
    """A mention and the place in the organic answer before which its `block` stands."""

    position: int
    block: str
    disclosed: Disclosed


def weave(answer: str, ad: Ad, similarity: Similarity | None = None) -> Woven | None:
    """The best sentence at the best place of a whole answer; None if there is none."""
    sentences = [(_as_read(said, shown), shown, _cost(said)) for said, shown in mentions(ad)]
    compare = WordOverlap() if similarity is None else similarity
    best: tuple[float, Boundary, Disclosed] | None = None
    if not sentences:
        return None
    for place in islice(boundaries(answer), _MOST_PLACES):
        before, after = last_sentence(place.before), first_sentence(place.after)
        apart = compare(before, after)
        for read, shown, cost in sentences:
            score = flow(read, before, after, compare, apart) - cost
            if best is None or score > best[0]:
                best = (score, place, shown)
    if best is None:
        return None
    woven = Woven(best[1].position, mention_block(best[2]), best[2])
    return woven if is_sound(woven, answer) else None


def mention_after(
    block: str, so_far: str, ad: Ad, similarity: Similarity | None = None
) -> Disclosed | None:
    """The best sentence behind `block`, for a stream that does not know what comes next.

    What has been said `so_far` stands in for the sentence that will follow.
    """
    before = last_sentence(block)
    compare = WordOverlap() if similarity is None else similarity
    best: tuple[float, Disclosed] | None = None
    for said, shown in mentions(ad):
        read = _as_read(said, shown)
        score = compare(read, before) + compare(read, so_far) - _cost(said)
        if best is None or score > best[0]:
            best = (score, shown)
    return None if best is None else best[1]


def mention_block(disclosed: Disclosed) -> str:
    """What is inserted before a paragraph."""
    return disclosed.markdown + "\n\n"


def mentions(ad: Ad) -> Iterator[tuple[str, Disclosed]]:
    """Every sentence that this ad may say, the most telling first; at most a handful."""
    facts = tuple(clean(fact, limit=200).rstrip(".") for fact in ad.facts)
    subject = _subject(clean(ad.title, limit=120), facts)
    if subject and ad.advertiser.name.casefold().startswith(subject.casefold()):
        # The name stands right before the sentence as it is.
        subject = ""
    composed = [f"{subject}: {fact}." for fact in facts if fact and subject]
    composed += [f"{fact}." for fact in facts if fact]
    found = 0
    for sentence in composed:
        if found == _MOST_SENTENCES:
            return
        disclosed = _checked(sentence, ad, facts)
        if disclosed is not None:
            found += 1
            yield sentence, disclosed


def is_sound(woven: Woven, answer: str) -> bool:
    """The last look: cutting the mention out of the woven answer gives the answer."""
    text = answer[: woven.position] + woven.block + answer[woven.position :]
    end = woven.position + len(woven.block)
    ad = woven.disclosed.ad
    return (
        text[: woven.position] + text[end:] == answer
        and woven.block.startswith(f"**{ad.label} · ")
        and woven.block.count("://") == woven.block.count(f"]({ad.click_url})") == 1
    )


def _as_read(sentence: str, shown: Disclosed) -> str:
    """A mention in a reader's eyes: label and name are part of what joins, or does not."""
    return f"{shown.ad.label} · {shown.ad.advertiser.name}: {sentence}"


def _cost(sentence: str) -> float:
    return _COST_OF_A_WORD * len(sentence.split())


def _checked(sentence: str, ad: Ad, facts: tuple[str, ...]) -> Disclosed | None:
    if flaws(sentence, facts):
        return None
    try:
        disclosed = disclose_mention(ad, sentence)
    except Undisclosable:
        return None
    words = f"{ad.label} {disclosed.ad.advertiser.name} {sentence}".split()
    return disclosed if len(words) <= LONGEST_WORDS else None


def _subject(title: str, facts: tuple[str, ...]) -> str:
    """What the facts are about: the head of the title, if it claims nothing by itself."""
    head = _SUBJECT_END.split(title, maxsplit=1)[0].strip()
    is_name = 0 < len(head.split()) <= 6 and "?" not in title and not flaws(head, facts)
    return head if is_name else ""
