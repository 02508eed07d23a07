"""Facts can be thrown away and built anew, and their sums are the ledger's, in any time zone."""

import asyncio
import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from adserver.events.record import DecisionEvent, StepEvent, write_decisions, write_steps
from adserver.events.tables import InvalidRow
from adserver.reports import days, rollup
from adserver.reports.breakdown import Dimension, Owner, by_day, report
from adserver.reports.export import whole_set
from adserver.reports.tables import DayCellRow, DayRow, FactRow
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
            by_date = await by_day(session, ADVERTISER, since=since, until=until, time_zone=zone)
            for day, numbers in by_date.items():
                start = datetime.combine(day, time(), ZoneInfo(zone))
                end = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
                lines = [line for line in book.lines if start <= line.at < end]
                spent = [-line.change.amount for line in lines if line.kind == "charge"]
                given = [line.change.amount for line in lines if line.kind == "reversal"]
                assert (numbers.spend.amount, numbers.credited.amount) == (sum(spent), sum(given))
            assert date(2028, 2, 29) in by_date
            assert sum(one.earned.amount for one in by_date.values()) == earned.amount
            assert sum(one.delivered for one in by_date.values()) == 40
            assert sum(one.invalid for one in by_date.values()) == 1


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


LATER = FrozenClock(START + timedelta(days=30))


async def everything_told(database: Database) -> list[object]:
    """Every table of both sides, whole and by day, with sums of cells that may not be shown."""
    since, until = date(2028, 2, 26), date(2028, 3, 6)
    owners = (ADVERTISER, Owner("publisher", "pub_1"))
    async with database.reading() as session:
        return [
            await report(
                session, owner, by, since=since, until=until, by_day=daily, campaign_id=campaign
            )
            for owner, by, daily, campaign in product(
                owners, Dimension, (False, True), (None, "cmp_1")
            )
        ]


async def test_a_report_is_the_same_before_and_after_its_days_are_added_up(busy: Database) -> None:
    async with busy.writing() as tx:
        await tx.execute(sa.update(DayRow).values(built_at=None))
    before = await everything_told(busy)

    days_added = [await days.add_up_finished(busy, LATER, most=2) for _ in range(4)]

    assert days_added == [2, 2, 2, 0]
    assert await everything_told(busy) == before
    async with busy.reading() as session:
        by_slot = await report(
            session,
            ADVERTISER,
            Dimension.HOUR,
            since=date(2028, 2, 27),
            until=date(2028, 3, 6),
            time_zone="Etc/UTC",
        )
        assert by_slot.total.delivered == 40
        cells = sa.select(DayCellRow.dimension, sa.func.sum(DayCellRow.delivered))
        added = {row[0]: row[1] for row in await session.execute(cells.group_by("dimension"))}
    assert added == dict.fromkeys(set(Dimension) - {Dimension.IAB}, 40)


async def test_a_day_in_which_something_is_found_out_late_is_added_up_anew(busy: Database) -> None:
    while await days.add_up_finished(busy, LATER):
        pass
    async with busy.writing() as tx:
        await tx.execute(sa.update(InvalidRow).values(at=START + timedelta(minutes=173)))
        await rollup.touch(tx, [START + timedelta(minutes=173)])

    stale = await everything_told(busy)
    await rollup.catch_up(busy, LATER)
    fresh = await everything_told(busy)

    assert fresh != stale
    async with busy.reading() as session:
        first = await session.get_one(DayRow, date(2028, 2, 28))
    assert (first.touched > 1, first.built_at) == (True, LATER.now())


async def test_two_workers_add_a_day_up_once(busy: Database) -> None:
    async with busy.writing() as tx:
        await tx.execute(sa.update(DayRow).values(built_at=None))

    await asyncio.gather(*(days.add_up_finished(busy, LATER, most=9) for _ in range(3)))

    async with busy.reading() as session:
        total = sa.select(sa.func.sum(DayCellRow.delivered)).where(DayCellRow.dimension == "topic")
        assert await session.scalar(total) == 40


async def test_days_of_an_older_installation_become_known(busy: Database) -> None:
    async with busy.writing() as tx:
        await tx.execute(sa.delete(DayCellRow))
        await tx.execute(sa.delete(DayRow))

    await days.know_older_days(busy)
    await days.know_older_days(busy)

    async with busy.reading() as session:
        known = list(await session.scalars(sa.select(DayRow.day).order_by(DayRow.day)))
    assert known == [date(2028, 2, 27) + timedelta(days=at) for at in range(6)]
