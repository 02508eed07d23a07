"""A recorded decision, laid open."""

import json

import pytest

from adserver.decision.explanation import explanation_of, reasons_since
from adserver.events.tables import DecisionRow
from kernel.errors import NotFound
from tests.adserver.decision.world import SHOES, World, asking, decided, rows


async def test_every_candidate_is_there_with_what_it_stood_with(world: World) -> None:
    await world.creative()
    await world.creative(name="Farther", bid=200_000)
    await world.creative(name="Mapleleaf", countries=["CA"])
    engine = await world.open()
    decision = await decided(engine, asking(SHOES))
    await world.write_down()

    async with world.database.reading() as session:
        found = await explanation_of(session, decision.decision_id or "")

    first, second = found.candidates[:2]
    assert found.is_same
    assert json.loads(json.dumps(found.to_json(), default=str))["is_same"]
    assert (first["filter"], first["bid_micros"], first["pace"]) == (None, 500_000, 1.0)
    assert first["ecpm_micros"] > second["ecpm_micros"] > 0
    assert first["creative"] == found.decision["creative"] == found.replayed["creative"]
    assert first["chance_to_win"] + second["chance_to_win"] == pytest.approx(1.0)
    assert SHOES.split()[-1] not in json.dumps(found.to_json(), default=str)


async def test_what_was_filtered_says_by_what(world: World) -> None:
    await world.creative(countries=["CA"])
    engine = await world.open()
    decision = await decided(engine, asking(SHOES, country="DE"))
    await world.write_down()

    async with world.database.reading() as session:
        found = await explanation_of(session, decision.decision_id or "")

    assert [one["filter"] for one in found.candidates] == ["country"]
    assert found.is_same


async def test_reasons_are_counted(world: World) -> None:
    await world.creative()
    engine = await world.open()
    for text in (SHOES, SHOES + " ", "Write a for-loop in Python."):
        await decided(engine, asking(text))
    await world.write_down()

    async with world.database.reading() as session:
        counts = await reasons_since(session, "dec_")
        later = await reasons_since(session, "dec_z")

    assert counts == {"ad": 2, "not_commercial": 1}
    assert later == {}


async def test_a_decision_that_is_not_recorded_is_not_explained(world: World) -> None:
    async with world.database.reading() as session:
        with pytest.raises(NotFound, match="no such decision"):
            await explanation_of(session, "dec_nothing")


async def test_a_record_that_was_tampered_with_does_not_replay_the_same(world: World) -> None:
    await world.creative()
    engine = await world.open()
    await decided(engine, asking(SHOES))
    await world.write_down()
    row = (await rows(world.database))[0]
    async with world.database.writing() as tx:
        stored = await tx.get_one(DecisionRow, row.id)
        stored.trace = stored.trace | {
            "candidates": [one | {"reserve": 490_000} for one in stored.trace["candidates"]]
        }

    async with world.database.reading() as session:
        assert not (await explanation_of(session, row.id)).is_same
