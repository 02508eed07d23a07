"""What goes wrong with adding funds (T1-T4), item by item."""

import asyncio

import pytest

from advertiser_portal.billing.haste import Caution
from fakestripe.resources import checkout
from kernel.errors import BadRequest, Forbidden
from kernel.money import ZERO, Micros
from ledger import journal
from ledger.verify import verify
from tests.advertiser_portal.billing.till_world import BOTH_ENGINES, CARD, RETURNS

HUNDRED = Micros.from_units(100)


class TestT1ATopUp:
    async def test_t1_names_its_customer_its_cause_and_its_invoice(self, bench) -> None:
        payment = await bench.pay(100, tax=True)

        session, intent = bench.made("checkout.session")[0], bench.made("payment_intent")[0]
        operation = session["metadata"]["operation_id"]
        assert session["customer"] == bench.made("customer")[0]["id"]
        assert session["client_reference_id"] == bench.advertiser
        assert (intent["id"], intent["metadata"]["operation_id"]) == (payment, operation)
        assert session["invoice_creation"]["enabled"]
        assert session["automatic_tax"]["enabled"]
        asked = next(a.body.decode() for a in bench.asked if a.path == "/v1/checkout/sessions")
        assert "tax_id_collection" in asked

    async def test_t1_credits_the_net_and_owes_the_tax(self, bench) -> None:
        await bench.pay(100, tax=True)

        assert await bench.wallet() == HUNDRED
        assert await bench.money("tax_payable") == Micros.from_units(19)
        assert await bench.money("stripe_clearing") == Micros.from_units(119)

    @pytest.mark.parametrize("tick", [False, True])
    async def test_t1_keeps_the_card_only_when_asked(self, bench, tick) -> None:
        await bench.pay(50, save_card=tick)

        kept = bench.made("payment_intent")[0]["setup_future_usage"]
        assert kept == ("off_session" if tick else None)
        assert (await bench.saved_card()).card_last4 == ("4242" if tick else None)

    @pytest.mark.parametrize("units", [1, 30_000])
    async def test_t1_stays_within_bounds_that_are_said(self, bench, units) -> None:
        with pytest.raises(BadRequest, match=r"\$10.00 and \$25,000.00"):
            await bench.plan_top_up(units)

    async def test_t1_of_a_new_advertiser_is_limited_within_a_day(self, bench) -> None:
        await bench.pay(900)

        with pytest.raises(Forbidden, match="30 days"):
            await bench.plan_top_up(200)
        bench.later(days=31)
        assert await bench.plan_top_up(200)


class TestT2ADelayedPayment:
    async def delayed(self, bench) -> str:
        self.operation = await bench.plan_top_up(100)
        done = await bench.till.operations.perform(self.operation)
        checkout.complete(bench.fake.platform, done.stripe_id, number=CARD, delayed=True)
        await bench.hear()
        assert await bench.wallet() == ZERO
        return done.stripe_id

    async def test_t2_is_credited_only_when_the_money_came(self, bench) -> None:
        session = await self.delayed(bench)
        assert (await bench.operation(self.operation)).outcome is None

        checkout.settle_delayed(bench.fake.platform, session, paid=True)
        await bench.hear()

        assert await bench.wallet() == HUNDRED
        assert (await bench.operation(self.operation)).outcome == "paid"

    async def test_t2_that_fails_credits_nothing_and_is_over(self, bench) -> None:
        session = await self.delayed(bench)

        checkout.settle_delayed(bench.fake.platform, session, paid=False)
        await bench.hear()

        assert await bench.wallet() == ZERO
        assert (await bench.operation(self.operation)).outcome == "failed"

    async def test_t2_page_that_nobody_paid_on_is_over_when_it_expires(self, bench) -> None:
        operation = await bench.plan_top_up(100)
        done = await bench.till.operations.perform(operation)

        checkout.expire(bench.fake.platform, done.stripe_id)
        await bench.hear()

        assert (await bench.operation(operation)).outcome == "expired"


async def test_t3_coming_back_says_which_payment_and_proves_nothing(bench) -> None:
    returns = RETURNS.__class__("https://portal.example/paid/{operation}", "https://no.example")
    operation = await bench.plan_top_up(100, returns=returns)
    await bench.till.operations.perform(operation)

    assert bench.made("checkout.session")[0]["success_url"].endswith(operation)
    assert (await bench.operation(operation)).outcome is None
    assert await bench.wallet() == ZERO


@BOTH_ENGINES
async def test_t4_many_visits_at_once_make_one_customer(bench) -> None:
    made = await asyncio.gather(*(bench.customer() for _ in range(6)))

    assert len(set(made)) == 1
    assert len(bench.made("customer")) == 1


class TestANewAdvertiser:
    async def test_t1_spends_no_more_in_a_day_than_its_cap_for_thirty_days(self, bench) -> None:
        await bench.pay(800)

        today = [type(await bench.spend(250)) for _ in range(3)]
        bench.later(days=1)
        tomorrow = await bench.spend(250)

        assert today == [journal.Charged, journal.Charged, journal.Refused]
        assert isinstance(tomorrow, journal.Charged)
        async with bench.database.reading() as session:
            assert await verify(session) == []

    async def test_t1_is_new_from_its_first_payment_on_and_no_longer(self, bench) -> None:
        await bench.pay(100)
        bench.later(days=20)
        await bench.pay(900)
        bench.later(days=11)

        assert isinstance(await bench.spend(900), journal.Charged)

    async def test_t1_has_the_bounds_that_the_operator_has_set(self, bench) -> None:
        bench.desk._caution = Caution(Micros.from_units(50), Micros.from_units(20))
        await bench.pay(40)

        assert isinstance(await bench.spend(21), journal.Refused)
        assert isinstance(await bench.spend(20), journal.Charged)
