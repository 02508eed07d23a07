"""``tollfree explain <decision>``: every candidate of a decision, and whether it replays the same.

    exit code 0 the replay agrees; 1 it does not

Reads the event in the configured database and changes nothing. Without a decision it counts how the
decisions of the last hours ended.
"""

import argparse
import asyncio
import json
import sys
from typing import Any

from adserver.decision.explanation import Explanation, explanation_of, reasons_since
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.ids import id_from_bytes
from kernel.money import Micros
from tollfree.migrate import explained
from tollfree.settings import store_settings

_SHOWN = 12


def run(asked: argparse.Namespace) -> int:
    """Print the explanation; returns the exit code."""
    url = store_settings(asked.data).database()
    if asked.decision is None:
        counts = asyncio.run(_reasons(url, asked.hours))
        sys.stdout.write(json.dumps(counts) + "\n" if asked.json else _counted(counts))
        return 0
    found = asyncio.run(_explain(url, asked.decision))
    text = json.dumps(found.to_json(), default=str) + "\n" if asked.json else _text(found)
    sys.stdout.write(text)
    return 0 if found.is_same else 1


async def _explain(url: str, decision_id: str) -> Explanation:
    database = Database(url)
    try:
        with explained():
            async with database.reading() as session:
                return await explanation_of(session, decision_id)
    finally:
        await database.close()


async def _reasons(url: str, hours: float) -> dict[str, int]:
    since = SystemClock().now().timestamp() - hours * 3600
    first = id_from_bytes("dec", max(0, int(since * 1000)).to_bytes(6, "big") + bytes(10))
    database = Database(url)
    try:
        with explained():
            async with database.reading() as session:
                return await reasons_since(session, first)
    finally:
        await database.close()


def _text(found: Explanation) -> str:
    one = found.decision
    if one["creative"]:
        price = Micros(one["price_micros"]).text(decimals=4)
        lines = [f"✓ {one['creative']} as {one['format']} for {price} ({one['bid_type']})"]
    else:
        lines = [f"✗ no ad: {one['no_fill_reason']}"]
    if one["held_out"]:
        lines.append(f"  held out: {one['held_out']['creative']} would have won")
    steps = ", ".join(step["step"] for step in one["steps"]) or "none"
    lines.append(f"  at {one['at']}, topic {one['topic'] or '-'}, steps: {steps}")
    lines += [_candidate(candidate) for candidate in found.candidates[:_SHOWN]]
    agrees = "gives the same" if found.is_same else f"gives something else: {found.replayed}"
    lines.append(f"  The replay {agrees}.")
    return "\n".join(lines) + "\n"


def _candidate(one: Any) -> str:
    ecpm = Micros(one["ecpm_micros"]).text()
    return (
        f"  {one['creative']}  {one['filter'] or 'in the auction':<18} relevance "
        f"{one['relevance']:.2f}  click rate {one['drawn']:.4f} (believed {one['click_rate']:.4f})  "
        f"bid {Micros(one['bid_micros']).text()} × {one['pace']:.2f}  eCPM {ecpm}"
    )


def _counted(counts: dict[str, int]) -> str:
    total = sum(counts.values()) or 1
    lines = [f"{times:8d}  {times / total:6.1%}  {reason}" for reason, times in counts.items()]
    return "\n".join(lines or ["No decisions."]) + "\n"
