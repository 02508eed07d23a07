"""The second step of paying a publisher: from its account at the processor to its bank.

    transferred ─► planned ─► sent ─► arrived
         ▲            └─ refused ─┘ └─► failed      either way: tried again tomorrow

A transfer is not a payout. Money becomes available on the publisher's account in its own time, and
banks have rules that nobody publishes, so a refusal is recorded and tried again each day. The money
has left our books with the transfer; nothing here posts to the ledger.
"""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from advertiser_portal.billing import notices
from advertiser_portal.billing.gateway import Declined, Done, PaymentGateway, cents
from advertiser_portal.billing.operations import Outcome, Settle, plan
from advertiser_portal.billing.pause import Pause, no_pause
from advertiser_portal.billing.payout_tables import Payout
from advertiser_portal.billing.tables import StripeOperation
from kernel.clock import Clock
from kernel.database import Database, WriteSession

_AGAIN_AFTER: Final = timedelta(days=1)
_FAILED: Final = frozenset({"failed", "canceled"})


async def plan_bank_payouts(
    database: Database, gateway: PaymentGateway, *, clock: Clock, pause: Pause = no_pause
) -> list[str]:
    """Plan what the accounts at the processor can send to the bank now; returns the operations."""
    async with database.reading() as session:
        due = list(
            await session.scalars(
                sa.select(Payout)
                .where(
                    Payout.state == "paid",
                    sa.or_(Payout.bank_state.is_(None), Payout.bank_state == "failed"),
                    Payout.bank_try_at <= clock.now(),
                )
                .order_by(Payout.created_at)
                .limit(1_000)
            )
        )
    planned = []
    for payout in due:
        await pause()
        if await gateway.bankable_cents(payout.stripe_account_id) >= cents(payout.amount):
            operation_id = await _plan_one(database, payout.id, clock)
            planned += [operation_id] if operation_id is not None else []
    return planned


async def _plan_one(database: Database, payout_id: str, clock: Clock) -> str | None:
    async with database.writing() as tx:
        # Guarded, so that of two runs at once one plans.
        claimed = await tx.execute(
            sa.update(Payout)
            .where(
                Payout.id == payout_id,
                sa.or_(Payout.bank_state.is_(None), Payout.bank_state == "failed"),
            )
            .values(bank_state="planned")
            .returning(Payout.id)
            .execution_options(synchronize_session=False)
        )
        if claimed.scalar_one_or_none() is None:
            return None
        payout = await tx.get_one(Payout, payout_id)
        params = {
            "payout": payout.id,
            "account": payout.stripe_account_id,
            "cents": cents(payout.amount),
        }
        return await plan(tx, "bank_payout", payout.publisher_id, params, clock=clock)


def settle_bank_payout(clock: Clock) -> Settle:
    """Note that the processor took it, or that it has to be tried again."""

    async def note(tx: WriteSession, row: StripeOperation, outcome: Outcome) -> None:
        payout = await tx.get_one(Payout, row.params["payout"])
        match outcome:
            case Done(stripe_id=stripe_id):
                payout.bank_state, payout.bank_payout_id = "sent", stripe_id
                payout.bank_error = None
            case Declined(code=code):
                await _refused(tx, payout, code, clock)

    return note


async def follow(
    database: Database, gateway: PaymentGateway, bank_payout_id: str, *, clock: Clock
) -> None:
    """Bring our books to what became of a bank payout; one that is not a publisher's is ignored."""
    async with database.reading() as session:
        found = await session.scalar(
            sa.select(Payout).where(Payout.bank_payout_id == bank_payout_id)
        )
    if found is None:
        return
    seen = await gateway.bank_payout(bank_payout_id, account_id=found.stripe_account_id)
    async with database.writing() as tx:
        payout = await tx.get_one(Payout, found.id)
        if payout.bank_state != "sent" or payout.bank_payout_id != bank_payout_id:
            return
        if seen.status == "paid":
            payout.bank_state, payout.bank_try_at = "arrived", None
        elif seen.status in _FAILED:
            await _refused(tx, payout, seen.failure or seen.status, clock)


async def sent(database: Database) -> list[str]:
    """Bank payouts whose end nobody has told us of yet."""
    async with database.reading() as session:
        query = sa.select(Payout.bank_payout_id).where(Payout.bank_state == "sent")
        return [str(one) for one in await session.scalars(query.limit(1_000))]


async def _refused(tx: WriteSession, payout: Payout, code: str, clock: Clock) -> None:
    payout.bank_state, payout.bank_error = "failed", code
    payout.bank_payout_id = None
    payout.bank_try_at = clock.now() + _AGAIN_AFTER
    told = {"amount": payout.amount.text(), "code": code.replace("_", " ")}
    await notices.tell(tx, "bank_refused", payout.publisher_id, clock=clock, **told)
