"""Publishers who are paid month after month while transfers fail, hang and run short of funds."""

import random
from dataclasses import dataclass
from typing import Any, Final

from advertiser_portal.billing.payout_tables import PublisherPayee
from fakestripe.resources import accounts
from kernel.money import Micros
from ledger import journal
from ledger.balances import balances
from ledger.postings import Leg, Posting
from ledger.settlement import settle
from tests.advertiser_portal.billing.till_world import Bench

_FAULTS: Final = ("fail_before", "fail_after_commit", "limit")
_TOO_LITTLE: Final = 0.2


@dataclass
class Paid:
    """`micros_lost` is what was earned and is neither paid nor owed nor on its way."""

    publishers: int
    transfers: int
    double_transfers: int
    bank_payouts: int
    double_bank_payouts: int
    micros_lost: int


async def months(bench: Bench, *, publishers: int, runs: int, seed: int = 7) -> Paid:
    """Earn, pay, fail, pay again; then add it all up."""
    chance, earned = random.Random(seed), 0
    names = [f"pub_{number}" for number in range(publishers)]
    await _open_accounts(bench, names)
    for month in range(runs):
        earned += await _earn(bench, names, month, chance)
        # Now and then there is not enough for everybody: they wait for the next month.
        bench.deposit(publishers * (5 if chance.random() < _TOO_LITTLE else 60))
        for _ in range(chance.randrange(1, 4)):
            path = chance.choice(("/v1/transfers", "/v1/payouts"))
            bench.fake.platform.faults.arm(chance.choice(_FAULTS), path=path)
        await bench.till.pay_publishers()
        _answer_of_banks(bench, chance)
        bench.later(days=30)
        await bench.till.operations.resume()
    await bench.till.pay_publishers()
    return await _added_up(bench, names, earned)


async def _open_accounts(bench: Bench, names: list[str]) -> None:
    platform = bench.fake.platform
    async with bench.database.writing() as tx:
        for name in names:
            made = accounts.create(platform, {"configuration": {"recipient": {"a": "b"}}})
            accounts.onboard(platform, made["id"])
            tx.add(
                PublisherPayee(
                    publisher_id=name,
                    stripe_account_id=made["id"],
                    can_receive=True,
                    updated_at=bench.clock.now(),
                )
            )


async def _earn(bench: Bench, names: list[str], month: int, chance: random.Random) -> int:
    """One posting for all: what matters here is being paid. Amounts are finer than a cent."""
    amounts = [Micros(chance.randrange(1_000_000, 90_000_000)) for _ in names]
    total = sum(amount.amount for amount in amounts)
    legs = [
        Leg(f"pub:{name}:payable", "credit", amount)
        for name, amount in zip(names, amounts, strict=True)
    ]
    posting = Posting(
        "correction",
        f"earned:{month}",
        "publisher",
        "all",
        (Leg("ad_revenue", "debit", Micros(total)), *legs),
    )
    async with bench.database.writing() as tx:
        await journal.post(tx, posting, clock=bench.clock)
        await settle(tx, clock=bench.clock)
    return total


def _answer_of_banks(bench: Bench, chance: random.Random) -> None:
    for payout in bench.made("payout"):
        if payout["status"] == "pending":
            payout["status"] = "paid" if chance.random() < 0.95 else "failed"
            payout["failure_code"] = None if payout["status"] == "paid" else "account_closed"
    bench.fake.platform.objects.forget("event")


async def _added_up(bench: Bench, names: list[str], earned: int) -> Paid:
    transfers = bench.made("transfer")
    groups = [transfer["transfer_group"] for transfer in transfers]
    whole = [one for one in bench.made("payout") if one["status"] != "failed"]
    marks = [payout["metadata"]["operation_id"] for payout in whole]
    sent = sum(transfer["amount"] for transfer in transfers)
    banked = sum(payout["amount"] for payout in whole)
    owed = 0
    for start in range(0, len(names), 400):
        codes = [
            f"pub:{name}:{kind}"
            for name in names[start : start + 400]
            for kind in ("payable", "payout_in_flight")
        ]
        async with bench.database.reading() as session:
            found: dict[str, Any] = dict(await balances(session, codes))
        owed += sum(one.posted.amount for one in found.values())
    return Paid(
        publishers=len(names),
        transfers=len(transfers),
        double_transfers=len(groups) - len(set(groups)),
        bank_payouts=len(whole),
        double_bank_payouts=len(marks) - len(set(marks)) + int(banked > sent),
        micros_lost=earned - sent * 10_000 - owed,
    )
