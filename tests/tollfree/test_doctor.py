"""What `doctor` finds around an installation, one trouble at a time."""

import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from advertiser_portal.billing.tables import StripeEvent
from api.chat.usage import write_completions
from kernel.clock import FrozenClock, SystemClock
from kernel.database import Database, WriteSession
from kernel.outbox import enqueue
from tests.api.monitoring.test_calls import a_row
from tollfree import examinations, surroundings
from tollfree.settings import ServeSettings

pytestmark = pytest.mark.parametrize("engine_kind", ["sqlite"])
_KEY = "1:" + "ab" * 32


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> ServeSettings:
    return ServeSettings().model_copy(
        update={"data": tmp_path, "database_url": SecretStr(database_url)}
    )


async def written(settings: ServeSettings, write: Callable[[WriteSession], Awaitable[Any]]) -> None:
    database = Database(settings.database())
    async with database.writing() as tx:
        await write(tx)
    await database.close()


async def test_a_sound_installation_is_fine_in_every_respect(settings: ServeSettings) -> None:
    sound = settings.model_copy(update={"signing_keys": SecretStr(_KEY)})
    found = {
        check.__name__: await check(sound)
        for check in (
            surroundings.disk, surroundings.clock, surroundings.signing_keys,
            surroundings.webhooks, surroundings.worker, surroundings.books, surroundings.reserve,
            examinations.database,
        )
    }  # fmt: skip

    assert {name: one.state for name, one in found.items() if one.state != "ok"} == {}
    assert "every rule holds" in found["books"].says
    assert "0.003" in found["reserve"].says
    assert "abab" not in str(found)


async def test_calls_from_the_future_betray_a_clock_that_was_set_back(
    settings: ServeSettings,
) -> None:
    ahead = FrozenClock(SystemClock().now() + timedelta(hours=1))
    await written(settings, lambda tx: write_completions(tx, [a_row(ahead)]))

    assert (await surroundings.clock(settings)).state == "warning"


async def test_secrets_that_others_can_read_are_a_problem(settings: ServeSettings) -> None:
    secrets = settings.data / "secrets.json"
    secrets.write_text("{}")
    secrets.chmod(0o644)
    assert (await surroundings.signing_keys(settings)).state == "problem"
    secrets.chmod(0o600)
    assert (await surroundings.signing_keys(settings)).state == "ok"
    secrets.unlink()
    assert (await surroundings.signing_keys(settings)).state == "warning"


async def test_stripe_needs_an_address_that_it_can_reach(settings: ServeSettings) -> None:
    paid = settings.model_copy(
        update={
            "stripe_secret_key": SecretStr("sk_live_x"),
            "stripe_webhook_secrets": SecretStr("whsec_x"),
            "public_url": "http://127.0.0.1:8787",
        }
    )
    assert (await surroundings.webhooks(paid)).state == "problem"
    reachable = paid.model_copy(update={"public_url": "https://api.example.com"})
    assert (await surroundings.webhooks(reachable)).state == "ok"
    lacking = reachable.model_copy(update={"stripe_webhook_secrets": None})
    found = await surroundings.webhooks(lacking)
    assert (found.state, "STRIPE_WEBHOOK_SECRETS" in found.says) == ("problem", True)


async def test_what_stripe_told_and_nobody_could_act_on_is_a_problem(
    settings: ServeSettings,
) -> None:
    now = SystemClock().now()

    async def give_up(tx: WriteSession) -> None:
        tx.add(
            StripeEvent(
                event_id="evt_1", type="charge.refunded", object_id="ch_1", received_at=now,
                next_try_at=now, attempts=9, dead_at=now,
            )
        )  # fmt: skip

    await written(settings, give_up)

    found = await surroundings.webhooks(settings)
    assert (found.state, found.mend) == ("problem", "tollfree billing events --again")


async def test_jobs_that_nobody_does_are_named(settings: ServeSettings) -> None:
    long_ago = FrozenClock(SystemClock().now() - timedelta(hours=1))
    await written(settings, lambda tx: enqueue(tx, "letter", {}, clock=long_ago))

    found = await surroundings.worker(settings)
    assert (found.state, found.mend) == ("warning", "tollfree worker")


async def test_an_upstream_that_cannot_be_reached_is_named(settings: ServeSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    away = settings.model_copy(
        update={"upstream_url": f"http://127.0.0.1:{port}/v1", "upstream_model": "m"}
    )

    found = await examinations.upstream(away)
    assert (found.state, "not reached: relay" in found.says) == ("problem", True)


async def test_a_database_that_is_not_ready_is_told_once(settings: ServeSettings) -> None:
    none = settings.model_copy(update={"data": settings.data / "new", "database_url": None})

    assert (await examinations.database(none)).state == "warning"
    for check in (surroundings.clock, surroundings.worker, surroundings.books):
        assert "not ready" in (await check(none)).says
    assert (await surroundings.disk(none)).state == "ok"
