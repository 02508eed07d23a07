"""What the command line and operators are shown of one message."""

from tests.adserver.decision.world import SHOES, World, rows


class TestAMatchReport:
    async def test_lays_every_candidate_open(self, world: World) -> None:
        await world.creative()
        await world.creative(name="Pacer", countries=["DE"])
        await world.creative(name="Broke", wallet=0)
        engine = await world.open()

        report = engine.match(SHOES)

        assert report.winner is not None
        assert report.winner.advertiser == "Strideworks"
        assert report.price_micros == 10_000
        filters = {one.advertiser: one.filter for one in report.candidates}
        assert filters == {"Strideworks": None, "Pacer": "country", "Broke": "budget"}

    async def test_gives_the_reason_where_there_is_no_winner(self, world: World) -> None:
        engine = await world.open()

        assert engine.match("Write a for-loop in Python.").no_fill_reason == "not_commercial"

    async def test_records_nothing(self, world: World) -> None:
        await world.creative()
        engine = await world.open()

        engine.match(SHOES)
        await world.write_down()

        assert await rows(world.database) == []
