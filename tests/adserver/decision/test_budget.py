"""What a campaign can still pay: the books, less what is on its way."""

from datetime import timedelta

from adserver.decision.budget import Funds, Purse
from adserver.decision.expectations import Expectations
from adserver.decision.pacing import Day, started
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import ZERO, Micros
from ledger.charging import LimitKey
from ledger.journal import Split, charge
from tests.adserver.decision.offers import NOON
from tests.adserver.decision.world import World

MIDNIGHT = NOON - timedelta(hours=12)


def purse(funds: Funds, *, expected: int = 0) -> Purse:
    return funds.purse(NOON, of_campaign=Micros(expected), of_advertiser=Micros(expected))


class TestThePurse:
    def test_is_the_wallet_where_no_budget_was_set(self) -> None:
        assert purse(Funds("c", "a", Micros(900))) == Purse(Micros(900))

    def test_is_the_tightest_of_all_budgets(self) -> None:
        day = Day(MIDNIGHT, MIDNIGHT + timedelta(days=1), budget=Micros(500), spent=Micros(100))

        assert purse(Funds("c", "a", Micros(900), Micros(700), day)).room == Micros(400)
        assert purse(Funds("c", "a", Micros(900), Micros(300), day)).room == Micros(300)
        assert purse(Funds("c", "a", Micros(200), Micros(300), day)).room == Micros(200)

    def test_is_less_by_the_clicks_that_are_expected(self) -> None:
        assert purse(Funds("c", "a", Micros(900)), expected=250).room == Micros(650)

    def test_is_paced_by_the_dial_until_the_end_of_the_day(self) -> None:
        day = Day(MIDNIGHT, MIDNIGHT + timedelta(days=1), budget=Micros(1_000), spent=Micros(900))
        funds = Funds("c", "a", Micros(9_000), None, day, dial=started(day, NOON))
        late = MIDNIGHT + timedelta(hours=23, minutes=45)

        assert purse(funds).pace < 0.5
        assert funds.purse(late, of_campaign=ZERO, of_advertiser=ZERO).pace == 1.0


class TestExpectations:
    def test_add_up_and_fade_by_half_in_ten_minutes(self, clock: FrozenClock) -> None:
        expected = Expectations(clock)

        expected.add("cmp_a", Micros(600))
        expected.add("cmp_a", Micros(400))
        at_once = expected.of("cmp_a")
        clock.advance(minutes=10)

        assert (at_once, expected.of("cmp_a")) == (Micros(1_000), Micros(500))
        assert expected.of("cmp_b") == ZERO


class TestTheBooks:
    async def test_see_a_charge_with_the_next_look(
        self, database: Database, clock: FrozenClock
    ) -> None:
        world = World(database, clock)
        advertiser = await world.advertiser(wallet=2_000_000)
        campaign, _ = await world.creative(advertiser, total=1_000_000, daily=600_000)
        await world.open()
        before = await self._room(world, campaign)

        limits = (LimitKey("campaign_total", campaign), LimitKey("campaign_day", campaign))
        async with database.writing() as tx:
            await charge(
                tx,
                key="click:1",
                payer=advertiser,
                limits=limits,
                price=Micros(150_000),
                split=Split("zero", 7_000),
                ref="1",
                clock=clock,
            )
        await world.budget.refresh()

        assert (before, await self._room(world, campaign)) == (Micros(600_000), Micros(450_000))

    async def test_open_a_new_day_by_themselves(
        self, database: Database, clock: FrozenClock
    ) -> None:
        world = World(database, clock)
        advertiser = await world.advertiser(wallet=2_000_000)
        campaign, _ = await world.creative(advertiser, daily=600_000)
        async with database.writing() as tx:
            await charge(
                tx,
                key="click:1",
                payer=advertiser,
                limits=(LimitKey("campaign_day", campaign),),
                price=Micros(600_000),
                split=Split("zero", 7_000),
                ref="1",
                clock=clock,
            )
        await world.open()
        today = await self._room(world, campaign)

        clock.advance(days=1)
        await world.budget.refresh()

        assert (today, await self._room(world, campaign)) == (ZERO, Micros(600_000))

    async def test_do_not_know_a_campaign_that_is_not_live(
        self, database: Database, clock: FrozenClock
    ) -> None:
        world = World(database, clock)
        await world.creative(starts_in=timedelta(days=1))
        await world.open()

        books = world.budget.books()

        assert books is not None
        assert books.funds == {}

    @staticmethod
    async def _room(world: World, campaign: str) -> Micros:
        books = world.budget.books()
        assert books is not None
        found = world.budget.purse(books, campaign, world.clock.now())
        assert found is not None
        return found.room
