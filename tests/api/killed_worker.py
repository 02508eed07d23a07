"""A worker that answers priced calls until it is killed; the provider's meter is a file.

    python -m tests.api.killed_worker DATABASE_URL METER

Every token is on the meter before it is sent on, as a provider's own books would have it.
"""

import asyncio
import os
import sys
from typing import Any

from api.chat.metered_rows import MeteredRows
from api.chat.usage import write_completions
from api.solvency.allowance import Allowance
from api.solvency.forecast import FloorForecast
from api.solvency.purse import Purse
from api.solvency.standing import Standings
from api.upstream.prices import Price
from api.upstream.routing import ModelAlias, Routing
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.money import Micros
from tests.api.meter import BillingProvider
from tests.api.test_cost_truth import Metered

#: One micro a token, in and out: the meter counts tokens and money alike.
PRICE = Price(input=Micros(1_000_000), output=Micros(1_000_000))


class Meter(dict[str, tuple[int, int]]):
    """The provider's bills, each change appended to a file that survives us."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __setitem__(self, call: str, bill: tuple[int, int]) -> None:
        # Nothing said yet: a new call, though an earlier one may have had the name.
        more = sum(bill) - (sum(self[call]) if bill[1] else 0)
        super().__setitem__(call, bill)
        os.write(self._file, b"%d\n" % more)


async def _work(url: str, meter: str) -> None:
    database, clock = Database(url), SystemClock()
    purse = Purse(database, clock, per_day=Micros(50_000_000))
    standings = Standings(database, clock, FloorForecast(Micros(0)))
    provider = BillingProvider("drain", pause=0.001)
    provider.billed = Meter(meter)
    metered = Metered(provider)
    metered.heart._upstreams = Routing([ModelAlias("demo", provider, "m", price=PRICE)])
    metered.heart._allowance = Allowance(
        purse, standings, answer_cost=Micros(10**9), most_output=100
    )
    metered.heart._desk.worth = standings.worth
    rows: Any = MeteredRows(database, write_completions, max_delay_ms=20)
    metered.heart._desk._completions = rows
    tasks = [asyncio.create_task(one()) for one in (rows.run, purse.run)]
    while tasks:
        await metered.mix(60, together=20)


if __name__ == "__main__":
    asyncio.run(_work(*sys.argv[1:]))
