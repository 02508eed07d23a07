"""``tollfree match "text"``: the decision for one message, laid open.

Reads the catalog of the configured database and decides as the server would, but records nothing
and charges nothing. The text is neither stored nor logged.
"""

import argparse
import asyncio
import json
import sys
from typing import Any

from adserver.decision.match_report import MatchedCandidate, MatchReport
from adserver.decision.settings import DecisionSettings
from kernel.money import Micros
from kernel.telemetry import configure_logging
from tollfree import migrations
from tollfree.ad_side import build_ad_side
from tollfree.foundations import lay
from tollfree.migrate import explained
from tollfree.settings import StoreSettings, signing_keys_from, store_settings

_SHOWN = 8


def run(asked: argparse.Namespace) -> int:
    """Print the report; returns the exit code."""
    configure_logging(level="ERROR")
    report = asyncio.run(_match(store_settings(asked.data), asked.text))
    if asked.json:
        sys.stdout.write(json.dumps(report.to_json(), default=str) + "\n")
    else:
        sys.stdout.write(_text(report))
    return 0


async def _match(settings: StoreSettings, text: str) -> MatchReport:
    grounds = lay(
        database_url=settings.database(),
        redis_url=None,
        model_folder=settings.model_folder,
        data=settings.data,
        # Nothing is signed here; the ring only has to exist.
        signing=signing_keys_from(f"1:{'00' * 32}"),
        public_url="http://localhost",
    )
    try:
        with explained():
            await migrations.require_newest(grounds.database)
        ads = await build_ad_side(grounds, DecisionSettings(), programs_pay=False)
        await ads.warm_up()
        report = await asyncio.to_thread(ads.engine.match, text)
        await ads.engine.close()
        return report
    finally:
        await grounds.close()


def _text(report: MatchReport) -> str:
    lines = []
    if report.winner is not None and report.price_micros is not None:
        price = Micros(report.price_micros).text(decimals=4)
        lines.append(f"✓ {report.winner.advertiser}: {report.winner.title}")
        lines.append(f"  a click would cost {price}, relevance {report.winner.relevance:.2f}")
    else:
        lines.append(f"✗ no ad: {report.no_fill_reason}")
    details = {"commercial": report.commercial, "topic": report.topic, "language": report.language}
    shown = ", ".join(f"{name} {_short(value)}" for name, value in details.items() if value)
    lines.append(f"  {shown}" if shown else "")
    lines += [_candidate(one) for one in report.candidates[:_SHOWN]]
    return "\n".join(lines) + "\n"


def _candidate(one: MatchedCandidate) -> str:
    state = one.filter or "in the auction"
    return (
        f"  {one.relevance:5.2f} relevant {one.score / 1_000_000:7.4f} score  {state:<18}"
        f"  {one.advertiser}: {one.title}"
    )


def _short(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
