"""The network as a publisher meets it."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from adserver.catalog.publisher_commands import PREFIX
from adserver.events.tables import DecisionRow, StepRow
from adserver.http.bodies import LARGEST_BODY
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.secret_keys import new_key
from tests.adserver.decision.world import SHOES, World
from tests.adserver.http.network import a_publisher, application, caller

BODY: dict[str, Any] = {"conversation": [{"role": "user", "text": SHOES}]}


@pytest.fixture
async def world(database: Database, clock: FrozenClock) -> World:
    world = World(database, clock)
    await world.creative()
    await world.open()
    return world


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


async def recorded_steps(world: World) -> list[tuple[str, str]]:
    await world.write_down()
    async with world.database.reading() as session:
        found = await session.execute(
            sa.select(StepRow.decision_id, StepRow.step).order_by(StepRow.step)
        )
        return [(row.decision_id, row.step) for row in found]


async def ask(client: httpx.AsyncClient, key: str, **more: Any) -> httpx.Response:
    return await client.post("/ads/v1/decisions", json=BODY | more, headers=bearer(key))


class TestADecision:
    async def test_carries_the_ad_and_is_the_publishers_own(self, world: World) -> None:
        publisher, key = await a_publisher(world)

        async with caller(application(world)) as client:
            response = await ask(client, key)

        assert response.status_code == 200
        body = response.json()
        assert body["ad"]["label"] == "Sponsored"
        assert body["ad"]["advertiser"]["name"] == "Strideworks"
        assert body["no_fill_reason"] is None
        await world.write_down()
        async with world.database.reading() as session:
            owner = await session.scalar(sa.select(DecisionRow.publisher_id))
        assert owner == publisher.publisher_id

    async def test_without_an_ad_is_still_a_good_answer(self, world: World) -> None:
        _, key = await a_publisher(world)

        async with caller(application(world)) as client:
            response = await ask(client, key, consent=False)

        assert response.status_code == 200
        assert response.json()["no_fill_reason"] == "consent_missing"
        assert response.json()["decision_id"].startswith("dec_")

    async def test_counts_as_delivered_when_it_is_returned(self, world: World) -> None:
        _, key = await a_publisher(world)

        async with caller(application(world)) as client:
            decision_id = (await ask(client, key)).json()["decision_id"]

        assert await recorded_steps(world) == [(decision_id, "delivered")]

    async def test_counts_as_delivered_only_when_reported_if_the_caller_says_so(
        self, world: World
    ) -> None:
        _, key = await a_publisher(world)

        async with caller(application(world)) as client:
            await ask(client, key, defer_delivered=True)

        assert await recorded_steps(world) == []

    async def test_without_an_ad_is_never_delivered(self, world: World) -> None:
        _, key = await a_publisher(world)

        async with caller(application(world)) as client:
            await ask(client, key, minor=True)

        assert await recorded_steps(world) == []


class TestAStep:
    async def test_is_recorded_however_often_it_is_reported(self, world: World) -> None:
        _, key = await a_publisher(world)

        async with caller(application(world)) as client:
            decision_id = (await ask(client, key)).json()["decision_id"]
            for step in ("rendered", "rendered", "viewable"):
                response = await client.post(
                    f"/ads/v1/decisions/{decision_id}/steps",
                    json={"step": step},
                    headers=bearer(key),
                )
                assert response.status_code == 204

        assert await recorded_steps(world) == [
            (decision_id, "delivered"),
            (decision_id, "rendered"),
            (decision_id, "viewable"),
        ]

    async def test_of_another_publishers_decision_is_not_found(self, world: World) -> None:
        _, key = await a_publisher(world)
        _, other = await a_publisher(world, "Other Chat")

        async with caller(application(world)) as client:
            decision_id = (await ask(client, key)).json()["decision_id"]
            response = await client.post(
                f"/ads/v1/decisions/{decision_id}/steps",
                json={"step": "rendered"},
                headers=bearer(other),
            )

        assert response.status_code == 404
        assert (decision_id, "rendered") not in await recorded_steps(world)

    async def test_is_taken_by_a_worker_that_did_not_decide(self, world: World) -> None:
        _, key = await a_publisher(world)
        async with caller(application(world)) as client:
            decision_id = (await ask(client, key)).json()["decision_id"]
        await world.write_down()
        elsewhere = World(world.database, world.clock)

        async with caller(application(elsewhere)) as client:
            response = await client.post(
                f"/ads/v1/decisions/{decision_id}/steps",
                json={"step": "rendered"},
                headers=bearer(key),
            )

        assert response.status_code == 204

    @pytest.mark.parametrize("step", ["click", "conversion", "seen", None])
    async def test_that_a_publisher_may_not_report_is_refused(
        self, world: World, step: str | None
    ) -> None:
        _, key = await a_publisher(world)

        async with caller(application(world)) as client:
            decision_id = (await ask(client, key)).json()["decision_id"]
            response = await client.post(
                f"/ads/v1/decisions/{decision_id}/steps", json={"step": step}, headers=bearer(key)
            )

        assert response.status_code == 400
        assert response.json()["error"]["param"] == "step"

    @pytest.mark.parametrize("decision_id", ["dec_1", "dec_" + "0" * 26, "cmp_" + "0" * 26])
    async def test_of_no_decision_is_not_found(self, world: World, decision_id: str) -> None:
        _, key = await a_publisher(world)

        async with caller(application(world)) as client:
            response = await client.post(
                f"/ads/v1/decisions/{decision_id}/steps",
                json={"step": "rendered"},
                headers=bearer(key),
            )

        assert response.status_code == 404


class TestABadCall:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"authorization": "Basic abc"},
            bearer("tf_live_" + "a" * 33),
            bearer("tf_pub_" + "a" * 39),
            bearer(new_key(PREFIX)[0]),
        ],
    )
    async def test_without_a_known_key_is_unauthenticated(
        self, world: World, headers: dict[str, str]
    ) -> None:
        async with caller(application(world)) as client:
            response = await client.post("/ads/v1/decisions", json=BODY, headers=headers)

        assert response.status_code == 401
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b'"text"',
            b"{}",
            b'{"conversation": "hello"}',
            b'{"conversation": [{"role": "user"}]}',
            b'{"conversation": [], "consent": "yes"}',
            b'{"conversation": [], "formats": ["banner"]}',
            b'{"conversation": [], "defer_delivered": 1}',
            b'{"conversation": [], "floor_micros": "much"}',
        ],
    )
    async def test_with_a_body_that_makes_no_sense_is_told_so(
        self, world: World, body: bytes
    ) -> None:
        _, key = await a_publisher(world)

        async with caller(application(world)) as client:
            response = await client.post("/ads/v1/decisions", content=body, headers=bearer(key))

        assert response.status_code == 400
        assert response.json()["error"]["message"]

    async def test_with_a_huge_body_is_refused(self, world: World) -> None:
        _, key = await a_publisher(world)

        async with caller(application(world)) as client:
            response = await client.post(
                "/ads/v1/decisions", content=b" " * (LARGEST_BODY + 1), headers=bearer(key)
            )

        assert response.status_code == 413

    async def test_never_hears_its_own_words_back(self, world: World) -> None:
        _, key = await a_publisher(world)
        body = {"conversation": [{"role": "user", "text": "zebrafinch"}], "country": 7}

        async with caller(application(world)) as client:
            response = await client.post("/ads/v1/decisions", json=body, headers=bearer(key))

        assert response.status_code == 400
        assert "zebrafinch" not in response.text
