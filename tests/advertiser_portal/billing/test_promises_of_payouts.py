"""What goes wrong with paying publishers (C1-C6), item by item."""

import pytest
import sqlalchemy as sa

from advertiser_portal.billing import payouts
from advertiser_portal.billing.operations import plan
from advertiser_portal.billing.payout_tables import Payout, PublisherPayee
from fakestripe.errors import Refusal
from fakestripe.resources import accounts
from fakestripe.resources import payouts as fake_payouts
from kernel.money import ZERO, Micros
from ledger.earnings import release

PAYABLE, IN_FLIGHT = "pub:pub_1:payable", "pub:pub_1:payout_in_flight"


async def _payouts(bench) -> list[Payout]:
    async with bench.database.reading() as session:
        return list(await session.scalars(sa.select(Payout).order_by(Payout.created_at)))


class TestC1APublisher:
    async def test_c1_is_paid_only_while_its_account_may_receive(self, bench) -> None:
        account = await bench.payee("pub_1")
        bench.deposit(1_000)
        await bench.earned(60)
        accounts.onboard(bench.fake.platform, account, status="restricted")
        await bench.hear()

        assert await bench.till.pay_publishers() == 0
        accounts.onboard(bench.fake.platform, account)
        await bench.hear()

        assert await bench.till.pay_publishers() == 1

    async def test_c1_gets_a_new_link_when_the_first_one_has_expired(self, bench) -> None:
        account = await bench.payee("pub_1")
        urls = {"refresh_url": "https://a.example", "return_url": "https://b.example"}
        links = []
        for _ in range(2):
            async with bench.database.writing() as tx:
                params = {"account": account} | urls
                operation = await plan(tx, "onboarding", "pub_1", params, clock=bench.clock)
            links.append((await bench.till.operations.perform(operation)).url)
            bench.later(minutes=11)

        assert links[0] != links[1]
        assert len(bench.made("v2.core.account")) == 1

    async def test_c1_found_again_among_many_accounts(self, bench) -> None:
        bench.fake.platform.faults.arm("hang_after_commit", path="/v2/core/accounts", seconds=3)
        async with bench.database.writing() as tx:
            operation = await payouts.plan_payee(
                tx, "pub_1", email="a@b.example", name="A", clock=bench.clock
            )
        assert await bench.till.operations.perform(operation) is None
        for _ in range(130):
            accounts.create(bench.fake.platform, {"configuration": {"recipient": {}}})

        bench.later(hours=30)
        await bench.till.operations.resume()

        assert (await bench.operation(operation)).state == "succeeded"
        assert len(bench.made("v2.core.account")) == 131


class TestC2Earnings:
    async def test_c2_under_the_threshold_are_carried_over(self, bench) -> None:
        await bench.payee("pub_1")
        bench.deposit(1_000)
        await bench.earned(49)
        assert await bench.till.pay_publishers() == 0

        await bench.earned(51)
        for _ in range(2):
            await bench.till.pay_publishers()

        assert [transfer["amount"] for transfer in bench.made("transfer")] == [10_000]
        assert await bench.money(PAYABLE) == ZERO

    async def test_c2_finer_than_a_cent_stay_until_they_are_one(self, bench) -> None:
        await bench.payee("pub_1")
        bench.deposit(1_000)
        await bench.earned("60.004321")

        await bench.till.pay_publishers()

        assert bench.made("transfer")[0]["amount"] == 6_000
        assert await bench.money(PAYABLE) == Micros(4_321)

    async def released(self, bench) -> Micros:
        async with bench.database.writing() as tx:
            return await release(tx, "pub_1", clock=bench.clock)

    async def test_c2_are_held_for_thirty_days(self, bench) -> None:
        await bench.pay(200)
        await bench.spend(100, publisher="pub_1")
        bench.clock.advance(days=29)
        assert await self.released(bench) == ZERO

        bench.clock.advance(days=2)
        await bench.spend(10, publisher="pub_1")
        for _ in range(2):
            await self.released(bench)

        assert await bench.money(PAYABLE) == Micros.from_units(70)
        assert await bench.money("pub:pub_1:accruing") == Micros.from_units(7)


