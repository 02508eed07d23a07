"""Do our rows say what the provider bills? Mixed calls, random disconnects, refusals made again.

    python bench/cost_meter.py [--calls 10000] [--json]

A provider in this process streams one token a chunk, refuses a tenth of the calls at first, and
keeps the meter. With `drain` every row must equal it; with `cancel` a row may be off by a chunk and
is marked estimated. The exit code says whether they do.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.api.meter import BillingProvider  # noqa: E402
from tests.api.test_cost_truth import Metered  # noqa: E402


async def measured(on_disconnect: str, calls: int) -> dict[str, Any]:
    """Send the calls and compare."""
    metered = Metered(BillingProvider(on_disconnect, pause=0.001))
    await metered.mix(calls, together=200, patience=0.05)
    bills, rows = metered.provider.billed, list(metered.rows)
    cut = [row for row in rows if row.status == 499]
    said = sum(row.completion_tokens for row in rows)
    billed = sum(tokens for _, tokens in bills.values())
    prompts = sum(row.prompt_tokens for row in rows if not row.tokens_estimated)
    return {
        "calls": calls,
        "rows": len(rows),
        "reached_the_provider": len(bills),
        "left_early": len(cut),
        "estimated": sum(row.tokens_estimated for row in rows),
        "completion_tokens_rows": said,
        "completion_tokens_meter": billed,
        "prompt_tokens_exact_rows": prompts,
        "largest_allowed_difference": 0 if on_disconnect == "drain" else len(cut),
        "agrees": abs(said - billed) <= (0 if on_disconnect == "drain" else len(cut)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON only")
    asked = parser.parse_args()
    cpu, told = time.process_time(), {}
    for kind in ("drain", "cancel"):
        told[kind] = asyncio.run(measured(kind, asked.calls))
        if not asked.json:
            print(kind, told[kind])
    told["cpu_seconds"] = round(time.process_time() - cpu, 1)
    print(json.dumps(told))
    return 0 if told["drain"]["agrees"] and told["cancel"]["agrees"] else 1


if __name__ == "__main__":
    sys.exit(main())
