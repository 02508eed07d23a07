"""What goes wrong with a card that is charged by itself (A1-A5), item by item."""

import asyncio

import pytest

from advertiser_portal.billing import recharge
from advertiser_portal.billing.operations import plan
from fakestripe.resources import checkout, payments
from kernel.money import ZERO, Micros
from tests.advertiser_portal.billing.till_world import BOTH_ENGINES, CARD

LOST = {"kind": "hang_after_commit", "path": "/v1/payment_intents", "seconds": 3}


async def ready(bench, *, threshold=20, amount=50, cap=120) -> None:
    await bench.pay(10, save_card=True)
    await bench.set_recharge(threshold, amount, cap)


class TestA1Recharge:
    async def test_a1_stops_at_the_monthly_cap_and_goes_on_next_month(self, bench) -> None:
        await ready(bench, threshold=1_000)

        for _ in range(3):
            await bench.till.work()
        assert await bench.wallet() == Micros.from_units(10 + 2 * 50)

        bench.later(days=32)
        await bench.till.work()
        assert await bench.wallet() == Micros.from_units(10 + 4 * 50)

    async def test_a1_of_a_new_advertiser_is_limited_within_a_day(self, bench) -> None:
        await bench.pay(980, save_card=True)
        await bench.set_recharge(1_000, 50, 500)

        await bench.till.work()
        assert len(bench.made("payment_intent")) == 1
        bench.later(days=1, minutes=1)
        await bench.till.work()

        assert len(bench.made("payment_intent")) == 2

    @BOTH_ENGINES
    async def test_a1_is_planned_once_however_many_workers_look(self, bench) -> None:
        await ready(bench)
        found = await asyncio.gather(
            *(recharge.plan_due(bench.database, clock=bench.clock) for _ in range(5)),
            return_exceptions=True,
        )

        assert sum(len(planned) for planned in found if isinstance(planned, list)) == 1

    async def test_a1_counts_what_was_charged_and_is_not_in_the_wallet_yet(self, bench) -> None:
        await ready(bench, cap=500)
        bench.fake.platform.faults.arm("slow_money")

        for _ in range(3):
            await bench.till.work()
            bench.later(minutes=5)

        assert len(bench.made("payment_intent")) == 2
        payments.settle(bench.fake.platform, bench.made("payment_intent")[1]["id"], paid=True)
        await bench.till.work()
        assert await bench.wallet() == Micros.from_units(60)


class TestA2Recharge:
    async def test_a2_closes_the_whole_gap_with_one_charge(self, bench) -> None:
        await ready(bench, threshold=100, amount=25, cap=500)

        await bench.till.work()

        assert bench.made("payment_intent")[-1]["amount"] == 4 * 2_500

    async def test_a2_that_a_cap_holds_back_says_so_once(self, bench) -> None:
        await ready(bench, threshold=1_000, amount=50, cap=50)

        for _ in range(4):
            await bench.till.work()

        assert (await bench.told(), (await bench.rule()).enabled) == (["recharge_capped"], True)

    async def test_a2_waits_an_hour_after_a_decline_and_stops_after_three(self, bench) -> None:
        await ready(bench)
        await bench.swap_card("pm_card_chargeCustomerFail")

        for _ in range(2):
            await bench.till.work()
        assert (await bench.rule()).failures == 1
        for _ in range(4):
            bench.clock.advance(hours=1.1)
            await bench.till.work()

        rule = await bench.rule()
        assert (rule.enabled, rule.failures, rule.month_planned) == (False, 3, ZERO)
        assert await bench.told() == ["recharge_failed", "recharge_failed", "recharge_stopped"]


