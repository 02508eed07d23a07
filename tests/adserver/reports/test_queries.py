"""Reports are counted from events and agree with what was charged."""

from datetime import timedelta

from adserver.catalog.commands import open_publisher_zero
from adserver.events.clicks import ClickDesk
from adserver.reports.queries import Totals, creative_totals, totals
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import ZERO, Micros
from ledger import account
from ledger.balances import balance
from tests.adserver.decision.world import SHOES, World, asking
from tests.adserver.decision.world import ZERO as PUBLISHER
from tollfree_sdk.contract import Step

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def some_traffic(world: World, *, shown: int, clicked: int, test: int = 0) -> None:
    engine = await world.open()
    tokens = []
    for number in range(shown + test):
        request = asking(SHOES, test=number >= shown)
        decision = await engine.decide(request, publisher=PUBLISHER)
        assert decision.ad is not None
        assert decision.decision_id is not None
        await engine.record(decision.decision_id, Step.DELIVERED)
        tokens.append(decision.ad.click_url.rpartition("/")[2])
    await world.write_down()
    desk = ClickDesk(world.database, world.tokens, world.clock)
    for token in tokens[:clicked]:
        assert (await desk.follow(token, user_agent=BROWSER)).billed
    await desk.close()


async def open_zero(world: World) -> None:
    async with world.database.writing() as tx:
        await open_publisher_zero(tx, clock=world.clock)


async def test_totals_count_each_step_and_what_was_charged(
    database: Database, clock: FrozenClock
) -> None:
    world = World(database, clock)
    await open_zero(world)
    advertiser = await world.advertiser(wallet=20_000_000)
    campaign, creative = await world.creative(advertiser)
    await some_traffic(world, shown=5, clicked=2)

    async with database.reading() as session:
        found = await totals(session, advertiser, clock.now() - timedelta(days=1))
        by_creative = await creative_totals(session, advertiser, clock.now() - timedelta(days=1))
        wallet = await balance(session, account.cash(advertiser))

    assert found == {campaign: Totals(5, 2, 2, Micros(20_000))}
    assert by_creative == {creative: found[campaign]}
    assert wallet.available == Micros(20_000_000) - found[campaign].spend


async def test_totals_leave_out_what_happened_before(
    database: Database, clock: FrozenClock
) -> None:
    world = World(database, clock)
    advertiser = await world.advertiser()
    await world.creative(advertiser)
    await some_traffic(world, shown=1, clicked=0)

    async with database.reading() as session:
        assert await totals(session, advertiser, clock.now() + timedelta(seconds=1)) == {}


async def test_totals_show_no_test_traffic_and_nobody_elses(
    database: Database, clock: FrozenClock
) -> None:
    world = World(database, clock)
    advertiser = await world.advertiser()
    campaign, _ = await world.creative(advertiser)
    other = await world.advertiser("Tollfree")
    await world.creative(other, name="Tollfree", house=True)
    await some_traffic(world, shown=1, clicked=0, test=1)

    async with database.reading() as session:
        mine = await totals(session, advertiser, clock.now())
        theirs = await totals(session, other, clock.now())

    assert mine == {campaign: Totals(1, 0, 0, ZERO)}
    assert theirs == {}
