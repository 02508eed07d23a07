"""Does the model ever see an ad, and does every ad say so? Ten thousand answers through the whole API.

    python bench/independence.py [--count 10000] [--json]

Conversations of four turns over random answers (Markdown of every kind, code, CJK, right-to-left,
emoji, CRLF), each held twice in process with a client that resends what it got: with ads of any
format, label, delivery, streamed and plain, and without. Counted are turns whose bytes to the
upstream differ, answers that are not the model's own without their spans, ads without label and
name beside them, and options that removed one. All must be 0.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from api.access.ad_settings import AdSettings  # noqa: E402
from api.chat.completion import ChatHeart, ChatSettings  # noqa: E402
from api.http.chat_completions import ChatCompletions  # noqa: E402
from kernel.clock import SystemClock  # noqa: E402
from tests.api.fakes import PUBLIC_URL, FixedAds, Road, an_ad, post, verifies  # noqa: E402
from tests.api.hearing import Heard, generated_answers, heard, without_spans  # noqa: E402
from tests.sdk.ads import PREFACE  # noqa: E402
from tests.sdk.promises import PIECES  # noqa: E402
from tollfree_sdk.contract import Ad, Delivery, Format, Label  # noqa: E402
from tollfree_sdk.placement.links import Account  # noqa: E402

TURNS = 4
_EBAY = Account("ebay", {"campid": "1234567890"}, store="com")
_FORMATS = AdSettings(formats=tuple(Format), may_turn_off=False)
#: What a request may say that must leave every label where it is.
_OPTIONS: tuple[dict[str, Any], ...] = (
    {}, {"min_relevance": 0.1}, {"frequency": 50}, {"language": "de", "country": "DE"}, {"ads": "on"},
    {"keywords": ["label", "none"]}, {"blocked_categories": ["Sponsored"]}, {"placement": "no-label"},
    {"label": "", "sponsored": False, "disclosure": "off"}, {"session": "s", "end_user": "u"}, {"consent": True, "minor": False},
)  # fmt: skip


def a_road(settings: AdSettings, ads: Any) -> Road:
    road = Road(settings=settings, ads=ads)
    road.heart = ChatHeart(
        road.ads,
        road.routing,
        road.rows,
        SystemClock(),
        public_url=PUBLIC_URL,
        verifies=verifies,
        # Ads must come in time on a busy machine as well: what is late is not looked at here.
        settings=ChatSettings(decision_deadline_ms=5_000, affiliates=(_EBAY,)),
    )
    road.app = ChatCompletions(road.heart, road.keys)
    return road


def ads_of(dice: random.Random) -> FixedAds:
    return FixedAds(lambda number: _an_ad(number, dice))


def _an_ad(number: int, dice: random.Random) -> Ad:
    return an_ad(
        number,
        format=dice.choice(list(Format)),
        label=dice.choice(list(Label)),
        title=dice.choice(["Trail shoe Scree: 240 g", "Tempo 3", "Shoes [x](y)", "鞋"]),
        facts=("Weighs 240 g", "8 mm of drop"),
    )


def an_answer(dice: random.Random) -> str:
    if dice.random() < 0.4:
        return generated_answers(1, seed=dice.randrange(1 << 30))[0]
    lead = dice.choice(["", f"{PREFACE}\n\n"])
    answer = lead + "".join(dice.choices(PIECES, k=dice.randint(1, 9)))
    return answer.rstrip(dice.choice(["", "\n"]))


async def held(
    road: Road, answers: list[str], *, stream: bool, wishes: dict[str, Any] | None
) -> list[Heard]:
    """One conversation, by a client that resends our answers exactly as it got them."""
    told = {} if wishes is None else {"tollfree": wishes}
    road.upstream.text = lambda request: answers[(len(request["messages"]) - 1) // 2]
    messages: list[dict[str, Any]] = []
    said = []
    async with road.client() as client:
        for turn in range(len(answers)):
            messages.append({"role": "user", "content": f"Question {turn} about shoes?"})
            said.append(heard(await post(client, messages, stream=stream, **told)))
            messages.append({"role": "assistant", "content": said[-1].content})
    return said


async def one_conversation(dice: random.Random, counts: Counter[str]) -> None:
    answers = [an_answer(dice) for _ in range(TURNS)]
    stream, delivery = dice.random() < 0.5, dice.choice(list(Delivery))
    wishes = {"delivery": delivery.value, **dice.choice(_OPTIONS)}
    road, free = a_road(_FORMATS, ads_of(dice)), a_road(AdSettings(enabled=False), FixedAds())
    on = await held(road, answers, stream=stream, wishes=wishes)
    off = await held(free, answers, stream=stream, wishes=None)
    counts["upstream_differs"] += sum(
        one != other for one, other in zip(road.upstream.bodies, free.upstream.bodies, strict=True)
    )
    for organic, answer, plain in zip(answers, on, off, strict=True):
        counts["answers"] += 1
        counts["not_the_models_own"] += plain.content != organic
        field = answer.field or {"ads": []}
        counts["not_the_models_own"] += without_spans(answer.content, field["ads"]) != organic
        _count_disclosure(answer, field["ads"], delivery, organic, counts)


def _count_disclosure(
    answer: Heard, ads: list[dict[str, Any]], delivery: Delivery, organic: str, counts: Counter[str]
) -> None:
    if answer.content != organic:
        counts["text_with_an_ad"] += 1
        counts["undisclosed"] += not ads
    counts["ads_in_a_text_free_of_ads"] += delivery is Delivery.FIELD and answer.content != organic
    for ad in ads:
        counts[f"shown_as_{ad['format']}"] += 1
        name = ad["advertiser"]["name"]
        for form in (ad["text"], ad["markdown"], ad["html"]):
            counts["undisclosed"] += f"{ad['label']} · {name}" not in form.replace("\\", "")
        for span in ad["spans"][:1]:
            said = answer.content[span["start"] : span["end"]].replace("\\", "")
            words = f"· {name} (affiliate link)" if span["original"] else f"{ad['label']} · {name}"
            counts["undisclosed"] += words not in said


async def measured(count: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    dice = random.Random(1)
    while counts["answers"] < count:
        await one_conversation(dice, counts)
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    started = time.process_time()
    counts = asyncio.run(measured(asked.count))
    must = ("upstream_differs", "not_the_models_own", "undisclosed", "ads_in_a_text_free_of_ads")
    report: dict[str, Any] = dict(sorted(counts.items())) | {name: counts[name] for name in must}
    report["cpu_seconds"] = round(time.process_time() - started, 1)
    report["holds"] = not any(counts[name] for name in must) and bool(counts["text_with_an_ad"])
    print(
        json.dumps(report, indent=1)
        if asked.json
        else "\n".join(f"{name:26} {value}" for name, value in report.items())
    )
    return 0 if report["holds"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
