"""``tollfree billing reconcile`` against the stand-in, as an operator would run it."""

import json

import pytest

from tests.advertiser_portal.billing.stand_in import stand_in_server
from tests.advertiser_portal.billing.till_world import open_till
from tollfree import billing, till_side
from tollfree.__main__ import main


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
    assert json.dumps(billing._as_json(odd))


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
