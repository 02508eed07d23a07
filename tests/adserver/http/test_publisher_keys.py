"""Publisher keys: who calls, for how long that is believed."""

import pytest

from adserver.catalog.commands import create_publisher
from adserver.catalog.publisher_commands import PREFIX
from adserver.http.publisher_keys import PublisherKeys
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import Unauthenticated
from kernel.secret_keys import digest_of, new_key
from tests.adserver.decision.world import World
from tests.adserver.http.network import a_publisher


def test_a_key_has_its_prefix_and_a_digest_that_does_not_show_it() -> None:
    secret, digest = new_key(PREFIX)

    assert secret.startswith("tf_pub_")
    assert len(secret) == 46
    assert digest == digest_of(secret)
    assert secret not in digest


async def test_a_known_key_names_its_publisher(database: Database, clock: FrozenClock) -> None:
    publisher, secret = await a_publisher(World(database, clock))
    keys = PublisherKeys(database, clock)

    assert await keys.publisher(f"Bearer {secret}") == publisher
    assert await keys.publisher(f"bearer  {secret}") == publisher


async def test_a_mistyped_key_is_refused_without_asking_the_database(
    database: Database, clock: FrozenClock
) -> None:
    secret, _ = new_key(PREFIX)
    mistyped = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    keys = PublisherKeys(database, clock)
    await database.close()

    with pytest.raises(Unauthenticated, match="not a publisher key"):
        await keys.publisher(f"Bearer {mistyped}")


async def test_a_key_that_becomes_known_works_within_seconds(
    database: Database, clock: FrozenClock
) -> None:
    secret, digest = new_key(PREFIX)
    keys = PublisherKeys(database, clock)
    with pytest.raises(Unauthenticated, match="unknown"):
        await keys.publisher(f"Bearer {secret}")

    async with database.writing() as tx:
        made = await create_publisher(tx, name="Late Chat", key_digest=digest, clock=clock)
    clock.advance(seconds=3)

    assert await keys.publisher(f"Bearer {secret}") == made
