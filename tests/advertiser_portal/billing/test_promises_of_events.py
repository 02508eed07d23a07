"""What goes wrong with events from a payment processor (W1-W7), item by item."""

import asyncio
import json
import random
import time

import httpx
import pytest
import sqlalchemy as sa
import stripe
from fastapi import FastAPI

from advertiser_portal.billing import webhooks
from advertiser_portal.billing.events import dead_events, receive, revive
from advertiser_portal.billing.gateway import Notice
from advertiser_portal.billing.stripe_gateway import StripeGateway
from advertiser_portal.billing.tables import StripeEvent, StripeOperation
from fakestripe.events import signature
from fakestripe.resources import payments
from kernel.errors import Forbidden
from kernel.http import install_error_handlers
from kernel.money import ZERO, Micros
from tests.advertiser_portal.billing.stand_in import AtHand
from tests.advertiser_portal.billing.till_world import BOTH_ENGINES

HUNDRED = Micros.from_units(100)
EVENT = json.dumps(
    {"id": "evt_1", "object": "event", "type": "x.y", "data": {"object": {"id": "xy_1"}}}
).encode()


class TestW1ASignature:
    def gateway(self, *secrets: str) -> StripeGateway:
        return StripeGateway(
            secret_key="sk_test_x", webhook_secrets=secrets, http_client=AtHand(None)
        )

    @pytest.mark.parametrize("secret", ["whsec_new", "whsec_old"])
    def test_w1_of_either_secret_is_good_while_one_replaces_the_other(self, secret) -> None:
        gateway = self.gateway("whsec_new", "whsec_old")

        notice = gateway.read_event(EVENT, signature(EVENT, secret, int(time.time())))

        assert notice == Notice("evt_1", "x.y", "xy_1")

    def test_w1_that_the_official_library_makes_is_good(self) -> None:
        header = stripe.WebhookSignature.generate_signature_header(EVENT.decode(), "whsec_new")

        assert self.gateway("whsec_new").read_event(EVENT, header).id == "evt_1"

    @pytest.mark.parametrize(
        ("body", "secret", "age"),
        [(EVENT, "whsec_other", 0), (EVENT + b" ", "whsec_new", 0), (EVENT, "whsec_new", 301)],
        ids=["of somebody else", "over other bytes", "too old"],
    )
    def test_w1_that_does_not_fit_is_refused(self, body, secret, age) -> None:
        header = signature(EVENT, secret, int(time.time()) - age)

        with pytest.raises(Forbidden):
            self.gateway("whsec_new").read_event(body, header)

    def test_w1_of_an_empty_secret_opens_nothing(self) -> None:
        with pytest.raises(Forbidden):
            self.gateway("").read_event(EVENT, signature(EVENT, "", int(time.time())))


async def test_w2_an_event_is_stored_once_and_answered_without_asking_anybody(bench) -> None:
    app = FastAPI()
    install_error_handlers(app)
    app.include_router(webhooks.routes(bench.till))
    asked, now = len(bench.asked), int(time.time())
    headers = {"stripe-signature": signature(EVENT, "whsec_first", now)}
    forged = {"stripe-signature": signature(EVENT, "x", now)}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as http:
        answers = [await http.post("/hooks/stripe", content=EVENT, headers=headers) for _ in "ab"]
        refused = [await http.post("/hooks/stripe", content=EVENT, headers=h) for h in (forged, {})]

    async with bench.database.reading() as session:
        rows = list(await session.scalars(sa.select(StripeEvent)))
    assert [answer.json()["new"] for answer in answers] == [True, False]
    assert [answer.status_code for answer in refused] == [403, 403]
    assert [(row.event_id, row.handled_at) for row in rows] == [("evt_1", None)]
    assert len(bench.asked) == asked


async def test_w3_one_payment_is_one_credit_however_often_and_by_whom_we_are_told(bench) -> None:
    await bench.pay(100, tax=True, hear=False)
    told = [
        Notice(f"{event['id']}x{copy}", event["type"], event["data"]["object"]["id"])
        for event in bench.made("event")
        for copy in range(3)
    ]
    random.Random(4).shuffle(told)

    for notice in told:
        await receive(bench.database, notice, clock=bench.clock)
        await bench.desk.drain()

    assert await bench.wallet() == HUNDRED
    assert await bench.money("tax_payable") == Micros.from_units(19)


@BOTH_ENGINES
async def test_w3_one_payment_is_one_credit_when_all_tell_us_at_the_same_moment(bench) -> None:
    payment = await bench.pay(100, hear=False)

    await asyncio.gather(*(bench.desk.follow("payment", payment) for _ in range(8)))

    assert await bench.wallet() == HUNDRED


class TestW4AnEventThatIsEarly:
    async def early(self, bench) -> None:
        marks = {"operation_id": "op_later", "owner_id": "adv_01shoes", "kind": "recharge"}
        payments.create(
            bench.fake.platform,
            {"amount": "5000", "currency": "usd", "payment_method": "pm_card_visa"}
            | {"confirm": "true", "metadata": marks},
        )
        await bench.hear()
        assert await bench.wallet() == ZERO

    async def commit(self, bench) -> None:
        async with bench.database.writing() as tx:
            tx.add(
                StripeOperation(
                    id="op_later",
                    kind="recharge",
                    owner_id="adv_01shoes",
                    idempotency_key="k",
                    params={"cents": 5_000},
                    state="sent",
                    created_at=bench.clock.now(),
                )
            )

    async def test_w4_is_tried_again_after_our_commit(self, bench) -> None:
        await self.early(bench)
        await self.commit(bench)

        bench.clock.advance(hours=2)
        await bench.desk.drain()

        assert await bench.wallet() == Micros.from_units(50)

    async def test_w4_is_given_up_in_sight_and_can_be_revived(self, bench) -> None:
        await self.early(bench)
        for _ in range(20):
            bench.clock.advance(hours=2)
            await bench.desk.drain()
        async with bench.database.reading() as session:
            dead = await dead_events(session)
        assert {event.last_error for event in dead} == {"LookupError"}

        await self.commit(bench)
        async with bench.database.writing() as tx:
            assert await revive(tx, clock=bench.clock) == len(dead)
        await bench.desk.drain()

        assert await bench.wallet() == Micros.from_units(50)


async def test_w5_the_object_is_read_anew_because_the_event_may_be_old(bench) -> None:
    await bench.pay(100, hear=False)
    early = next(one for one in bench.made("event") if one["type"] == "payment_intent.created")
    assert early["data"]["object"]["status"] != "succeeded"

    notice = Notice(early["id"], early["type"], early["data"]["object"]["id"])
    await receive(bench.database, notice, clock=bench.clock)
    await bench.desk.drain()

    assert await bench.wallet() == HUNDRED


async def test_w6_what_nobody_took_while_we_were_away_is_replayed(bench) -> None:
    await bench.pay(100, hear=False)
    bench.fake.platform.events.undelivered |= {one["id"] for one in bench.made("event")}

    assert await bench.till.catch_up() > 0
    await bench.till.work()

    assert await bench.wallet() == HUNDRED


def test_w7_an_event_is_an_id_and_a_few_columns_and_no_mirror() -> None:
    columns = set(StripeEvent.__table__.columns.keys())

    assert columns == {
        *("event_id type object_id received_at next_try_at attempts".split()),
        *("last_error handled_at dead_at".split()),
    }
