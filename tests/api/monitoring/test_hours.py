"""Sums of hours: percentiles that can be added up over workers and hours, within one in a hundred."""

import math
import random
from datetime import timedelta

import pytest

from api.monitoring.calls import report
from api.monitoring.hours import CallHours, hours_since, merged
from api.monitoring.sketch import Sketch
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from tests.api.monitoring.test_calls import a_row, written

_SHARES = (0.5, 0.9, 0.95, 0.99)


def a_sketch(values: list[float]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


def exact(values: list[float], share: float) -> float:
    return sorted(values)[math.ceil(len(values) * share) - 1]


@pytest.mark.parametrize("shape", ["log-normal", "two humps", "constant"])
def test_a_sketch_is_within_one_in_a_hundred_of_the_truth(shape: str) -> None:
    draw = random.Random(7)
    values = {
        "log-normal": [draw.lognormvariate(5, 1.2) for _ in range(20_000)],
        "two humps": [
            draw.gauss(20, 2) if draw.random() < 0.9 else draw.gauss(9_000, 900)
            for _ in range(20_000)
        ],
        "constant": [37.0] * 500,
    }[shape]

    sketch = a_sketch(values)

    for share in _SHARES:
        assert sketch.at(share) == pytest.approx(exact(values, share), rel=0.0101)


def test_sketches_of_parts_are_the_sketch_of_the_whole() -> None:
    draw = random.Random(3)
    values = [draw.lognormvariate(4, 1) for _ in range(3_000)]
    whole = Sketch()
    for part in (values[:7], values[7:1_000], values[1_000:]):
        # As a database gives it back.
        whole.merge(Sketch.from_stored(a_sketch(part).stored()))

    assert whole.bins == a_sketch(values).bins
    # An average of the parts' percentiles would be another number.
    parts = [a_sketch(part).at(0.99) or 0 for part in (values[:7], values[7:])]
    assert whole.at(0.99) != pytest.approx(sum(parts) / 2, rel=0.05)


def test_a_sketch_of_nothing_knows_nothing() -> None:
    assert Sketch().at(0.5) is None
    assert a_sketch([0.0]).at(0.5) == pytest.approx(0.001, rel=0.02)


async def test_hours_of_several_workers_are_one_report(
    database: Database, clock: FrozenClock
) -> None:
    began, times = clock.now(), []
    workers = [CallHours(database), CallHours(database)]
    for hour in range(3):
        for number in range(40):
            worker = workers[number % 2]
            total = float(10 + 7 * number + 300 * hour)
            times.append(total)
            worker.note(a_row(clock, total_ms=total, cost_micros=Micros(5)))
        workers[0].note(a_row(clock, upstream="two", status=502, model="large"))
        workers[1].note(a_row(clock, upstream="two", status=499))
        for worker in workers:
            await worker.flush()
            # A second time changes nothing.
            await worker.flush()
        clock.advance(hours=1)
    await written(database, [a_row(clock) for _ in range(3)])

    async with database.reading() as session:
        found = await report(session, since=began, most_rows=2)

    one, two = found.upstreams
    assert found.is_sampled
    assert (one.name, one.calls, one.cost) == ("one", 120, Micros(600))
    assert (two.calls, two.failed, two.left, two.failure_rate) == (6, 3, 3, 1.0)
    assert one.total.p95 == pytest.approx(exact(times, 0.95), rel=0.0101)
    assert {group.name: group.calls for group in found.models} == {"demo": 123, "large": 3}
    assert [group.name for group in found.apps] == ["app_1"]


async def test_an_hour_is_written_again_as_it_grows_and_forgotten_when_it_is_over(
    database: Database, clock: FrozenClock
) -> None:
    began, hours = clock.now(), CallHours(database)
    for _ in range(3):
        hours.note(a_row(clock))
        await hours.flush()
    for _ in range(3):
        clock.advance(hours=1)
        hours.note(a_row(clock))
        await hours.flush()

    async with database.reading() as session:
        read = await hours_since(session, began)
        none = await hours_since(session, began, app_ids=["app_2"])
    assert sorted(one.sums.calls for one in read) == [1, 1, 1, 3]
    assert merged(one.sums for one in read).total.count == 6
    assert none == []
    assert len(hours._sums) == 2


async def test_sums_wait_for_a_database_that_is_away(
    database: Database, clock: FrozenClock
) -> None:
    gone = Database("sqlite:////nowhere/at-all/tollfree.db")
    hours = CallHours(gone)
    hours.note(a_row(clock))
    await hours.flush()
    hours.note(a_row(clock))
    hours._database = database
    await hours.flush()
    await gone.close()

    async with database.reading() as session:
        read = await hours_since(session, clock.now() - timedelta(hours=1))
    assert [one.sums.calls for one in read] == [2]
