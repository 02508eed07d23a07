"""A stop reaches the next turn, before the index is made anew."""

import pytest

from adserver.catalog import stops
from adserver.catalog.stops import Scope, StopBoard
from kernel.clock import FrozenClock
from kernel.database import Database
from language.embedder import LexicalEmbedder
from tests.adserver.decision.world import SHOES, World, asking, decided
from tollfree_sdk.contract import NoFill


@pytest.mark.parametrize("scope", [Scope.ADS, Scope.APP])
async def test_a_process_obeys_with_its_next_look_before_its_index_is_made_anew(
    scope: Scope, database: Database, clock: FrozenClock
) -> None:
    network = World(database, clock, embedder=LexicalEmbedder())
    await network.creative()
    await network.open()
    board = StopBoard(database)
    engine = network.engine_with(stops=board)
    turn = asking(SHOES, app="app_1")
    assert (await decided(engine, turn)).ad is not None

    async with database.writing() as tx:
        name = "app_1" if scope is Scope.APP else ""
        await stops.stop(tx, scope, name, reason="abuse", clock=clock)
    await board.refresh()
    stopped = await decided(engine, turn)
    await engine.close()
    await network.write_down()

    assert stopped.ad is None
    assert stopped.no_fill_reason is NoFill.UNAVAILABLE
