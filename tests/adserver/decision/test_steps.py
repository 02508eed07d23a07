"""Steps that callers report."""

import pytest
import sqlalchemy as sa

from adserver.events.tables import StepRow
from kernel.errors import BadRequest
from tests.adserver.decision.world import SHOES, World, asking, decided
from tollfree_sdk.contract import Step


class TestSteps:
    async def test_are_recorded_once(self, world: World) -> None:
        await world.creative()
        engine = await world.open()
        decision = await decided(engine, asking(SHOES))
        assert decision.decision_id is not None

        for _ in range(2):
            await engine.record(decision.decision_id, Step.DELIVERED)
        await world.write_down()

        async with world.database.reading() as session:
            steps = list(await session.execute(sa.select(StepRow.__table__)))
        assert [(step.decision_id, step.step) for step in steps] == [
            (decision.decision_id, "delivered")
        ]

    @pytest.mark.parametrize("step", [Step.CLICK, Step.CONVERSION])
    async def test_that_cost_money_cannot_be_reported(self, world: World, step: Step) -> None:
        with pytest.raises(BadRequest):
            await world.engine.record("dec_1", step)
