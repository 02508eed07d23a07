"""Hostile creatives in every format: what of them reaches a reader, and does it touch the answer?

    python bench/hostile.py --data DIR [--json] [--count 1000]

Places each creative as unit, as mention and beside rewritten links; the attacks are our own, with
BIPIA's (bipia/*.json) mixed in. Counts addresses that were not approved, control and invisible
letters, answers that changed, and texts on whose links two Markdown parsers disagree. All must be 0.
"""

import argparse
import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.sdk import test_hostile as checks  # noqa: E402
from tests.sdk.hostile import hostile_ads  # noqa: E402
from tollfree_sdk.contract import Ad, Format  # noqa: E402


def attacks(data: Path) -> tuple[str, ...]:
    """BIPIA's attacks, each as one text."""
    found: list[str] = []
    for path in sorted((data / "bipia").glob("*.json")):
        for listed in json.loads(path.read_text("utf-8")).values():
            found.extend(listed)
    return tuple(found)


def measure(ad: Ad, counts: Counter[str]) -> None:
    counts["placed_asked"] += 1
    content, field = checks.placed(ad)
    if checks.organic_of(content, field) != checks.ANSWER:
        counts["answers_changed"] += 1
    if not field.ads:
        counts["not_shown"] += 1
        return
    counts[f"shown_as_{field.ads[0].ad.format}"] += 1
    allowed = {checks.PRODUCT, field.ads[0].ad.click_url} | checks.OURS
    one, _ = checks.addresses(checks._markdown_it.render(content))  # noqa: SLF001
    other, _ = checks.addresses(str(checks._mistune(content)))  # noqa: SLF001
    counts["parsers_disagree"] += one != other
    counts["unapproved_addresses"] += len((one | other) - allowed)
    page, tags = checks.addresses(field.ads[0].html)
    counts["unapproved_addresses"] += len(page - allowed)
    counts["foreign_tags"] += len(tags - {"aside", "p", "strong", "a"})
    for word in (content, field.ads[0].text, field.ads[0].markdown, field.ads[0].html):
        try:
            checks._is_harmless(word)  # noqa: SLF001
        except AssertionError:
            counts["control_letters"] += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    foreign = attacks(asked.data)
    if not foreign:
        parser.error(f"There is no bipia/*.json in {asked.data}.")
    counts: Counter[str] = Counter()
    for ad in hostile_ads(asked.count, extra=foreign):
        for form in Format:
            measure(replace(ad, format=form), counts)
    for attack in foreign:
        for form in Format:
            measure(replace(next(hostile_ads(1)), format=form, title=attack, body=attack), counts)
    must = (
        "answers_changed",
        "unapproved_addresses",
        "control_letters",
        "foreign_tags",
        "parsers_disagree",
    )
    report: dict[str, Any] = {"attacks_of_bipia": len(foreign), **counts}
    report |= {name: counts[name] for name in must}
    report["holds"] = not any(counts[name] for name in must)
    print(
        json.dumps(report, indent=1)
        if asked.json
        else "\n".join(f"{n:24} {v}" for n, v in report.items())
    )
    return 0 if report["holds"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
