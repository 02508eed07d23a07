"""A publisher's settings by its own key, and what they do to its decisions."""

from collections.abc import AsyncIterator

import httpx
import pytest

from adserver.catalog.publisher import Publisher
from adserver.catalog.publisher_commands import (
    PublisherKeyKind,
    create_publisher_key,
    revoke_publisher_key,
)
from adserver.decision.settings import DecisionSettings
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.adserver.decision.world import SHOES, World
from tests.adserver.http.network import a_publisher, application, caller

SETTINGS = "/ads/v1/publisher"
ASKED = {"v": 1, "conversation": [{"role": "user", "text": SHOES}], "formats": ["unit", "mention"]}


NONSENSE: list[tuple[str, object, str]] = [
    ("blocks", {"categories": ["gadgets"]}, "categories"),
    ("blocks", {"domains": ["no domain"]}, "domains"),
    ("blocks", {"people": []}, "people"),
    ("formats", {"formats": []}, "formats"),
    ("formats", {"formats": ["popup"]}, "formats"),
    ("placements/Side Bar", {}, "name"),
    ("placements/sidebar", {"min_relevance": 2}, "min_relevance"),
    ("placements/sidebar", {"floor_micros": -1}, "floor_micros"),
    ("placements/sidebar", {"colour": "red"}, "colour"),
]
NARROW: list[tuple[object, str | None]] = [
    ({"formats": ["unit"]}, None),
    ({"formats": ["link"]}, "not_placeable"),
    ({"floor_micros": 90_000_000}, "below_floor"),
    ({"blocked_advertisers": ["strideworks"]}, "blocked_by_publisher"),
    ({"blocked_categories": ["running"]}, "blocked_by_publisher"),
    ({"min_relevance": 1.0}, "below_relevance"),
    ({"ads_per_session": 0}, "frequency_cap"),
]


@pytest.fixture
async def world(database: Database, clock: FrozenClock) -> World:
    world = World(database, clock, settings=DecisionSettings(deadline_ms=20_000))
    await world.creative()
    await world.creative(name="Tollfree", title="A test ad", house=True)
    await world.open()
    return world


@pytest.fixture
async def mine(world: World) -> tuple[Publisher, dict[str, str]]:
    publisher, secret = await a_publisher(world)
    return publisher, {"authorization": f"Bearer {secret}"}


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(application(world)) as client:
        yield client


Mine = tuple[Publisher, dict[str, str]]


class TestSettings:
    async def test_are_read_and_changed_by_the_publishers_key(
        self, client: httpx.AsyncClient, mine: Mine
    ) -> None:
        _, headers = mine
        blocks = {
            "categories": ["travel"],
            "domains": ["Shop.Example"],
            "advertisers": ["Voltbook"],
        }

        await client.put(f"{SETTINGS}/blocks", headers=headers, json=blocks)
        await client.put(f"{SETTINGS}/formats", headers=headers, json={"formats": ["unit"]})
        wanted = {"formats": ["unit"], "floor_micros": 50_000, "min_relevance": 0.6}
        for floor in (10_000, 50_000):
            placed = await client.put(
                f"{SETTINGS}/placements/sidebar",
                headers=headers,
                json={**wanted, "floor_micros": floor},
            )
        read = (await client.get(SETTINGS, headers=headers)).json()

        assert placed.json() == read
        assert read["blocks"] == {
            "categories": ["travel"], "domains": ["shop.example"], "advertisers": ["voltbook"],
        }  # fmt: skip
        assert read["formats"] == ["unit"]
        (sidebar,) = read["placements"]
        assert (sidebar["name"], sidebar["floor_micros"], sidebar["min_relevance"]) == (
            "sidebar", 50_000, 0.6,
        )  # fmt: skip
        gone = await client.delete(f"{SETTINGS}/placements/sidebar", headers=headers)
        assert gone.json()["placements"] == []

    async def test_that_make_no_sense_are_refused_by_name(
        self, client: httpx.AsyncClient, mine: Mine
    ) -> None:
        for path, body, param in NONSENSE:
            answer = await client.put(f"{SETTINGS}/{path}", headers=mine[1], json=body)

            assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)

    async def test_need_a_key_and_a_live_one_to_change(
        self, client: httpx.AsyncClient, mine: Mine, world: World
    ) -> None:
        async with world.database.writing() as tx:
            key = await create_publisher_key(
                tx, mine[0].publisher_id, kind=PublisherKeyKind.TEST, clock=world.clock
            )
        testing = {"authorization": f"Bearer {key.secret}"}

        assert (await client.get(SETTINGS)).status_code == 401
        assert (await client.get(SETTINGS, headers=testing)).status_code == 200
        refused = await client.put(f"{SETTINGS}/blocks", headers=testing, json={})
        assert refused.status_code == 403
        unknown = await client.delete(f"{SETTINGS}/placements/x", headers=mine[1])
        assert unknown.status_code == 404


class TestADecision:
    async def test_by_a_test_key_is_the_test_ad_whatever_was_asked(
        self, client: httpx.AsyncClient, mine: Mine, world: World
    ) -> None:
        async with world.database.writing() as tx:
            key = await create_publisher_key(
                tx, mine[0].publisher_id, kind=PublisherKeyKind.TEST, clock=world.clock
            )
        headers = {"authorization": f"Bearer {key.secret}"}

        answer = await client.post("/ads/v1/decisions", headers=headers, json=ASKED)

        assert answer.json()["ad"]["title"] == "A test ad"

    async def test_by_a_withdrawn_key_is_refused(
        self, client: httpx.AsyncClient, mine: Mine, world: World
    ) -> None:
        async with world.database.writing() as tx:
            key = await create_publisher_key(
                tx, mine[0].publisher_id, kind=PublisherKeyKind.LIVE, clock=world.clock
            )
            await revoke_publisher_key(tx, key.key_id, clock=world.clock)
        headers = {"authorization": f"Bearer {key.secret}"}

        answer = await client.post("/ads/v1/decisions", headers=headers, json=ASKED)

        assert answer.status_code == 401

    async def test_stays_within_the_placement_that_it_is_for(
        self, client: httpx.AsyncClient, mine: Mine
    ) -> None:
        for number, (settings, _) in enumerate(NARROW):
            path = f"{SETTINGS}/placements/p{number}"
            assert (await client.put(path, headers=mine[1], json=settings)).status_code == 200

        for number, (settings, reason) in enumerate(NARROW):
            asked = {**ASKED, "placement": f"p{number}"}
            answer = await client.post("/ads/v1/decisions", headers=mine[1], json=asked)
            assert (settings, answer.json()["no_fill_reason"]) == (settings, reason)

    async def test_at_an_unknown_placement_is_refused(
        self, client: httpx.AsyncClient, mine: Mine
    ) -> None:
        answer = await client.post(
            "/ads/v1/decisions", headers=mine[1], json={**ASKED, "placement": "nowhere"}
        )

        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "placement")
