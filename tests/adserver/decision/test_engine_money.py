"""No confirmed budget, no paid ad."""

from adserver.catalog import commands
from adserver.catalog.campaign import BidType
from adserver.catalog.publisher import Publisher
from kernel.clock import FrozenClock
from tests.adserver.decision.world import SHOES, ZERO, World, asking, decided
from tollfree_sdk.contract import NoFill


class TestMoney:
    async def test_an_empty_wallet_serves_nothing(self, world: World) -> None:
        await world.creative(wallet=0)
        engine = await world.open()

        assert (await decided(engine, asking(SHOES))).no_fill_reason is NoFill.BUDGET_PACED

    async def test_views_are_sold_only_where_somebody_can_report_them(self, world: World) -> None:
        await world.creative(bid_type=BidType.CPM, bid=50_000_000)
        engine = await world.open()
        elsewhere = Publisher("pub_an_app_with_our_sdk", "An app")

        seen = await decided(engine, asking(SHOES), elsewhere)
        unseen = await decided(engine, asking(SHOES), ZERO)

        assert seen.ad is not None
        assert unseen.ad is None

    async def test_books_that_were_never_read_serve_nothing(self, world: World) -> None:
        await world.creative()
        await world.index.refresh()

        decision = await decided(world.engine, asking(SHOES))

        assert decision.no_fill_reason is NoFill.UNAVAILABLE

    async def test_books_that_are_old_serve_nothing(self, world: World, clock: FrozenClock) -> None:
        await world.creative()
        engine = await world.open()
        clock.advance(seconds=10)

        assert (await decided(engine, asking(SHOES))).no_fill_reason is NoFill.UNAVAILABLE

    async def test_a_small_budget_is_not_promised_many_times_over(self, world: World) -> None:
        await world.creative(total=30_000, bid=30_000)
        engine = await world.open()

        outcomes = [(await decided(engine, asking(SHOES))).no_fill_reason for _ in range(400)]

        shown = outcomes.count(None)
        assert 20 < shown < 300
        assert outcomes[-1] is NoFill.BUDGET_PACED

    async def test_a_paused_campaign_is_gone_with_the_next_look(
        self, world: World, clock: FrozenClock
    ) -> None:
        campaign_id, _ = await world.creative()
        engine = await world.open()
        assert (await decided(engine, asking(SHOES))).ad is not None

        async with world.database.writing() as tx:
            await commands.pause_campaign(tx, campaign_id, clock=clock)
        await world.open()

        assert (await decided(engine, asking(SHOES))).no_fill_reason is NoFill.NO_MATCH
