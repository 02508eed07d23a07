"""Random answers, ads and options, and what must hold for each of them.

Used by the suite for a few hundred and by bench/placement.py for tens of thousands.
"""

import itertools
import random
from dataclasses import dataclass
from typing import Any

from tests.sdk.ads import PREFACE, PUBLIC_URL, TOKEN, a_decision, an_ad
from tollfree_sdk.contract import AdDecision, Delivery, Format, Label, NoFill, TollfreeField
from tollfree_sdk.placement import StreamPlacer, place_answer, remove
from tollfree_sdk.placement.links import Account, LinkBook, LinkPolicy, Supplied

PIECES = (
    "# Running shoes\n\n", "Shoes differ in weight and drop.\n\n", "A trail shoe grips wet rock.\n\n",
    "Road shoes are light; look at [the Tarn](https://www.ebay.com/itm/123456789012) first.\n\n",
    "See https://www.ebay.com/itm/210987654321?var=4#d or <https://www.ebay.com/p/123>.\n\n",
    "- a firm heel\n- a wide toe box\n\n", "1. one\n2. two\n\n", "> Somebody said so.\n\n",
    "| shoe | grams |\n|---|---|\n| Scree | 240 |\n\n", "```python\nprint('https://www.ebay.com/itm/1')\n```\n\n",
    "~~~\ncode\n\nmore\n~~~\n\n", "`inline` and **bold** and _it_.\n\n", "跑鞋的重量各不相同。\n\n", "シューズは軽い。\n\n",
    "الأحذية تختلف في الوزن.\n\n", "נעליים קלות.\n\n", "👟🏃‍♀️ 👩‍👩‍👧 run\n\n", "Line one\r\nline two\r\n\r\n", "$$\nx^2\n$$\n\n",
    "Warning: never mix bleach with ammonia.\n\n", "<details><summary>More</summary>\n\ninside\n\n</details>\n\n",
    "Walk in both before you choose.\n\n", "Sponsored words of the model's own.\n\n", '{"a": 1}\n\n', "\t tabs\n\n", "\u00a0\n\n",
)  # fmt: skip
BOOK = LinkBook((Account("ebay", {"campid": "1234567890"}, store="com"),), sub_id="app_1")
LABELS = tuple(label.value for label in Label)


@dataclass(frozen=True)
class Case:
    """One answer with one ad under one set of options."""

    answer: str
    decision: AdDecision
    delivery: Delivery
    blocked: NoFill | None
    in_text: bool
    links: LinkPolicy | None
    known_at: int
    chunks: tuple[str, ...]


def a_case(dice: random.Random) -> Case:
    lead = dice.choice(["", f"{PREFACE}\n\n"])
    answer = lead + "".join(dice.choices(PIECES, k=dice.randint(1, 9)))
    answer = answer.rstrip(dice.choice(["", "\n"]))
    ad = an_ad(
        format=dice.choice(list(Format)),
        label=dice.choice(list(Label)),
        title=dice.choice(["Trail shoe Scree: 240 g", "Tempo 3", "Shoes [x](y)", "鞋"]),
        facts=tuple(
            dice.sample(["Weighs 240 g", "8 mm of drop", "The best shoe", "Made in Porto"], 2)
        ),
    )
    supplied = Supplied.by(("https://www.ebay.com/p/123",)) if dice.random() < 0.3 else Supplied()
    cuts = sorted(dice.randint(0, len(answer)) for _ in range(dice.randint(0, 30)))
    borders = [0, *cuts, len(answer)]
    return Case(
        answer,
        a_decision(ad),
        dice.choice(list(Delivery)),
        dice.choice([None, None, None, NoFill.SENSITIVE_TOPIC]),
        dice.random() < 0.8,
        LinkPolicy(BOOK, supplied) if dice.random() < 0.8 else None,
        dice.choice([0, 0, dice.randint(0, len(answer))]),
        tuple(answer[a:b] for a, b in itertools.pairwise(borders)),
    )


def plain(case: Case) -> tuple[str, TollfreeField]:
    placed = place_answer(
        case.answer,
        case.decision,
        delivery=case.delivery,
        blocked=case.blocked,
        in_text=case.in_text,
        links=case.links,
    )
    return placed.content, placed.field


def streamed(case: Case, chunks: tuple[str, ...]) -> tuple[str, TollfreeField]:
    """The decision comes at `known_at`, whatever the chunks."""
    placer = StreamPlacer(delivery=case.delivery, links=case.links)
    delivered, position, is_known = "", 0, case.blocked is not None or not case.in_text
    for chunk in chunks:
        at = case.known_at - position
        if not is_known and at <= len(chunk):
            delivered += placer.feed(chunk[:at])
            placer.know(case.decision)
            delivered += placer.feed(chunk[at:])
            is_known = True
        else:
            delivered += placer.feed(chunk)
        position += len(chunk)
    end = placer.finish(case.decision, blocked=case.blocked, in_text=case.in_text)
    return delivered + end.tail, end.field


def check(case: Case) -> int:
    """Everything that must hold; how many of the two answers carried an ad in their text."""
    shown = 0
    one = streamed(case, case.chunks)
    other = streamed(case, (case.answer,))
    assert one == other, "the same bytes for any chunking"
    whole = plain(case)
    _is_settled(case, *whole)
    for content, field in (whole, one):
        _is_disclosed(case, content, field)
        _is_independent(case, content, field)
        shown += any(ad.spans for ad in field.ads)
    return shown


def _is_disclosed(case: Case, content: str, field: TollfreeField) -> None:
    assert bool(field.ads) != (field.no_fill_reason is not None)
    if case.delivery is Delivery.FIELD or not case.in_text or case.blocked:
        assert content == case.answer, "nothing stands in a text that must be free of ads"
    for placed in field.ads:
        name = placed.ad.advertiser.name
        assert placed.ad.label.value in LABELS
        assert name
        for form in (placed.text, placed.markdown, placed.html):
            assert f"{placed.ad.label} · {name}" in form.replace("\\", "")
        if not placed.spans:
            assert case.delivery is not Delivery.CONTENT
        for span in placed.spans[:1]:
            said = content[span.start : span.end].replace("\\", "")
            words = f"· {name} (affiliate link)" if span.original else f"{placed.ad.label} · {name}"
            assert words in said, said


def _is_independent(case: Case, content: str, field: TollfreeField) -> None:
    text = content
    spans = [span for ad in field.ads for span in ad.spans]
    for span in sorted(spans, key=lambda found: -found.start):
        text = text[: span.start] + (span.original or "") + text[span.end :]
    assert text == case.answer, "the answer without its spans is the model's own"
    told: list[dict[str, Any]] = [{"role": "assistant", "content": content}]
    removed = remove(told, public_url=PUBLIC_URL, verifies=lambda token: token == TOKEN, links=BOOK)
    assert removed.messages[0]["content"] == case.answer, "the next turn goes upstream without it"


def _is_settled(case: Case, content: str, field: TollfreeField) -> None:
    if case.links is None or not field.ads or field.ads[0].ad.format is not Format.LINK:
        return
    again = place_answer(content, case.decision, delivery=Delivery.CONTENT, links=case.links)
    assert again.field.no_fill_reason is NoFill.NOT_PLACEABLE, "rewriting twice changes nothing"
    assert again.content == content
