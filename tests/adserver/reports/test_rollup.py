"""Facts can be thrown away and built anew, and their sums are the ledger's, in any time zone."""

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from adserver.events.record import DecisionEvent, StepEvent, write_decisions, write_steps
from adserver.events.tables import InvalidRow
from adserver.reports import rollup
from adserver.reports.breakdown import Dimension, Owner, by_day, report
from adserver.reports.export import whole_set
from adserver.reports.tables import FactRow
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.ids import new_id
from kernel.money import ZERO, Micros
from ledger import journal
from ledger.account import accruing, cash
from ledger.balances import balance, statement
from ledger.charging import Split
from ledger.postings import reversal, top_up
from ledger.recorded import posting_of
from tollfree_sdk.contract import Step

ADVERTISER = Owner("advertiser", "adv_1")
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]
# Through the 29th of February and the end of the month, at odd hours.
START = datetime(2028, 2, 27, 21, 7, tzinfo=UTC)
COUNTRIES = ["DE", "FR", ""]


@pytest.fixture
async def busy(database: Database) -> Database:
    """Forty deliveries over five days, each clicked and charged; one charge undone later."""
    clock = FrozenClock(START)
    async with database.writing() as tx:
        await journal.post(tx, top_up("adv_1", Micros(10**8), "top-up"), clock=clock)
    charged = []
    for number in range(40):
        clock.advance(minutes=173)
        event = DecisionEvent(
            new_id("dec"),
            clock.now(),
            "pub_1",
            app_id="app_1",
            advertiser_id="adv_1",
            campaign_id=f"cmp_{number % 2}",
            creative_id=f"crt_{number % 4}",
            format="unit",
            topic="running",
            country=COUNTRIES[number % 3] or None,
        )
        async with database.writing() as tx:
            await write_decisions(tx, [event])
            await write_steps(tx, [StepEvent(event.decision_id, Step.DELIVERED, clock.now())])
            await journal.charge(
                tx,
                key=f"click:{event.decision_id}",
                payer="adv_1",
                limits=(),
                price=Micros(1_003 + number),
                split=Split("pub_1", 7_000),
                ref=event.decision_id,
                clock=clock,
            )
        charged.append(event.decision_id)
    async with database.writing() as tx:
        first = await posting_of(tx, f"click:{charged[0]}")
        assert first is not None
        await journal.post(tx, reversal(first, "undo:1"), clock=clock)
        row = InvalidRow(
            decision_id=charged[0],
            step="click",
            reason="click_rate",
            at=clock.now(),
            credited_micros=first.total("debit"),
        )
        tx.add(row)
    await rollup.catch_up(database, FrozenClock(clock.now()))
    return database


async def facts(database: Database) -> list[tuple[object, ...]]:
    columns = [column for column in FactRow.__table__.columns if column.name != "id"]
    async with database.reading() as session:
        rows = await session.execute(sa.select(*columns).order_by(*columns[:8]))
        return [tuple(row) for row in rows]


async def test_sums_by_day_are_the_ledgers_in_five_time_zones_through_a_leap_day(
    busy: Database,
) -> None:
    since, until = date(2028, 2, 26), date(2028, 3, 6)
    async with busy.reading() as session:
        book = await statement(session, cash("adv_1"))
        earned = (await balance(session, accruing("pub_1"))).posted
        for zone in ZONES:
            days = await by_day(session, ADVERTISER, since=since, until=until, time_zone=zone)
            for day, numbers in days.items():
                start = datetime.combine(day, time(), ZoneInfo(zone))
                end = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
                lines = [line for line in book.lines if start <= line.at < end]
                spent = [-line.change.amount for line in lines if line.kind == "charge"]
                given = [line.change.amount for line in lines if line.kind == "reversal"]
                assert (numbers.spend.amount, numbers.credited.amount) == (sum(spent), sum(given))
            assert date(2028, 2, 29) in days
            assert sum(one.earned.amount for one in days.values()) == earned.amount
            assert sum(one.delivered for one in days.values()) == 40
            assert sum(one.invalid for one in days.values()) == 1


async def test_every_table_of_a_period_adds_up_to_the_same(busy: Database) -> None:
    since, until = date(2028, 2, 27), date(2028, 3, 6)
    async with busy.reading() as session:
        totals = [
            (await report(session, owner, by, since=since, until=until)).total
            for owner, by in product((ADVERTISER, Owner("publisher", "pub_1")), Dimension)
        ]
        countries = await report(session, ADVERTISER, Dimension.COUNTRY, since=since, until=until)
        one = await report(
            session, ADVERTISER, Dimension.CREATIVE, since=since, until=until, campaign_id="cmp_1"
        )

    assert len(set(totals)) == 1
    assert totals[0].delivered == 40
    # So few are never told by country.
    assert [row.value for row in countries.rows] == ["other"]
    assert [row.value for row in one.rows] == ["crt_1", "crt_3"]


async def test_building_again_gives_the_same_facts(busy: Database) -> None:
    clock, before = FrozenClock(START + timedelta(days=30)), await facts(busy)
    async with busy.writing() as tx:
        await tx.execute(sa.update(FactRow).values(spend_micros=Micros(1)))
        await tx.execute(sa.delete(FactRow).where(FactRow.campaign_id == "cmp_0"))
    assert await facts(busy) != before

    assert await rollup.rebuild(busy, clock) > 0

    assert await facts(busy) == before
    # The last slot is looked at again, for what was written late.
    assert await rollup.catch_up(busy, clock) == 1
    async with busy.writing() as tx:
        await rollup.touch(tx, [START + timedelta(minutes=173)])
    assert await rollup.catch_up(busy, clock) == 2
    assert await facts(busy) == before


async def test_the_file_of_the_whole_set_adds_up_by_table(busy: Database) -> None:
    async with busy.reading() as session:
        text = await whole_set(session, ADVERTISER, since=date(2028, 2, 27), until=date(2028, 3, 6))

    rows = list(csv.DictReader(io.StringIO(text)))
    sums = {
        by: sum((Micros.from_units(row["spend"]) for row in rows if row["table"] == by), ZERO)
        for by in Dimension
    }
    assert set(sums.values()) == {Micros(sum(1_003 + number for number in range(40)))}
