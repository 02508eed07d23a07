"""What the pages read: numbers of the own advertiser that agree with the ledger to the micro."""

import pytest

from advertiser_portal.overview import Overview, overview_of
from advertiser_portal.periods import Period
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import NotFound
from kernel.money import ZERO, Micros
from tests.advertiser_portal.houses import (
    DAILY,
    PRICE,
    TOP_UP,
    House,
    a_house,
    an_ad_was_delivered,
    it_was_clicked,
)


async def seen(
    database: Database, clock: FrozenClock, house: House, period: Period = Period.WEEK
) -> Overview:
    async with database.reading() as session:
        shown = await overview_of(session, house.organisation_id, period=period, at=clock.now())
    assert shown is not None
    return shown


class TestTheOverview:
    async def test_begins_with_money_and_without_traffic(
        self, database: Database, clock: FrozenClock, strideworks: House
    ) -> None:
        shown = await seen(database, clock, strideworks)

        assert shown.wallet.available == TOP_UP
        assert shown.traffic.spend == ZERO
        assert [line.serving.label for line in shown.lines] == ["Serving"]

    async def test_takes_from_the_balance_what_it_shows_as_spend(
        self, database: Database, clock: FrozenClock, strideworks: House
    ) -> None:
        for clicked in (True, False, True):
            decision_id = await an_ad_was_delivered(database, clock, strideworks)
            if clicked:
                await it_was_clicked(database, clock, strideworks, decision_id)

        shown = await seen(database, clock, strideworks)

        line = shown.line(strideworks.campaign_id)
        assert (line.traffic.delivered, line.traffic.clicks) == (3, 2)
        assert line.traffic.spend == Micros(2 * PRICE.amount)
        assert shown.wallet.available == TOP_UP - line.traffic.spend
        assert line.daily is not None
        assert (line.daily.spent, line.daily.budget) == (line.traffic.spend, DAILY)
        assert line.total is None

    async def test_counts_only_the_period_that_is_asked_for(
        self, database: Database, clock: FrozenClock, strideworks: House
    ) -> None:
        await an_ad_was_delivered(database, clock, strideworks)
        clock.advance(days=3)

        today = await seen(database, clock, strideworks, Period.TODAY)
        week = await seen(database, clock, strideworks, Period.WEEK)

        assert today.traffic.delivered == 0
        assert week.traffic.delivered == 1

    async def test_knows_nothing_of_another_organisation(
        self, database: Database, clock: FrozenClock, strideworks: House
    ) -> None:
        other = await a_house(database, clock, "Otherbrand")
        await an_ad_was_delivered(database, clock, other)

        shown = await seen(database, clock, strideworks)

        assert shown.traffic.delivered == 0
        with pytest.raises(NotFound):
            shown.line(other.campaign_id)

    async def test_has_a_digest_that_moves_with_what_is_shown_and_not_with_time(
        self, database: Database, clock: FrozenClock, strideworks: House
    ) -> None:
        before = (await seen(database, clock, strideworks)).digest
        clock.advance(seconds=30)
        later = (await seen(database, clock, strideworks)).digest
        await an_ad_was_delivered(database, clock, strideworks)
        after = (await seen(database, clock, strideworks)).digest

        assert before == later
        assert after != before

    async def test_is_missing_while_there_is_no_advertiser(
        self, database: Database, clock: FrozenClock
    ) -> None:
        async with database.reading() as session:
            assert (
                await overview_of(session, "org_none", period=Period.WEEK, at=clock.now()) is None
            )