class TestA3Recharge:
    async def test_a3_is_credited_at_once_without_any_event(self, bench) -> None:
        await ready(bench)

        await bench.till.work()

        assert await bench.wallet() == Micros.from_units(60)

    async def test_a3_is_credited_once_when_the_event_comes_too(self, bench) -> None:
        await ready(bench)
        await bench.till.work()

        await bench.hear()
        await bench.till.work()

        assert await bench.wallet() == Micros.from_units(60)

    async def test_a3_that_is_refused_counts_although_no_event_tells_of_it(self, bench) -> None:
        await ready(bench)
        await bench.swap_card("pm_card_chargeCustomerFail")

        await bench.till.work()

        assert (await bench.rule()).failures == 1


class TestA4Recharge:
    @pytest.mark.parametrize(
        ("token", "error"),
        [
            ("pm_card_chargeCustomerFail", "card_declined"),
            ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
            ("pm_card_chargeDeclinedProcessingError", "processing_error"),
            ("pm_card_authenticationRequired", "authentication_required"),
        ],
    )
    async def test_a4_that_is_refused_moves_nothing(self, bench, token, error) -> None:
        await ready(bench)
        await bench.swap_card(token)

        await bench.till.work()
        await bench.hear()

        assert ((await bench.rule()).last_error, await bench.wallet()) == (
            error,
            Micros.from_units(10),
        )

    async def test_a4_that_wants_its_owner_is_confirmed_and_goes_on(self, bench) -> None:
        await ready(bench)
        await bench.swap_card("pm_card_authenticationRequired")
        await bench.till.work()
        rule, intent = await bench.rule(), bench.made("payment_intent")[-1]
        assert (
            rule.confirm_url == f"https://portal.example/advertiser/billing/confirm/{intent['id']}"
        )
        assert (rule.enabled, await bench.told()) == (False, ["recharge_confirm"])

        customer = await bench.saved_card()
        address = await bench.till.gateway.confirm_address(
            intent["id"], card_id=customer.card_id, return_url="https://portal.example/back"
        )
        assert address.endswith(f"/hosted/authenticate/{intent['id']}")
        payments.succeed(bench.fake.platform, intent)
        await bench.hear()

        rule = await bench.rule()
        assert (rule.enabled, rule.confirm_url) == (True, None)
        assert await bench.wallet() == Micros.from_units(60)

    @pytest.mark.parametrize("paid", [True, False])
    async def test_a4_whose_money_is_slow_is_followed_to_its_end(self, bench, paid) -> None:
        await ready(bench)
        bench.fake.platform.faults.arm("slow_money")
        await bench.till.work()
        assert await bench.wallet() == Micros.from_units(10)

        payments.settle(bench.fake.platform, bench.made("payment_intent")[-1]["id"], paid=paid)
        await bench.hear()

        assert await bench.wallet() == Micros.from_units(60 if paid else 10)
        assert (await bench.rule()).failures == (0 if paid else 1)

    @pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_chargeCustomerFail"])
    async def test_a4_whose_answer_was_lost_is_not_charged_again(self, bench, card) -> None:
        await ready(bench)
        await bench.swap_card(card)
        bench.fake.platform.faults.arm(**LOST)

        await bench.till.work()
        bench.later(minutes=1)
        await bench.till.work()
        bench.later(minutes=2)
        await bench.till.work()

        paid = card == "pm_card_visa"
        assert len(bench.made("payment_intent")) == 2
        assert await bench.wallet() == Micros.from_units(60 if paid else 10)
        assert (await bench.rule()).failures == (0 if paid else 1)


async def test_a5_a_card_is_saved_without_a_payment(bench) -> None:
    params = {
        "customer": await bench.customer(),
        "success_url": "https://a",
        "cancel_url": "https://b",
    }
    async with bench.database.writing() as tx:
        operation = await plan(tx, "save_card", bench.advertiser, params, clock=bench.clock)
    done = await bench.till.operations.perform(operation)

    checkout.complete(bench.fake.platform, done.stripe_id, number=CARD)
    await bench.hear()

    assert (await bench.saved_card()).card_last4 == "4242"
    assert bench.made("setup_intent")[0]["usage"] == "off_session"
    assert bench.made("charge") == []
