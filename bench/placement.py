"""What we promise of placement, over tens of thousands of random answers, and what placement costs.

    python bench/placement.py [--count 10000] [--json]

Each case is an answer of Markdown of every kind (code, lists, tables, CJK, right-to-left, emoji,
CRLF), an ad of any format and label, any delivery and option, whole and in random chunks; checked
are label and name beside the ad, the answer without its spans, the resent history, and equal bytes
for any chunking. Then the CPU time of a chunk and of a whole answer of 300 words.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.sdk.ads import a_decision, an_ad  # noqa: E402
from tests.sdk.promises import BOOK, a_case, check  # noqa: E402
from tollfree_sdk.contract import AdDecision, Delivery, Format  # noqa: E402
from tollfree_sdk.placement import StreamPlacer, place_answer  # noqa: E402
from tollfree_sdk.placement.links import LinkPolicy  # noqa: E402

PARAGRAPH = (
    "A trail shoe grips wet rock and roots, and its sole is a little harder than that of a road "
    "shoe, which is light and soft; look at the weight, the drop and the width of the toe box.\n\n"
)
ANSWER = PARAGRAPH * 8 + "See https://www.ebay.com/itm/123456789012 as well.\n\n" + PARAGRAPH
FACTS = ("Weighs 240 g", "8 mm of drop")
MOST_CHUNK_US, MOST_PLAIN_MS = 10, 1


def costs() -> dict[str, float]:
    found = {}
    for form in Format:
        decision = a_decision(an_ad(format=form, title="Trail shoe Scree", facts=FACTS))
        links = LinkPolicy(BOOK)
        found[f"{form}_plain_ms"] = 1_000 * _median(
            lambda decision=decision, links=links: place_answer(  # type: ignore[misc]
                ANSWER, decision, delivery=Delivery.CONTENT, links=links
            )
        )
        chunks = [ANSWER[at : at + 5] for at in range(0, len(ANSWER), 5)]

        def stream(
            decision: AdDecision = decision,
            links: LinkPolicy = links,
            chunks: list[str] = chunks,
        ) -> None:
            placer = StreamPlacer(delivery=Delivery.CONTENT, links=links)
            placer.know(decision)
            for chunk in chunks:
                placer.feed(chunk)
            placer.finish(decision)

        found[f"{form}_chunk_us"] = 1_000_000 * _median(stream) / len(chunks)
    return {name: round(value, 3) for name, value in found.items()}


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(60):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return statistics.median(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    dice = random.Random(1)
    shown = sum(check(a_case(dice)) for _ in range(asked.count))
    report: dict[str, object] = {"cases": asked.count, "texts_with_an_ad": shown, "violations": 0}
    cost = costs()
    report |= cost
    report["holds"] = all(
        value <= (MOST_CHUNK_US if name.endswith("_us") else MOST_PLAIN_MS)
        for name, value in cost.items()
    )
    print(
        json.dumps(report, indent=1)
        if asked.json
        else "\n".join(f"{n:22} {v}" for n, v in report.items())
    )
    return 0 if report["holds"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
