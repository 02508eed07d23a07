"""What goes wrong with disputes and early warnings (D1-D4), item by item."""

import pytest

from fakestripe.errors import Refusal
from fakestripe.resources import disputes
from kernel.money import ZERO, Micros
from tests.advertiser_portal.billing.till_world import ADVERTISER

DEBT = f"adv:{ADVERTISER}:receivable"


class TestD1AWonDispute:
    @pytest.mark.parametrize("spent", [0, 70, 100])
    async def test_d1_gives_back_exactly_what_it_took(self, bench, spent) -> None:
        payment = await bench.pay(100, tax=True)
        await bench.spend(spent) if spent else None
        dispute = bench.open_dispute(payment)
        await bench.hear()

        bench.close_dispute(dispute, won=True)
        await bench.hear()

        assert await bench.wallet() == Micros.from_units(100 - spent)
        assert await bench.money(DEBT) == ZERO
        assert await bench.money("tax_payable") == Micros.from_units(19)
        await bench.books_agree()

    async def test_d1_that_comes_late_returns_the_debt_that_was_paid_meanwhile(self, bench) -> None:
        payment = await bench.pay(100)
        await bench.spend(70)
        dispute = bench.open_dispute(payment)
        await bench.hear()
        bench.later(days=2)
        await bench.pay(200)
        assert await bench.wallet() == Micros.from_units(130)

        bench.close_dispute(dispute, won=True)
        await bench.hear()

        assert await bench.wallet() == Micros.from_units(230)
        await bench.books_agree()

    async def test_d1_after_a_partial_refund_counts_what_was_refunded(self, bench) -> None:
        payment = await bench.pay(100)
        await bench.refund(40)
        await bench.hear()
        dispute = bench.open_dispute(payment)
        await bench.hear()
        assert await bench.wallet() == ZERO

        bench.close_dispute(dispute, won=True)
        await bench.hear()

        assert await bench.wallet() == Micros.from_units(60)
        await bench.books_agree()


async def test_d2_a_dispute_is_booked_when_the_money_leaves_and_not_when_it_closes(bench) -> None:
    payment = await bench.pay(100)

    dispute = bench.open_dispute(payment)
    await bench.hear()
    assert await bench.wallet() == ZERO

    bench.close_dispute(dispute, won=False)
    await bench.hear()
    assert await bench.wallet() == ZERO
    await bench.books_agree()


class TestD3ADisputeOfWhatWasSpent:
    async def opened(self, bench) -> None:
        payment = await bench.pay(100, save_card=True)
        await bench.set_recharge(20, 50, 120)
        await bench.spend(70, publisher="pub_1")
        bench.open_dispute(payment)
        await bench.hear()

    async def test_d3_makes_a_debt_stops_the_ads_and_leaves_the_card_alone(self, bench) -> None:
        await self.opened(bench)
        await bench.till.work()

        assert (await bench.wallet(), await bench.money(DEBT)) == (ZERO, Micros.from_units(70))
        assert bench.stopped == [ADVERTISER]
        assert (await bench.rule()).enabled is False
        assert len(bench.made("payment_intent")) == 1
        assert await bench.told() == ["dispute_opened"]

    async def test_d3_does_not_ask_the_publishers_for_money(self, bench) -> None:
        await self.opened(bench)

        assert await bench.money("pub:pub_1:accruing") == Micros.from_units(49)


class TestD4:
    async def test_d4_the_fee_of_a_dispute_is_an_expense_of_its_own(self, bench) -> None:
        payment = await bench.pay(100)
        bench.open_dispute(payment)
        await bench.hear()

        await bench.books_agree()

        assert await bench.money("dispute_fees") == Micros.from_units(15)

    async def test_d4_a_warning_is_answered_by_a_refund_that_prevents_the_dispute(
        self, bench
    ) -> None:
        payment = await bench.pay(100, tax=True)
        disputes.warn(bench.fake.platform, bench.charge_of(payment))

        for _ in range(2):
            await bench.hear()
            bench.later(minutes=1)
            await bench.till.work()
        await bench.hear()

        assert [refund["amount"] for refund in bench.made("refund")] == [11_900]
        assert bench.stopped == [ADVERTISER]
        assert await bench.told() == ["fraud_warning"]
        with pytest.raises(Refusal):
            bench.open_dispute(payment)
        await bench.books_agree()
        assert await bench.money("dispute_fees") == ZERO

    async def test_d4_a_warning_about_money_that_is_spent_gives_back_the_rest(self, bench) -> None:
        payment = await bench.pay(100)
        await bench.spend(70)
        disputes.warn(bench.fake.platform, bench.charge_of(payment))

        await bench.hear()
        bench.later(minutes=1)
        await bench.till.work()

        assert [refund["amount"] for refund in bench.made("refund")] == [3_000]
        assert await bench.wallet() == ZERO

    async def test_d4_a_warning_after_the_dispute_moves_nothing(self, bench) -> None:
        payment = await bench.pay(100)
        bench.open_dispute(payment)
        disputes.warn(bench.fake.platform, bench.charge_of(payment))

        await bench.hear()

        assert bench.made("refund") == []
        await bench.books_agree()
