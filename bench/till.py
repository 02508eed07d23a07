"""Does the till agree with the books after everything that can happen to a payment?

    python bench/till.py [--json] [--save] [--publishers 1000] [--runs 12]

Every sequence up to length five of {partial refund, refund of the rest, dispute, won, lost}, with
nothing, half or all of the money spent; then publishers who are paid month after month while
transfers fail, hang after their commit and run short of funds. After each, Stripe's balance (of the
stand-in) must equal the ledger's clearing account, and the ledger must verify. On SQLite.
"""

import argparse
import asyncio
import itertools
import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from advertiser_portal.billing import refunds  # noqa: E402
from advertiser_portal.billing.tables import PublisherPayee  # noqa: E402
from fakestripe.errors import Refusal  # noqa: E402
from kernel.clock import FrozenClock  # noqa: E402
from kernel.database import Database  # noqa: E402
from kernel.errors import TollfreeError  # noqa: E402
from kernel.money import ZERO, Micros  # noqa: E402
from ledger import journal  # noqa: E402
from ledger.limits import set_limit  # noqa: E402
from ledger.postings import Leg, Posting  # noqa: E402
from ledger.verify import verify  # noqa: E402
from tests.advertiser_portal.billing.till_world import (  # noqa: E402
    ADVERTISER,
    Bench,
    open_till,
    stand_in_server,
)
from tollfree import migrations  # noqa: E402

ACTS = ("part", "rest", "dispute", "won", "lost")


async def spend(bench: Bench, units: int) -> None:
    limit = journal.LimitKey("campaign_total", "cmp_1")
    async with bench.database.writing() as tx:
        much = Micros.from_units(1_000_000)
        await set_limit(tx, "campaign_total", "cmp_1", bench.clock.now(), None, much)
        await journal.charge(
            tx,
            key="click:1",
            payer=ADVERTISER,
            limits=[limit],
            price=Micros.from_units(units),
            split=journal.Split("zero", 7_000),
            ref="dec_1",
            clock=bench.clock,
        )


async def act(bench: Bench, name: str, payment: str, dispute: str | None) -> str | None:
    """Do one act, if it is possible now; returns the dispute."""
    try:
        if name in {"part", "rest"}:
            amount = Micros.from_units(20) if name == "part" else None
            async with bench.database.writing() as tx:
                planned = await refunds.plan_refund(tx, ADVERTISER, amount, clock=bench.clock)
            for operation in planned:
                await bench.till.operations.perform(operation)
        elif name == "dispute":
            dispute = bench.open_dispute(payment)
        elif dispute is not None:
            bench.close_dispute(dispute, won=name == "won")
    except (TollfreeError, Refusal):
        pass
    await bench.hear()
    return dispute


async def agrees(bench: Bench) -> bool:
    result = await bench.reconciler.run()
    async with bench.database.reading() as session:
        violations = await verify(session)
    return result.difference == ZERO and result.suspense == ZERO and not violations


async def sequences(new: Any) -> dict[str, int]:
    """Every sequence up to length five that has something to decide, times what was spent."""
    tried = wrong = 0
    for length in range(1, 6):
        for order in itertools.permutations(ACTS, length):
            for spent in (0, 50, 100):
                bench = await new()
                payment = await bench.pay(100)
                if spent:
                    await spend(bench, spent)
                dispute = None
                for name in order:
                    dispute = await act(bench, name, payment, dispute)
                tried += 1
                wrong += not await agrees(bench)
                await close(bench)
    return {"sequences": tried, "sequences_that_disagree": wrong}


async def payouts(bench: Bench, publishers: int, runs: int, seed: int) -> dict[str, int]:
    """Earn, pay, fail, pay again; nobody is paid twice and nothing is lost."""
    chance, stripe, earned = random.Random(seed), bench.fake.platform, 0
    async with bench.database.writing() as tx:
        for number in range(publishers):
            account = _account(stripe)
            tx.add(
                PublisherPayee(
                    publisher_id=f"pub_{number}",
                    stripe_account_id=account,
                    can_receive=True,
                    updated_at=bench.clock.now(),
                )
            )
    for month in range(runs):
        stripe.balance.move("topup", publishers * 5_000, f"tu_{month}", currency="usd")
        async with bench.database.writing() as tx:
            for number in range(publishers):
                amount = Micros(chance.randrange(1_000_000, 90_000_000))
                earned += amount.amount
                legs = (
                    Leg("ad_revenue", "debit", amount),
                    Leg(f"pub:pub_{number}:payable", "credit", amount),
                )
                key = f"earned:{month}:{number}"
                posting = Posting("correction", key, "publisher", f"pub_{number}", legs)
                await journal.post(tx, posting, clock=bench.clock)
        for _ in range(chance.randrange(4)):
            kind = chance.choice(("fail_before", "fail_after_commit", "limit"))
            stripe.faults.arm(kind, path="/v1/transfers")
        await bench.till.pay_publishers()
        bench.clock.advance(days=30)
        stripe.clock.advance(30 * 86_400)
        await bench.till.operations.resume()
    return await _told(bench, publishers, earned)


async def _told(bench: Bench, publishers: int, earned: int) -> dict[str, int]:
    transfers = bench.fake.platform.objects.every("transfer")
    paid = sum(transfer["amount"] for transfer in transfers) * 10_000
    owed = flying = 0
    for number in range(publishers):
        owed += (await bench.money(f"pub:pub_{number}:payable")).amount
        flying += (await bench.money(f"pub:pub_{number}:payout_in_flight")).amount
    groups = [transfer["transfer_group"] for transfer in transfers]
    return {
        "publishers": publishers,
        "transfers": len(transfers),
        "double_transfers": len(groups) - len(set(groups)),
        "micros_lost": earned - paid - owed - flying,
        "payouts_disagree": int(not await agrees(bench)),
    }


def _account(stripe: Any) -> str:
    from fakestripe.resources import accounts

    made = accounts.create(stripe, {"configuration": {"recipient": {"capabilities": {}}}})
    accounts.onboard(stripe, made["id"])
    return str(made["id"])


async def close(bench: Bench) -> None:
    await bench.till.gateway.close()
    await bench.database.close()


async def measure(asked: argparse.Namespace) -> dict[str, Any]:
    import shutil

    with tempfile.TemporaryDirectory() as folder, stand_in_server() as (fake, url):
        template = Path(folder) / "template.db"
        await asyncio.to_thread(migrations.upgrade, f"sqlite:///{template}")
        count = itertools.count()

        async def new() -> Bench:
            path = Path(folder) / f"{next(count)}.db"
            shutil.copy(template, path)
            return open_till(Database(f"sqlite:///{path}"), FrozenClock(), fake, url)

        started = time.monotonic()
        result: dict[str, Any] = {"seed": asked.seed} | await sequences(new)
        bench = await new()
        result |= await payouts(bench, asked.publishers, asked.runs, asked.seed)
        await close(bench)
        return result | {"seconds": round(time.monotonic() - started, 1)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--publishers", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    result = asyncio.run(measure(asked))
    if not asked.json:
        for name, value in result.items():
            print(f"{name:28} {value}")
    print(json.dumps(result))
    if asked.save:
        day = datetime.now(UTC).date().isoformat()
        file = ROOT / "bench" / "results" / f"{day}-till.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(result, indent=1) + "\n")
    bad = ("sequences_that_disagree", "double_transfers", "micros_lost", "payouts_disagree")
    return 1 if any(result[name] for name in bad) else 0


if __name__ == "__main__":
    sys.exit(main())
