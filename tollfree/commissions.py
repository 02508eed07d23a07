"""``tollfree commissions import FILE.csv``: what affiliate networks report, into the ledger.

    network,transaction_id,state,amount,currency,sub_id
    ebay,T-1001,locked,1.25,USD,app_01k…

States are pending, locked, paid and reversed. Read a file as often as you like: a transaction is
booked once in each state. A row that cannot be booked is named and does not stop the others; the
exit code is 1 then. The sub-id is the app that showed the link, or a publisher's own id.
"""

import argparse
import asyncio
import csv
import json
import sys
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

from adserver.catalog import queries
from adserver.catalog.publisher import PUBLISHER_ZERO, STANDARD_SHARE_BP
from kernel.clock import SystemClock
from kernel.database import Database, WriteSession
from kernel.errors import BadRequest, Conflict
from kernel.money import ZERO, Micros
from ledger.commissions import Commission, CommissionState, book
from tollfree.migrate import explained
from tollfree.settings import store_settings

_COLUMNS = ("network", "transaction_id", "state", "amount", "currency", "sub_id")
_LONGEST_SUB_ID = 80

Problems = list[dict[str, object]]


def run(asked: argparse.Namespace) -> int:
    """Import the file; returns the exit code."""
    url = store_settings(asked.data).database()
    booked, known, problems = asyncio.run(_import(Path(asked.file), url))
    if asked.json:
        report = {"booked": booked, "known": known, "problems": problems}
        sys.stdout.write(json.dumps(report) + "\n")
    else:
        sys.stdout.write(f"{booked} booked, {known} known before\n")
        for problem in problems:
            sys.stderr.write(f"✗ line {problem['line']}: {problem['what']}\n")
    return 1 if problems else 0


async def _import(path: Path, url: str) -> tuple[int, int, Problems]:
    database, clock = Database(url), SystemClock()
    booked = known = 0
    problems: Problems = []
    try:
        with explained():
            for line, row in _rows(path):
                try:
                    commission = _commission(row)
                    async with database.writing() as tx:
                        publisher_id, share = await _publisher(tx, commission.sub_id)
                        news = await book(
                            tx, commission, publisher_id=publisher_id, share_bp=share, clock=clock
                        )
                except (BadRequest, Conflict) as problem:
                    problems.append({"line": line, "what": problem.message})
                    continue
                booked, known = booked + news, known + (not news)
    finally:
        await database.close()
    return booked, known, problems


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = set(_COLUMNS) - set(reader.fieldnames or ())
            if missing:
                raise BadRequest(f"The file has no column {min(missing)}.", param="file")
            for row in reader:
                yield reader.line_num, {name: (row[name] or "").strip() for name in _COLUMNS}
    except (OSError, UnicodeDecodeError, csv.Error):
        raise BadRequest("The file cannot be read as CSV in UTF-8.", param="file") from None


def _commission(row: dict[str, str]) -> Commission:
    try:
        state = CommissionState(row["state"])
        amount = Micros.from_units(Decimal(row["amount"]))
    except (ValueError, InvalidOperation):
        raise BadRequest("state or amount is none that we know.") from None
    if not row["network"] or not row["transaction_id"] or amount <= ZERO:
        raise BadRequest("network, transaction_id and an amount above zero are needed.")
    if len(row["network"]) > 40 or not row["network"].isalnum():
        raise BadRequest("network must be one word.")
    if row["currency"] != "USD":
        raise BadRequest("Only USD is booked; convert the amount first.")
    return Commission(
        row["network"], row["transaction_id"], state, amount, row["sub_id"][:_LONGEST_SUB_ID] or "-"
    )


async def _publisher(tx: WriteSession, sub_id: str) -> tuple[str, int]:
    """Whose link it was: a publisher's own, or one of our API's."""
    found = None
    if sub_id.startswith("pub_"):
        found = await queries.publisher(tx, sub_id)
    if found is None:
        found = await queries.publisher(tx, PUBLISHER_ZERO)
    return (
        (PUBLISHER_ZERO, STANDARD_SHARE_BP)
        if found is None
        else (found.publisher_id, found.share_bp)
    )
