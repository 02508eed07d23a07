"""Writes to Stripe survive crashes and lost answers: one object for each operation (C4, K3, Z3)."""

from datetime import timedelta

import pytest

from advertiser_portal.billing import recharge
from advertiser_portal.billing.gateway import Operation
from advertiser_portal.billing.tables import AutoRecharge, StripeOperation
from kernel.money import ZERO, Micros

NOW = timedelta(0)


class Killed(BaseException):
    """Stands for kill -9: nothing may catch it."""


class DyingGateway:
    """Dies before or after the processor did its work, once."""

    def __init__(self, inner, *, after: bool) -> None:
        self._inner, self._after, self._alive = inner, after, True

    def __getattr__(self, name):
        return getattr(self._inner, name)

    async def perform(self, operation: Operation):
        if self._alive:
            self._alive = False
            if self._after:
                await self._inner.perform(operation)
            raise Killed
        return await self._inner.perform(operation)


async def _state(bench, operation: str) -> StripeOperation:
    async with bench.database.reading() as session:
        return await session.get_one(StripeOperation, operation)


@pytest.mark.parametrize("later", [timedelta(minutes=1), timedelta(hours=30)])
@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
async def test_a_crash_around_the_call_leaves_exactly_one_session(bench, after, later) -> None:
    operation = await bench.plan_top_up(100)
    operations = bench.till.operations
    operations._gateway = DyingGateway(operations._gateway, after=after)
    with pytest.raises(Killed):
        await operations.perform(operation)

    bench.clock.advance(seconds=later.total_seconds())
    bench.fake.platform.clock.advance(int(later.total_seconds()))
    await operations.resume(older_than=NOW)

    assert (await _state(bench, operation)).state == "succeeded"
    assert len(bench.fake.platform.objects.every("checkout.session")) == 1


async def test_an_answer_that_got_lost_is_looked_for_under_the_same_key(bench) -> None:
    operation = await bench.plan_top_up(100)
    bench.fake.platform.faults.arm("hang_after_commit", path="/v1/checkout", seconds=3.0)

    assert await bench.till.operations.perform(operation) is None
    assert (await _state(bench, operation)).state == "unknown"
    await bench.till.operations.resume(older_than=NOW)

    assert (await _state(bench, operation)).state == "succeeded"
    assert len(bench.fake.platform.objects.every("checkout.session")) == 1


@pytest.mark.parametrize("fault", ["limit", "fail_before"])
async def test_a_passing_refusal_is_tried_again_and_a_stuck_key_looked_up(bench, fault) -> None:
    operation = await bench.plan_top_up(100)
    bench.fake.platform.faults.arm(fault, path="/v1/checkout")

    assert await bench.till.operations.perform(operation) is None
    bench.clock.advance(hours=24)
    bench.fake.platform.clock.advance(25 * 3600)
    await bench.till.operations.resume(older_than=NOW)

    assert (await _state(bench, operation)).state == "succeeded"
    assert len(bench.fake.platform.objects.every("checkout.session")) == 1


class TestAutomaticRecharge:
    async def _ready(self, bench, *, threshold=20, amount=50, cap=120) -> None:
        await bench.pay(10, save_card=True)
        await bench.set_recharge(threshold, amount, cap)

    async def test_fills_a_low_wallet_up_to_the_monthly_cap_and_no_further(self, bench) -> None:
        await self._ready(bench, threshold=1_000)

        for _ in range(4):
            await bench.till.work()
            await bench.hear()

        assert await bench.wallet() == Micros.from_units(10 + 2 * 50)

    async def test_plans_one_charge_however_many_workers_look(self, bench) -> None:
        import asyncio

        await self._ready(bench)
        found = await asyncio.gather(
            *(recharge.plan_due(bench.database, clock=bench.clock) for _ in range(5)),
            return_exceptions=True,
        )

        assert sum(len(planned) for planned in found if isinstance(planned, list)) == 1

    async def test_waits_after_a_decline_and_stops_after_three(self, bench) -> None:
        await self._ready(bench)
        await self._swap_card(bench, "pm_card_chargeCustomerFail")

        for _ in range(6):
            await bench.till.work()
            bench.clock.advance(hours=1.1)

        async with bench.database.reading() as session:
            rule = await session.get_one(AutoRecharge, "adv_01shoes")
        assert (rule.enabled, rule.failures, rule.last_error) == (False, 3, "card_declined")
        assert rule.month_planned == ZERO

    async def test_asks_the_owner_when_the_card_wants_to(self, bench) -> None:
        await self._ready(bench)
        await self._swap_card(bench, "pm_card_authenticationRequired")

        await bench.till.work()

        async with bench.database.reading() as session:
            rule = await session.get_one(AutoRecharge, "adv_01shoes")
        assert rule.last_error == "authentication_required"
        assert rule.confirm_url.startswith("https://portal.example/advertiser/billing/confirm/pi_")

    async def _swap_card(self, bench, token: str) -> None:
        from advertiser_portal.billing.tables import BillingCustomer
        from fakestripe.resources import customers as fake_customers

        async with bench.database.writing() as tx:
            customer = await tx.get_one(BillingCustomer, "adv_01shoes")
            method = fake_customers.attach(
                bench.fake.platform, token, {"customer": customer.stripe_customer_id}
            )
            customer.card_id = method["id"]


class TestAPayout:
    async def _earned(self, bench, units: int) -> None:
        from ledger import journal
        from ledger.postings import Leg, Posting
        from ledger.settlement import settle

        amount = Micros.from_units(units)
        legs = (Leg("ad_revenue", "debit", amount), Leg("pub:pub_1:payable", "credit", amount))
        async with bench.database.writing() as tx:
            posting = Posting("correction", f"earned:{units}", "publisher", "pub_1", legs)
            await journal.post(tx, posting, clock=bench.clock)
            await settle(tx, clock=bench.clock)

    async def test_pays_once_and_only_over_the_threshold(self, bench) -> None:
        await bench.payee("pub_1")
        bench.fake.platform.balance.move("topup", 1_000_00, "tu_1", currency="usd")
        await self._earned(bench, 49)
        assert await bench.till.pay_publishers() == 0

        await self._earned(bench, 51)
        await bench.till.pay_publishers()
        await bench.till.pay_publishers()

        transfers = bench.fake.platform.objects.every("transfer")
        assert [transfer["amount"] for transfer in transfers] == [10_000]
        assert await bench.money("pub:pub_1:payable") == ZERO

    async def test_waits_when_the_till_is_short_and_loses_nothing(self, bench) -> None:
        await bench.payee("pub_1")
        await self._earned(bench, 80)

        await bench.till.pay_publishers()
        assert bench.fake.platform.objects.every("transfer") == []
        bench.fake.platform.balance.move("topup", 1_000_00, "tu_1", currency="usd")
        await bench.till.pay_publishers()

        assert len(bench.fake.platform.objects.every("transfer")) == 1
        result = await bench.reconciler.run()
        assert (result.difference, result.suspense) == (ZERO, ZERO)


async def test_reconciliation_parks_what_nobody_can_explain_and_repairs_what_we_missed(
    bench,
) -> None:
    await bench.pay(100, hear=False)
    bench.fake.platform.balance.move("stripe_fee", -700, "fee_odd", currency="usd")

    result = await bench.reconciler.run()

    assert await bench.wallet() == Micros.from_units(100)
    assert result.difference == ZERO
    assert result.suspense == Micros.from_units(7)
    assert not result.is_clean
