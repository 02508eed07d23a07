"""What is done each minute, hour and day, besides following up on requests.

    each second   the facts of reports are brought up to date; less often where that takes long
    each hour     finished days: invalid traffic is found out, the books are closed, publishers'
                  earnings become payable, our own share pays the models
    each hour     what may not be kept longer is forgotten; some landing pages are looked at again

Everything here may be run twice or by two at once: the second finds nothing to do.
"""

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Final

from adserver.catalog import landing_checks
from adserver.events import keeping, reclassify
from adserver.reports import days, rollup
from api.monitoring.costs import cost_of_day
from kernel.clock import Clock
from kernel.database import Database
from kernel.egress import Fetches
from ledger import closed_days, earnings
from tollfree.crew import Crew, every

_SECOND: Final = 1.0
_REST: Final = 20.0
_HOUR: Final = 3_600.0
# Events arrive moments late; a day is looked at when it is surely whole.
_AFTER_THE_DAY: Final = timedelta(minutes=30)


def start_upkeep(
    database: Database, clock: Clock, crew: Crew, fetches: Fetches | None = None
) -> None:
    """Start it all; with `fetches` landing pages are looked at again."""

    async def bring_up_to_date() -> None:
        await days.know_older_days(database)
        while True:
            began = clock.monotonic()
            await rollup.catch_up(database, clock)
            # An advertiser who watches sees a click within two seconds; on a busy day counting
            # the last slots anew takes a twentieth of the time at most.
            await asyncio.sleep(max(_SECOND, _REST * (clock.monotonic() - began)))

    async def finish_days() -> None:
        await finish_yesterday(database, clock)

    async def forget() -> None:
        await keeping.purge(database, clock)

    async def look_at_pages() -> None:
        while fetches is not None:
            # Not at the start: servers that restart often would look again and again.
            await asyncio.sleep(_HOUR)
            await landing_checks.check_some(database, fetches, clock)

    crew.start("landing_pages", look_at_pages)
    crew.start("reports", bring_up_to_date)
    crew.start("finished_days", lambda: every(_HOUR, finish_days))
    crew.start("purge", lambda: every(_HOUR, forget))


async def finish_yesterday(database: Database, clock: Clock) -> None:
    """Everything that waits for the end of a UTC day."""
    today = datetime.combine((clock.now() - _AFTER_THE_DAY).date(), time(), UTC)
    yesterday = today - timedelta(days=1)
    await reclassify.find_out(database, yesterday, today, clock=clock)
    async with database.reading() as session:
        cost = await cost_of_day(session, yesterday.date())
        earners = await earnings.publishers(session)
    async with database.writing() as tx:
        await earnings.pay_upstream(tx, yesterday.date(), cost, clock=clock)
    for publisher_id in earners:
        async with database.writing() as tx:
            await earnings.release(tx, publisher_id, clock=clock)
    await closed_days.close_days(database, clock)
