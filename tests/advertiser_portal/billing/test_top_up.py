"""Adding funds, as the items T1-T4 and W2-W4 of our own list of what goes wrong in public."""

import asyncio
import itertools
import random

import pytest

from advertiser_portal.billing.events import receive
from advertiser_portal.billing.gateway import Notice
from fakestripe.resources import checkout
from kernel.errors import BadRequest, Forbidden
from kernel.money import ZERO, Micros
from ledger.verify import verify

HUNDRED = Micros.from_units(100)


class TestAPaidCheckout:
    async def test_is_credited_once_net_of_tax(self, bench) -> None:
        await bench.pay(100, tax=True)

        assert await bench.wallet() == HUNDRED
        assert await bench.money("tax_payable") == Micros.from_units(19)
        assert await bench.money("stripe_clearing") == Micros.from_units(119)

    async def test_is_credited_once_however_often_and_in_what_order_it_is_told(self, bench) -> None:
        await bench.pay(100, tax=True, hear=False)
        events = bench.fake.platform.objects.every("event")
        told = [
            Notice(f"{event['id']}x{copy}", event["type"], event["data"]["object"]["id"])
            for event in events
            for copy in range(3)
        ]
        random.Random(4).shuffle(told)

        for notice in told:
            await receive(bench.database, notice, clock=bench.clock)
            await bench.desk.drain()

        assert await bench.wallet() == HUNDRED
        assert await bench.money("tax_payable") == Micros.from_units(19)

    async def test_is_credited_once_when_told_of_at_the_same_moment(self, bench) -> None:
        payment = await bench.pay(100, hear=False)

        await asyncio.gather(*(bench.desk.follow("payment", payment) for _ in range(8)))

        assert await bench.wallet() == HUNDRED

    async def test_keeps_the_card_only_when_asked(self, bench) -> None:
        from advertiser_portal.billing.customers import customer_of

        await bench.pay(50)
        async with bench.database.reading() as session:
            assert (await customer_of(session, "adv_01shoes")).card_id is None

        await bench.pay(50, save_card=True)
        async with bench.database.reading() as session:
            assert (await customer_of(session, "adv_01shoes")).card_last4 == "4242"


class TestADelayedPayment:
    async def test_is_credited_only_when_the_money_came(self, bench) -> None:
        operation = await bench.plan_top_up(100)
        done = await bench.till.operations.perform(operation)
        stripe = bench.fake.platform
        checkout.complete(stripe, done.stripe_id, number="4242424242424242", delayed=True)
        await bench.hear()
        assert await bench.wallet() == ZERO

        checkout.settle_delayed(stripe, done.stripe_id, paid=True)
        await bench.hear()

        assert await bench.wallet() == HUNDRED

    async def test_that_fails_credits_nothing(self, bench) -> None:
        operation = await bench.plan_top_up(100)
        done = await bench.till.operations.perform(operation)
        stripe = bench.fake.platform
        checkout.complete(stripe, done.stripe_id, number="4242424242424242", delayed=True)
        checkout.settle_delayed(stripe, done.stripe_id, paid=False)
        await bench.hear()

        assert await bench.wallet() == ZERO


async def test_an_event_that_overtakes_our_own_commit_is_tried_again(bench) -> None:
    await bench.customer()
    stripe = bench.fake.platform
    from fakestripe.resources import payments

    intent = payments.create(
        stripe,
        {
            "amount": "5000",
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": "true",
            "metadata": {"operation_id": "op_later", "owner_id": "adv_01shoes", "kind": "recharge"},
        },
    )
    await bench.hear()
    assert await bench.wallet() == ZERO

    from advertiser_portal.billing.tables import StripeOperation

    async with bench.database.writing() as tx:
        tx.add(
            StripeOperation(
                id="op_later",
                kind="recharge",
                owner_id="adv_01shoes",
                idempotency_key="k",
                params={},
                state="sent",
                created_at=bench.clock.now(),
            )
        )
    bench.clock.advance(hours=2)
    await bench.desk.drain()

    assert intent["status"] == "succeeded"
    assert await bench.wallet() == Micros.from_units(50)


async def test_two_visits_at_once_make_one_customer(bench) -> None:
    made = await asyncio.gather(*(bench.customer() for _ in range(6)))

    assert len(set(made)) == 1
    assert len(bench.fake.platform.objects.every("customer")) == 1


async def test_amounts_outside_the_bounds_are_refused_with_the_bounds(bench) -> None:
    with pytest.raises(BadRequest, match=r"\$10.00"):
        await bench.plan_top_up(1)


async def test_a_new_advertiser_cannot_pay_in_without_limit(bench) -> None:
    await bench.pay(900)

    with pytest.raises(Forbidden, match="30 days"):
        await bench.plan_top_up(200)


async def test_an_event_that_we_did_not_get_signed_is_refused(bench) -> None:
    from fakestripe.events import signature

    body = b'{"id":"evt_1","object":"event","type":"x","data":{"object":{"id":"pi_1"}}}'
    import time

    now = int(time.time())
    good = bench.till.gateway.read_event(body, signature(body, "whsec_second", now))
    assert good == Notice("evt_1", "x", "pi_1")

    for bad in (
        signature(body, "whsec_other", now),
        signature(body, "", now),
        signature(body + b" ", "whsec_first", now),
        signature(body, "whsec_first", now - 301),
        "",
    ):
        with pytest.raises(Forbidden):
            bench.till.gateway.read_event(body, bad)


async def test_the_till_and_the_books_agree_after_every_order_of_six_events(bench) -> None:
    await bench.pay(100, hear=False)
    events = bench.fake.platform.objects.every("event")[-6:]
    orders = list(itertools.permutations(events))
    random.Random(1).shuffle(orders)

    for round_, order in enumerate(orders[:12]):
        for event in order:
            notice = Notice(f"{event['id']}r{round_}", event["type"], event["data"]["object"]["id"])
            await receive(bench.database, notice, clock=bench.clock)
        await bench.desk.drain()
        assert await bench.wallet() == HUNDRED

    async with bench.database.reading() as session:
        assert await verify(session) == []
