"""Decisions and steps, written once."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from adserver.events.record import DecisionEvent, StepEvent, write_decisions, write_steps
from adserver.events.tables import DecisionRow, StepRow
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.ids import new_id
from kernel.money import Micros
from tollfree_sdk.contract import NoFill, Step


def an_ad(clock: FrozenClock, **changes: object) -> DecisionEvent:
    event = DecisionEvent(
        decision_id=new_id("dec"),
        at=clock.now(),
        publisher_id="zero",
        app_id="app_1",
        advertiser_id="adv_1",
        campaign_id="cmp_1",
        creative_id="crt_1",
        creative_number=2**40,
        creative_version=3,
        format="unit",
        bid=Micros(500_000),
        price=Micros(350_000),
        relevance=0.71,
        topic="running",
        trace={"candidates": [{"number": 7, "score": 0.71}]},
    )
    return replace(event, **changes)  # type: ignore[arg-type]


class TestDecisions:
    async def test_are_stored_whole(self, database: Database, clock: FrozenClock) -> None:
        event = an_ad(clock)

        async with database.writing() as tx:
            await write_decisions(tx, [event])

        async with database.reading() as session:
            row = await session.get_one(DecisionRow, event.decision_id)
        assert (row.outcome, row.no_fill_reason) == ("ad", None)
        assert (row.bid_micros, row.price_micros) == (event.bid, event.price)
        assert (row.creative_number, row.creative_version) == (2**40, 3)
        assert row.created_at == clock.now()
        assert row.trace == event.trace
        assert row.relevance == pytest.approx(0.71)

    async def test_against_an_ad_keep_their_reason(
        self, database: Database, clock: FrozenClock
    ) -> None:
        event = DecisionEvent(
            new_id("dec"), clock.now(), "zero", no_fill_reason=NoFill.SENSITIVE_TOPIC
        )

        async with database.writing() as tx:
            await write_decisions(tx, [event])

        async with database.reading() as session:
            row = await session.get_one(DecisionRow, event.decision_id)
        assert (row.outcome, row.no_fill_reason) == ("no_ad", "sensitive_topic")
        assert row.price_micros is None

    async def test_written_again_stay_as_they_were(
        self, database: Database, clock: FrozenClock
    ) -> None:
        event = an_ad(clock)
        other = replace(event, price=Micros(1))

        async with database.writing() as tx:
            await write_decisions(tx, [event, other])
        async with database.writing() as tx:
            await write_decisions(tx, [other, an_ad(clock)])

        async with database.reading() as session:
            row = await session.get_one(DecisionRow, event.decision_id)
            count = await session.scalar(sa.select(sa.func.count()).select_from(DecisionRow))
        assert row.price_micros == event.price
        assert count == 2

    async def test_come_in_batches_of_any_size(
        self, database: Database, clock: FrozenClock
    ) -> None:
        async with database.writing() as tx:
            await write_decisions(tx, [])
            await write_decisions(tx, [an_ad(clock) for _ in range(3_000)])

        async with database.reading() as session:
            count = await session.scalar(sa.select(sa.func.count()).select_from(DecisionRow))
        assert count == 3_000


class TestSteps:
    async def test_happen_once_each(self, database: Database, clock: FrozenClock) -> None:
        delivered = StepEvent("dec_1", Step.DELIVERED, clock.now())
        async with database.writing() as tx:
            await write_steps(tx, [delivered, StepEvent("dec_1", Step.RENDERED, clock.now())])
        first = clock.now()
        clock.advance(minutes=1)

        async with database.writing() as tx:
            await write_steps(tx, [StepEvent("dec_1", Step.DELIVERED, clock.now())])

        async with database.reading() as session:
            rows = list(await session.scalars(sa.select(StepRow).order_by(StepRow.step)))
        assert [(row.step, row.at, row.billable) for row in rows] == [
            ("delivered", first, False),
            ("rendered", first, False),
        ]

    @pytest.mark.parametrize("step", [Step.CLICK, Step.CONVERSION])
    async def test_that_cost_money_are_not_taken_here(
        self, database: Database, clock: FrozenClock, step: Step
    ) -> None:
        with pytest.raises(ValueError, match="not recorded here"):
            async with database.writing() as tx:
                await write_steps(tx, [StepEvent("dec_1", step, clock.now())])
