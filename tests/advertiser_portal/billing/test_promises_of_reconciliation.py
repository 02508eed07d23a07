"""What goes wrong with reconciliation (Z1-Z3), item by item."""

import pytest
import sqlalchemy as sa

from advertiser_portal.billing.tables import BalanceTransaction
from fakestripe.resources import disputes
from kernel.money import ZERO, Micros
from kernel.telemetry import REGISTRY


class TestZ1Reconciliation:
    async def test_z1_fills_a_gap_that_an_earlier_run_left(self, bench) -> None:
        await bench.pay(100)
        await bench.pay(50)
        await bench.reconciler.run()
        async with bench.database.writing() as tx:
            oldest = (
                sa.select(BalanceTransaction.id).order_by(BalanceTransaction.created_at).limit(1)
            )
            gone = BalanceTransaction.id == oldest.scalar_subquery()
            await tx.execute(sa.delete(BalanceTransaction).where(gone))

        await bench.books_agree()

        async with bench.database.reading() as session:
            seen = await session.scalar(sa.select(sa.func.count()).select_from(BalanceTransaction))
        assert seen == 2

    async def test_z1_repairs_what_we_were_never_told(self, bench) -> None:
        payment = await bench.pay(100, hear=False)
        await bench.books_agree()
        assert await bench.wallet() == Micros.from_units(100)
        disputes.start(bench.fake.platform, bench.charge_of(payment))

        await bench.books_agree()

        assert await bench.wallet() == ZERO

    @pytest.mark.parametrize("kind", ["stripe_fee", "charge", "refund", "transfer", "adjustment"])
    async def test_z1_parks_what_nobody_can_explain_and_raises_an_alarm(self, bench, kind) -> None:
        await bench.pay(100)
        bench.fake.platform.balance.move(kind, -700, "odd_1", currency="usd")

        result = await bench.reconciler.run()

        assert (result.difference, result.suspense) == (ZERO, Micros.from_units(7))
        assert not result.is_clean

    async def test_z1_notices_an_amount_that_was_altered(self, bench) -> None:
        await bench.pay(100)
        bench.made("balance_transaction")[0] |= {"amount": 9_000, "net": 8_680}

        result = await bench.reconciler.run()

        assert (result.difference, result.is_clean) == (Micros.from_units(-10), False)


async def test_z2_clearing_is_what_stripe_holds_available_and_pending(bench) -> None:
    await bench.pay(100)
    bench.fake.platform.balance.move("payout", -2_000, "po_bank", currency="usd")

    result = await bench.reconciler.run()

    held = bench.fake.platform.balance.show()
    total = sum(line["amount"] for line in [*held["available"], *held["pending"]])
    assert result.booked == Micros(total * 10_000)
    assert REGISTRY.get_sample_value("tollfree_till_difference_micros") == 0
    assert await bench.money("bank") == Micros.from_units(20)


async def test_z3_nothing_stays_unclear_until_its_key_is_forgotten(bench) -> None:
    operation = await bench.plan_top_up(100)
    bench.fake.platform.faults.arm("fail_before", path="/v1/checkout", times=5)
    for _ in range(3):
        await bench.till.work()
        bench.later(minutes=31)
        await bench.till.operations.resume()
    assert REGISTRY.get_sample_value("tollfree_stripe_late_operations") == 1

    # A kept server error outlives its fault; a fresh key does not wait for a day.
    bench.later(hours=24)
    await bench.till.work()

    assert (await bench.operation(operation)).state == "succeeded"
