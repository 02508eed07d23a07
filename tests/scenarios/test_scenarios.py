"""Whole cases as JSON: who advertises, what was said, what is decided.

`exemplary` shows what we promise, `supplemental` the edges; both run on the real model. To add a
case, copy a file and change it; amounts are dollars in strings, and `request` is the body of
``POST /ads/v1/decisions``.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adserver.decision.explain import replay
from adserver.decision.frequency import conversation_key
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from tests.adserver.decision.world import PATIENT, World, rows
from tests.language.exported_model import real_embedder
from tests.scenarios.stage import Stage, publisher_of
from tollfree_sdk.wire import request_from_json

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/*.json"))
MEMBERS = {"shows", "campaigns", "request", "decision", "publisher", "seen", "settings"}


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.fixture(params=["sqlite"])
def engine_kind(request: pytest.FixtureRequest) -> str:
    """What is decided does not depend on the database; one engine is enough here."""
    return str(request.param)


@pytest.fixture(params=CASES, ids=name_of)
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


async def test_scenario(case: dict[str, Any], database: Database, clock: FrozenClock) -> None:
    assert case.keys() <= MEMBERS, "A scenario has a member that nobody reads."
    settings = replace(PATIENT, **case.get("settings", {}))
    world = World(database, clock, settings=settings, embedder=real_embedder())
    stage = Stage(world)
    for campaign in case["campaigns"]:
        await stage.set_up(campaign)
    publisher = publisher_of(case.get("publisher", {}))
    request = replace(request_from_json(case["request"]), session="scenario")
    key = conversation_key(publisher.publisher_id, request.app, request.session)
    for turn, advertiser in enumerate(case.get("seen", ()), start=1):
        await world.frequency.remember(key, turn, stage.campaigns[advertiser])
    engine = await world.open()

    decision = await engine.decide(request, publisher=publisher)
    await world.write_down()

    (row,) = await rows(database)
    wanted = case["decision"]
    assert decision.no_fill_reason == wanted.get("no_ad"), case["shows"]
    if "advertiser" in wanted:
        assert decision.ad is not None
        assert decision.ad.advertiser.name == wanted["advertiser"], case["shows"]
    if "price" in wanted:
        assert row.price_micros == Micros.from_units(wanted["price"]), case["shows"]
    again = replay(row.trace)
    assert (again.price, again.reason) == (row.price_micros, decision.no_fill_reason)
