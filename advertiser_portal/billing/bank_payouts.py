"""The second step of paying a publisher: from its account at the processor to its bank.

    transferred ─► planned ─► sent ─► arrived
         ▲            └─ refused ─┘ └─► failed      either way: tried again tomorrow

A transfer is not a payout. Money becomes available on the publisher's account in its own time, and
banks have rules that nobody publishes, so a refusal is recorded and tried again each day. The money
has left our books with the transfer; nothing here posts to the ledger.
"""

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from advertiser_portal.billing import notices
from advertiser_portal.billing.gateway import (
    BankPayout,
    Declined,
    Done,
    PaymentGateway,
    cents,
)
from advertiser_portal.billing.operations import Ended, Settle, planned
from advertiser_portal.billing.pause import Pause, no_pause
from advertiser_portal.billing.payout_tables import Payout
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.errors import Unavailable

_AGAIN_AFTER: Final = timedelta(days=1)
_FAILED: Final = frozenset({"failed", "canceled"})
_A_RUN: Final = 1_000
_AT_ONCE: Final = 50
_IS_WAITING: Final = sa.and_(
    Payout.state == "paid", sa.or_(Payout.bank_state.is_(None), Payout.bank_state == "failed")
)


async def plan_bank_payouts(
    database: Database, gateway: PaymentGateway, *, clock: Clock, pause: Pause = no_pause
) -> list[str]:
    """Plan what the accounts at the processor can send to the bank now; returns the operations."""
    async with database.reading() as session:
        due = list(
            await session.scalars(
                sa.select(Payout)
                .where(_IS_WAITING, Payout.bank_try_at <= clock.now())
                .order_by(Payout.created_at)
                .limit(_A_RUN)
            )
        )
    operation_ids = list[str]()
    for start in range(0, len(due), _AT_ONCE):
        ready = list[str]()
        for payout in due[start : start + _AT_ONCE]:
            await pause()
            if await gateway.bankable_cents(payout.stripe_account_id) >= cents(payout.amount):
                ready.append(payout.id)
        operation_ids += await _plan_some(database, ready, clock)
    return operation_ids


async def _plan_some(database: Database, payout_ids: Sequence[str], clock: Clock) -> list[str]:
    if not payout_ids:
        return []
    async with database.writing() as tx:
        # Guarded, so that of two runs at once one plans.
        claimed = await tx.execute(
            sa.update(Payout)
            .where(Payout.id.in_(payout_ids), _IS_WAITING)
            .values(bank_state="planned")
            .returning(Payout.id, Payout.publisher_id, Payout.stripe_account_id, Payout.amount)
            .execution_options(synchronize_session=False)
        )
        operations = [
            planned(
                "bank_payout",
                one.publisher_id,
                {"payout": one.id, "account": one.stripe_account_id, "cents": cents(one.amount)},
                clock=clock,
            )
            for one in claimed
        ]
        tx.add_all(operations)
        return [one.id for one in operations]


def settle_bank_payouts(clock: Clock) -> Settle:
    """Note which the processor took, and which have to be tried again."""

    async def note(tx: WriteSession, ended: Sequence[Ended]) -> None:
        found = await tx.scalars(
            sa.select(Payout).where(Payout.id.in_([row.params["payout"] for row, _ in ended]))
        )
        payouts = {one.id: one for one in found}
        for row, outcome in ended:
            payout = payouts[row.params["payout"]]
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
        account_id = await session.scalar(
            sa.select(Payout.stripe_account_id).where(Payout.bank_payout_id == bank_payout_id)
        )
    if account_id is not None:
        seen = await gateway.bank_payout(bank_payout_id, account_id=account_id)
        await _note(database, [seen], clock)


async def follow_sent(
    database: Database, gateway: PaymentGateway, *, clock: Clock, pause: Pause = no_pause
) -> None:
    """Look at all bank payouts whose end nobody has told us of; what cannot be read waits."""
    async with database.reading() as session:
        query = sa.select(Payout.bank_payout_id, Payout.stripe_account_id)
        sent = (await session.execute(query.where(Payout.bank_state == "sent").limit(_A_RUN))).all()
    for start in range(0, len(sent), _AT_ONCE):
        seen = list[BankPayout]()
        for one in sent[start : start + _AT_ONCE]:
            await pause()
            with contextlib.suppress(Unavailable, LookupError):
                looked = await gateway.bank_payout(
                    one.bank_payout_id, account_id=one.stripe_account_id
                )
                seen.append(looked)
        await _note(database, seen, clock)


async def _note(database: Database, seen: Sequence[BankPayout], clock: Clock) -> None:
    known = {one.id: one for one in seen if one.status == "paid" or one.status in _FAILED}
    if not known:
        return
    async with database.writing() as tx:
        # One that is not sent any more was told of meanwhile.
        payouts = await tx.scalars(
            sa.select(Payout)
            .where(Payout.bank_payout_id.in_(list(known)), Payout.bank_state == "sent")
            .with_for_update()
        )
        for payout in list(payouts):
            end = known[str(payout.bank_payout_id)]
            if end.status == "paid":
                payout.bank_state, payout.bank_try_at = "arrived", None
            else:
                await _refused(tx, payout, end.failure or end.status, clock)


async def _refused(tx: WriteSession, payout: Payout, code: str, clock: Clock) -> None:
    payout.bank_state, payout.bank_error = "failed", code
    payout.bank_payout_id = None
    payout.bank_try_at = clock.now() + _AGAIN_AFTER
    told = {"amount": payout.amount.text(), "code": code.replace("_", " ")}
    await notices.tell(tx, "bank_refused", payout.publisher_id, clock=clock, **told)