class TestC3APayout:
    async def transferred(self, bench) -> Payout:
        await bench.payee("pub_1")
        bench.deposit(1_000)
        await bench.earned(60)
        await bench.till.pay_publishers()
        return (await _payouts(bench))[0]

    async def test_c3_goes_on_to_the_bank_and_is_followed_until_it_arrives(self, bench) -> None:
        assert (await self.transferred(bench)).bank_state == "sent"

        fake_payouts.arrive(bench.fake.platform, bench.made("payout")[0]["id"], paid=True)
        await bench.hear()

        assert (await _payouts(bench))[0].bank_state == "arrived"

    async def test_c3_waits_until_its_account_has_the_money(self, bench) -> None:
        account = await bench.payee("pub_1")
        bench.deposit(1_000)
        await bench.earned(60)
        # Somebody took money from that account: less is there than we have sent.
        odd = {"id": "po_odd", "object": "payout", "amount": 500, "destination": account}
        bench.fake.platform.objects.add(odd | {"status": "paid"})

        await bench.till.pay_publishers()

        assert (await _payouts(bench))[0].bank_state is None
        bench.fake.platform.objects.remove("payout", "po_odd")
        await bench.till.pay_publishers()
        assert (await _payouts(bench))[0].bank_state == "sent"

    async def test_c3_that_the_bank_refuses_is_tried_again_the_next_day(self, bench) -> None:
        await self.transferred(bench)
        fake_payouts.arrive(bench.fake.platform, bench.made("payout")[0]["id"], paid=False)
        # Nobody tells us of it: the next run looks.
        await bench.till.pay_publishers()
        refused = (await _payouts(bench))[0]
        assert (refused.bank_state, refused.bank_error) == ("failed", "account_closed")
        assert await bench.told() == ["bank_refused"]

        bench.later(days=1, minutes=1)
        await bench.till.pay_publishers()

        assert (await _payouts(bench))[0].bank_state == "sent"
        assert len(bench.made("transfer")) == 1


class TestC4ATransfer:
    async def test_c4_that_was_refused_is_payable_again_and_paid_once(self, bench) -> None:
        account = await bench.payee("pub_1")
        bench.deposit(1_000)
        await bench.earned(60)
        # Stripe knows that the account is restricted before we hear of it.
        accounts.onboard(bench.fake.platform, account, status="restricted")
        await bench.till.pay_publishers()
        assert await bench.money(PAYABLE) == Micros.from_units(60)
        assert await bench.told() == ["payout_failed"]

        accounts.onboard(bench.fake.platform, account)
        await bench.till.pay_publishers()
        assert bench.made("transfer") == []
        bench.later(days=1, minutes=1)
        for _ in range(3):
            await bench.till.pay_publishers()

        assert [transfer["amount"] for transfer in bench.made("transfer")] == [6_000]

    async def test_c4_whose_answer_was_lost_stays_under_way_until_it_is_known(self, bench) -> None:
        await bench.payee("pub_1")
        bench.deposit(1_000)
        await bench.earned(60)
        bench.fake.platform.faults.arm("hang_after_commit", path="/v1/transfers", seconds=3)

        for _ in range(3):
            await bench.till.pay_publishers()
        assert (await bench.money(PAYABLE), await bench.money(IN_FLIGHT)) == (
            ZERO,
            Micros.from_units(60),
        )

        bench.later(minutes=1)
        await bench.till.operations.resume()

        assert len(bench.made("transfer")) == 1
        assert await bench.money(IN_FLIGHT) == ZERO

    async def test_c4_keeps_its_amount_whatever_is_earned_meanwhile(self, bench) -> None:
        await bench.payee("pub_1")
        bench.deposit(1_000)
        await bench.earned(60)
        bench.fake.platform.faults.arm("fail_before", path="/v1/transfers")
        await bench.till.pay_publishers()
        await bench.earned(70)

        bench.later(hours=30)
        await bench.till.operations.resume()

        assert [transfer["amount"] for transfer in bench.made("transfer")] == [6_000]


async def test_c5_an_account_that_was_changed_before_the_transfer_is_not_paid(bench) -> None:
    await bench.payee("pub_1")
    bench.deposit(1_000)
    await bench.earned(60)
    (operation,) = await payouts.plan_payouts(bench.database, clock=bench.clock)
    other = accounts.create(bench.fake.platform, {"configuration": {"recipient": {}}})
    async with bench.database.writing() as tx:
        (await tx.get_one(PublisherPayee, "pub_1")).stripe_account_id = other["id"]

    await bench.till.operations.perform(operation)

    assert bench.made("transfer") == []
    assert (await bench.operation(operation)).error_code == payouts.ACCOUNT_CHANGED
    assert await bench.money(PAYABLE) == Micros.from_units(60)


class TestC6AShortTill:
    async def test_c6_makes_publishers_wait_and_loses_nothing(self, bench) -> None:
        await bench.payee("pub_1")
        await bench.earned(80)
        await bench.till.pay_publishers()
        assert (bench.made("transfer"), await bench.told()) == ([], [])

        bench.deposit(1_000)
        await bench.till.pay_publishers()

        assert len(bench.made("transfer")) == 1
        await bench.books_agree()

    async def test_c6_takes_back_no_more_than_the_account_still_has(self, bench) -> None:
        await bench.payee("pub_1")
        bench.deposit(1_000)
        await bench.earned(60)
        await bench.till.pay_publishers()

        with pytest.raises(Refusal, match="does not have the funds"):
            fake_payouts.reverse(bench.fake.platform, bench.made("transfer")[0]["id"], {})
