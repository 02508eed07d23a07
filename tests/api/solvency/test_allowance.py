"""Which legs a call may take, by tier, stage and price; and what tier an app has earned."""

from typing import Any

import pytest

from api.chat.usage import write_completions
from api.solvency.allowance import Allowance
from api.solvency.breaker import Stage, allowed, load_of
from api.solvency.forecast import FloorForecast, Reading, readings
from api.solvency.purse import Purse, SpendRefused
from api.solvency.standing import Standings, steps_of
from api.upstream.prices import Price
from api.upstream.routing import Leg, ModelAlias, Routing
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import Forbidden
from kernel.money import Micros
from tests.api.fakes import RecordingUpstream, Road
from tests.api.monitoring.test_calls import a_row

CHEAP = Leg(RecordingUpstream(), "small", Price(Micros(100_000), Micros(400_000)))
DEAR = Leg(RecordingUpstream(), "large", Price(Micros(15_000_000), Micros(75_000_000)))
BOUND = Micros(20_000)


def a_load(**members: Any) -> Any:
    body = {"messages": [{"role": "user", "content": "Which shoes?"}]} | members
    return load_of(body, 400, most_output=16_384)


def test_a_tier_bounds_what_an_answer_may_cost() -> None:
    load = a_load()

    assert list(
        allowed([CHEAP, DEAR], load, tier="standard", stage=Stage.OPEN, answer_cost=BOUND)
    ) == [CHEAP]
    assert list(
        allowed([CHEAP, DEAR], load, tier="trusted", stage=Stage.OPEN, answer_cost=BOUND)
    ) == [CHEAP, DEAR]
    with pytest.raises(Forbidden) as refused:
        allowed([DEAR], load, tier="new", stage=Stage.OPEN, answer_cost=BOUND)
    assert refused.value.code == "tier_exceeded"
    short = a_load(max_tokens=50)
    assert allowed([DEAR], short, tier="standard", stage=Stage.OPEN, answer_cost=BOUND)


def test_a_budget_that_runs_low_leaves_the_cheapest_leg() -> None:
    left = allowed([DEAR, CHEAP], a_load(), tier="trusted", stage=Stage.CHEAP, answer_cost=BOUND)

    assert list(left) == [CHEAP]


def test_the_worst_case_is_never_below_what_a_call_can_cost() -> None:
    load = a_load(max_tokens=100, n=2)

    assert load.worst(CHEAP) >= (400 * 100_000 + 2 * 100 * 400_000) // 1_000_000
    assert a_load().worst(CHEAP) > load.worst(CHEAP)


class Spent(Purse):
    async def take(self, worst: int) -> None:
        return None


@pytest.mark.parametrize(("tier", "served"), [("trusted", True), ("standard", False)])
async def test_the_last_of_the_budget_is_for_trusted_apps(
    tier: str, served: bool, database: Database, clock: FrozenClock
) -> None:
    purse = Spent(database, clock, per_day=Micros(1))
    purse.stage = Stage.TRUSTED
    allowance = Allowance(
        purse,
        Standings(database, clock, FloorForecast(Micros(0))),
        answer_cost=BOUND,
        most_output=100,
    )
    road = Road()
    caller = road.keys.caller
    caller = type(caller)(caller.app_id, caller.key_id, caller.kind, caller.ads, tier)
    body = {"messages": [{"role": "user", "content": "Hi"}]}

    if served:
        legs, hold = await allowance.admit(caller, [CHEAP], body, 100)
        assert (list(legs), hold) == ([CHEAP], None)
    else:
        with pytest.raises(SpendRefused) as refused:
            await allowance.admit(caller, [CHEAP], body, 100)
        assert refused.value.code == "spend_limited"


async def test_a_refusal_reaches_the_caller_with_a_time_to_come_back(
    database: Database, clock: FrozenClock
) -> None:
    road = Road()
    road.heart._upstreams = Routing([ModelAlias("demo", road.upstream, "m", price=CHEAP.price)])
    road.heart._allowance = Allowance(
        Purse(database, clock, per_day=Micros(3)),
        Standings(database, clock, FloorForecast(Micros(0))),
        answer_cost=BOUND,
        most_output=100,
    )
    response = await road.ask()

    assert response.status_code == 503
    assert response.json()["error"]["code"] == "spend_exhausted"
    assert int(response.headers["retry-after"]) > 0
    assert road.upstream.bodies == []


def test_a_tier_is_earned_and_lost_over_days() -> None:
    found = [
        Reading("app_rich", "small", 60, Micros(9_000), Micros(4_000)),
        Reading("app_poor", "small", 40, Micros(100), Micros(4_000)),
        Reading("app_poor", "large", 40, Micros(100), Micros(9_000)),
        Reading("app_even", "small", 60, Micros(4_000), Micros(4_000)),
        Reading("app_young", "small", 10, Micros(0), Micros(4_000)),
        Reading("app_free", "demo", 900, Micros(0), Micros(0)),
    ]

    assert steps_of(found) == {"app_rich": 1, "app_poor": -1}


async def test_standings_are_read_from_the_rows_of_seven_days(
    database: Database, clock: FrozenClock
) -> None:
    old = a_row(clock, app_id="app_old", cost_micros=Micros(10_000))
    clock.advance(hours=24 * 8)
    rows = [a_row(clock, model="small", cost_micros=Micros(10_000)) for _ in range(60)]
    async with database.writing() as tx:
        await write_completions(tx, [old, *rows])
    standings = Standings(database, clock, FloorForecast(Micros(9_000)))

    await standings.refresh()

    async with database.reading() as session:
        found = await readings(session, FloorForecast(Micros(9_000)), since=rows[0].at)
    assert found == [Reading("app_1", "small", 60, Micros(162_000), Micros(600_000))]
    assert standings.tier("app_1", "standard") == "new"
    assert standings.tier("app_1", "new") == "new"
    assert standings.tier("app_2", "standard") == "standard"
    assert standings.worth("app_1", "small") == Micros(2_700)
