"""``tollfree billing reconcile`` against the stand-in, as an operator would run it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest

from kernel.money import Micros
from tests.advertiser_portal.billing.stand_in import stand_in_server
from tests.advertiser_portal.billing.till_world import Bench, open_till
from tollfree import billing, till_side
from tollfree.__main__ import main
from tollfree.crew import Crew


@pytest.fixture
async def bench(database, clock) -> AsyncIterator[Bench]:
    opened = open_till(database, clock)
    yield opened
    await opened.till.gateway.close()


@pytest.mark.parametrize("engine_kind", ["sqlite"])
async def test_it_says_that_all_is_well_and_what_is_left_when_not(database, clock, capsys) -> None:
    with stand_in_server() as (fake, url):
        bench = open_till(database, clock, fake, url)
        await bench.pay(100)
        clean = await billing._closing(bench.till)

        bench = open_till(database, clock, fake, url)
        fake.platform.balance.move("stripe_fee", -700, "fee_odd", currency="usd")
        odd = await billing._closing(bench.till)

    assert clean.is_clean
    assert "0 not explained" in billing._as_text(clean)
    assert not odd.is_clean
    assert re.search(r"\? txn_\w+  [\d-]+  stripe_fee  -\$7\.00  fee_odd", billing._as_text(odd))
    told = json.loads(json.dumps(billing._as_json(odd)))
    assert [one["amount_micros"] for one in told["suspects"]] == [-7_000_000]


@pytest.mark.parametrize("engine_kind", ["sqlite"])
async def test_what_nobody_took_while_no_worker_ran_is_replayed_when_one_starts(bench) -> None:
    await bench.pay(100, hear=False)
    bench.fake.platform.events.undelivered |= {one["id"] for one in bench.made("event")}
    crew = Crew()

    till_side.start_work(crew, bench.till, compare=True)
    for _ in range(500):
        if await bench.wallet():
            break
        await asyncio.sleep(0.01)
    await crew.stop()

    assert await bench.wallet() == Micros.from_units(100)


def test_without_a_key_it_says_what_to_set(tmp_path, capsys) -> None:
    assert main(["migrate", "--data", str(tmp_path)]) == 0

    assert main(["billing", "reconcile", "--data", str(tmp_path)]) == 2

    assert "STRIPE_SECRET_KEY" in capsys.readouterr().err


def test_no_event_was_given_up_and_a_code_is_offered_once(tmp_path, capsys) -> None:
    data = ["--data", str(tmp_path)]
    assert main(["migrate", *data]) == 0

    assert main(["billing", "events", *data]) == 0
    assert "No event was given up" in capsys.readouterr().out
    offer = ["billing", "promo", "welcome-25", "--amount", "25", *data]
    assert (main(offer), "WELCOME-25" in capsys.readouterr().out) == (0, True)
    assert main(offer) != 0


def test_a_key_without_a_webhook_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from kernel.errors import SettingsInvalid
    from tollfree.settings import serve_settings

    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_x")

    with pytest.raises(SettingsInvalid, match="STRIPE_WEBHOOK_SECRETS"):
        till_side.stripe_keys(serve_settings())


def test_keys_do_not_print_themselves() -> None:
    assert "sk_live" not in repr(till_side.StripeKeys("sk_live_secret", ("whsec_x",)))
