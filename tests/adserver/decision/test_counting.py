"""What is learned from what was recorded, on both engines."""

import pytest

from adserver.decision.click_rate import click_rate
from adserver.decision.counting import count, count_on
from adserver.decision.learned import Learned, curve_of
from adserver.decision.pacing import FLAT
from adserver.events.record import DecisionEvent, StepEvent, write_decisions, write_steps
from adserver.events.tables import StepRow
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.ids import id_from_bytes
from tollfree_sdk.contract import NoFill, Step


def a_decision(clock: FrozenClock, at: int, **given: object) -> DecisionEvent:
    moment = clock.now()
    raw = int(moment.timestamp() * 1000).to_bytes(6, "big") + at.to_bytes(10, "big")
    values = {
        "creative_number": 7,
        "campaign_id": "cmp_a",
        "creative_id": "crt_7",
        "relevance": 0.8,
        "topic": "running",
    }
    return DecisionEvent(id_from_bytes("dec", raw), moment, "zero", **(values | given))  # type: ignore[arg-type]


async def happen(database: Database, clock: FrozenClock, *, first: int = 1) -> None:
    """Three ads delivered, one of them clicked, a test and a turn without an ad."""
    decisions = [a_decision(clock, first + at) for at in range(3)]
    test = a_decision(clock, first + 3, test=True)
    nothing = a_decision(
        clock, first + 4, no_fill_reason=NoFill.NO_MATCH, creative_number=None, campaign_id=None
    )
    async with database.writing() as tx:
        await write_decisions(tx, [*decisions, test, nothing])
        shown = [one.decision_id for one in (*decisions, test)]
        await write_steps(tx, [StepEvent(one, Step.DELIVERED, clock.now()) for one in shown])
        tx.add(
            StepRow(
                decision_id=decisions[0].decision_id,
                step=Step.CLICK.value,
                at=clock.now(),
                billable=True,
                price_micros=None,
                unbilled_reason=None,
            )
        )


async def test_deliveries_and_clicks_become_a_belief(
    database: Database, clock: FrozenClock
) -> None:
    await happen(database, clock)
    clock.advance(minutes=5)

    await count(database, clock=clock)
    learned = Learned(database)
    await learned.refresh()

    tally = learned.rates.of_creative[7]
    assert (tally.clicks, tally.conversions) == (1, 0)
    assert tally.expected == pytest.approx(3 * click_rate(0.8))
    assert learned.rates.sold["cmp_a"] == tally
    voice = tally.voice()
    assert learned.rates.of_topic["running"] == learned.rates.of_campaign["cmp_a"] == voice
    assert learned.rates.belief(7, "cmp_a", "running").factor > 1.0


async def test_counting_again_counts_nothing_twice(database: Database, clock: FrozenClock) -> None:
    await happen(database, clock)
    clock.advance(minutes=5)
    await count(database, clock=clock)
    await count(database, clock=clock)
    await happen(database, clock, first=100)
    clock.advance(minutes=5)

    await count(database, clock=clock)
    learned = Learned(database)
    await learned.refresh()

    assert learned.rates.sold["cmp_a"].clicks == 2
    assert sum(learned.curve.by_hour) > 0
    assert learned.curve != FLAT


async def test_the_last_minute_waits(database: Database, clock: FrozenClock) -> None:
    await happen(database, clock)
    clock.advance(seconds=30)

    await count(database, clock=clock)
    learned = Learned(database)
    await learned.refresh()

    assert learned.rates.of_creative == {}


async def test_an_hour_is_counted_at_a_time(database: Database, clock: FrozenClock) -> None:
    await happen(database, clock)
    clock.advance(hours=2)
    async with database.writing() as tx:
        was_all = await count_on(tx, clock=clock)

    assert not was_all


async def test_a_new_installation_has_nothing_to_look_through(
    database: Database, clock: FrozenClock
) -> None:
    async with database.writing() as tx:
        assert await count_on(tx, clock=clock)


def test_an_hour_without_traffic_keeps_a_little_of_the_plan() -> None:
    curve = curve_of({12: 1_000})

    assert min(curve.by_hour) > 0
    assert curve.by_hour[12] > 400 * curve.by_hour[3]
    assert curve_of({}) == FLAT
