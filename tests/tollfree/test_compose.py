"""The road as it is composed: what only shows when the parts are together."""

from dataclasses import replace
from pathlib import Path

import pytest

from adserver.decision.settings import DecisionSettings
from api.chat.usage import write_completions
from kernel.clock import FrozenClock, SystemClock
from kernel.money import Micros
from kernel.signing import SigningKeys
from tests.api.monitoring.test_calls import a_row
from tollfree.compose import Plan, opened_road
from tollfree.upstreams import demo_only


@pytest.fixture
def plan(database_url: str, tmp_path: Path) -> Plan:
    return Plan(
        database_url=database_url,
        public_url="http://testserver",
        signing=SigningKeys({1: b"a key of thirty-two bytes or more"}),
        upstream=demo_only(SystemClock()),
        # No model is needed to count money; the lexical embedder stands in.
        model_folder=tmp_path / "no-model",
        data=tmp_path,
        work_inside=False,
    )


@pytest.mark.parametrize("engine_kind", ["sqlite"])
@pytest.mark.parametrize("reserve", [90_000, 400_000])
async def test_until_money_posts_an_answer_is_worth_its_share_of_the_reserve(
    plan: Plan, reserve: int
) -> None:
    lately = FrozenClock(SystemClock().now())
    plan = replace(plan, decisions=DecisionSettings(reserve=Micros(reserve)))
    async with opened_road(plan) as road:
        async with road.grounds.database.writing() as tx:
            rows = [a_row(lately, cost_micros=Micros(9_000)) for _ in range(60)]
            await write_completions(tx, rows)
        await road.api.standings.refresh()

        assert road.api.standings.worth("app_1", "demo") == Micros(reserve * 30 // 100)
        # 27,000 is thrice what it costs, 120,000 is more; a floor alone would have said less.
        assert road.api.standings.tier("app_1", "standard") == "trusted"
