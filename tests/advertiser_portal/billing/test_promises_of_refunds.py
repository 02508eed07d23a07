"""What goes wrong with refunds, tax and papers (R1-R2, X1-X2), item by item."""

import asyncio
import hashlib

import pytest
import sqlalchemy as sa

from advertiser_portal.billing.paper_print import Parties, printed
from advertiser_portal.billing.paper_tables import Paper
from advertiser_portal.billing.papers import paper_about, shown_number
from fakestripe.errors import Refusal
from fakestripe.resources import refunds
from kernel.errors import BadRequest, NotFound
from kernel.money import ZERO, Micros
from ledger import journal
from ledger.grants import Grant, give
from tests.advertiser_portal.billing.till_world import ADVERTISER, BOTH_ENGINES

PARTIES = Parties("Tollfree", "Strideworks")


class TestR1ARefund:
    async def test_r1_is_held_at_once_and_booked_when_it_was_paid(self, bench) -> None:
        await bench.pay(100, tax=True)
        await bench.refund(40)
        assert await bench.wallet() == Micros.from_units(60)
        assert await bench.money("refunds_in_flight") == Micros.from_units("47.60")

        await bench.hear()

        assert await bench.money("refunds_in_flight") == ZERO
        await bench.books_agree()

    async def test_r1_goes_to_the_newest_payments_first(self, bench) -> None:
        first = await bench.pay(50)
        bench.later(days=1)
        second = await bench.pay(50)

        await bench.refund(60)

        given = {refund["payment_intent"]: refund["amount"] for refund in bench.made("refund")}
        assert given == {second: 5_000, first: 1_000}

    async def test_r1_never_exceeds_what_is_unspent_nor_what_was_paid(self, bench) -> None:
        payment = await bench.pay(100)
        await bench.spend(70)

        with pytest.raises(BadRequest, match=r"\$30.00"):
            await bench.refund(31)
        with pytest.raises(Refusal):
            refunds.create(bench.fake.platform, {"payment_intent": payment, "amount": "10001"})

    async def test_r1_leaves_promotional_money_where_it_is(self, bench) -> None:
        await bench.pay(50)
        until = bench.clock.now().replace(year=bench.clock.now().year + 1)
        async with bench.database.writing() as tx:
            grant = Grant("grt_1", ADVERTISER, Micros.from_units(30), until)
            await give(tx, grant, clock=bench.clock)

        with pytest.raises(BadRequest, match=r"\$50.00"):
            await bench.refund(60)

    async def test_r1_waits_while_the_processor_has_too_little(self, bench) -> None:
        await bench.pay(100)
        bench.fake.platform.balance.move("payout", -9_000, "po_1", currency="usd")
        await bench.refund(100)
        await bench.hear()
        assert await bench.money("refunds_in_flight") == Micros.from_units(100)

        bench.deposit(200)
        refunds.settle(bench.fake.platform)
        await bench.hear()

        assert await bench.money("refunds_in_flight") == ZERO

    async def test_r1_that_the_bank_sends_back_is_in_the_wallet_again(self, bench) -> None:
        await bench.pay(100, tax=True)
        await bench.refund(40)
        await bench.hear()

        bench.fail_refund(bench.made("refund")[0]["id"])
        await bench.hear()

        assert await bench.wallet() == Micros.from_units(100)
        assert await bench.told() == ["refund_failed"]
        await bench.books_agree()


@BOTH_ENGINES
async def test_r2_a_refund_and_clicks_at_once_never_use_the_same_money(bench) -> None:
    await bench.pay(100)

    outcomes = await asyncio.gather(
        bench.refund(80), *(bench.spend(30) for _ in range(3)), return_exceptions=True
    )

    charged = sum(isinstance(one, journal.Charged) for one in outcomes)
    refunded = 80 if isinstance(outcomes[0], list) else 0
    assert refunded + 30 * charged <= 100
    assert await bench.wallet() == Micros.from_units(100 - refunded - 30 * charged)
    await bench.hear()
    await bench.books_agree()


async def test_x1_tax_is_owed_with_the_payment_and_goes_back_with_the_refund(bench) -> None:
    await bench.pay(100, tax=True)
    for units in (33, 33, None):
        await bench.refund(units)
        await bench.hear()

    assert await bench.money("tax_payable") == ZERO
    assert sum(refund["amount"] for refund in bench.made("refund")) == 11_900
    await bench.books_agree()


class TestX2AReceipt:
    async def test_x2_is_numbered_without_a_gap_and_frozen(self, bench) -> None:
        payments = [await bench.pay(units, tax=True) for units in (10, 20, 30)]

        async with bench.database.reading() as session:
            papers = [await paper_about(session, one, owner_id=ADVERTISER) for one in payments]
            with pytest.raises(NotFound):
                await paper_about(session, payments[0], owner_id="adv_other")
        assert [shown_number(paper) for paper in papers] == ["R-000001", "R-000002", "R-000003"]
        assert papers[1].lines | {"payment": ""} == {
            "kind": "Payment",
            "net": "$20.00",
            "tax": "$3.80",
            "total": "$23.80",
            "payment": "",
        }

    async def test_x2_takes_no_number_when_its_payment_is_rolled_back(self, bench) -> None:
        payment = await bench.pay(100, hear=False)
        with pytest.raises(ZeroDivisionError):
            await self._credited_and_undone(bench, payment)

        await bench.hear()

        async with bench.database.reading() as session:
            assert list(await session.scalars(sa.select(Paper.number))) == [1]

    async def _credited_and_undone(self, bench, payment: str) -> None:
        from advertiser_portal.billing import top_up

        seen = await bench.till.gateway.payment(payment)
        async with bench.database.writing() as tx:
            await top_up.credit(tx, seen, tax_cents=0, clock=bench.clock)
            raise ZeroDivisionError

    async def test_x2_is_printed_the_same_each_time(self, bench) -> None:
        payment = await bench.pay(100, tax=True)
        async with bench.database.reading() as session:
            paper = await paper_about(session, payment, owner_id=ADVERTISER)

        pages = [printed(paper, PARTIES, test_money=True) for _ in range(2)]

        assert pages[0].startswith(b"%PDF-")
        assert len({hashlib.sha256(page).hexdigest() for page in pages}) == 1
