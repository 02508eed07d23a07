"""Publishers are paid: a frozen amount under one key, and nothing twice.

    planned ─► sent ─► paid            a definite refusal ─► failed, and the money is payable again
                 └──► unknown ─► looked up, then paid or sent again

The balance moves to "in flight" in the transaction that plans the payment, so that a second run
finds nothing to pay. Too little money at the processor is a reason to wait, not a failure.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from advertiser_portal.billing import notices, papers
from advertiser_portal.billing.gateway import CENT, Declined, Done, cents
from advertiser_portal.billing.operations import (
    OPEN_STATES,
    Ended,
    Outcome,
    Settle,
    plan,
    planned,
)
from advertiser_portal.billing.payout_tables import Payout, PublisherPayee
from advertiser_portal.billing.tables import StripeOperation
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.errors import Conflict
from kernel.ids import new_id
from kernel.money import Micros
from ledger import journal, till_postings
from ledger.balances import balances
from ledger.postings import Posting
from ledger.rows import insert_missing
from ledger.settlement import settle
from ledger.tables import rows_of

THRESHOLD: Final = Micros.from_units(50)
_AGAIN_AFTER: Final = timedelta(days=1)
_AT_ONCE: Final = 50
ACCOUNT_CHANGED: Final = "account_changed"
# A refusal that is no fault of the publisher: the next run pays, and nobody needs a letter.
_WAIT_FOR_FUNDS: Final = "balance_insufficient"


async def plan_payouts(
    database: Database, *, clock: Clock, threshold: Micros = THRESHOLD
) -> list[str]:
    """Plan one payment for every publisher at or over the threshold; returns the operations."""
    # What was earned or released a moment ago counts: bring the deferred columns up to date.
    async with database.writing() as tx:
        await settle(tx, clock=clock)
    async with database.reading() as session:
        payees = list(
            await session.scalars(sa.select(PublisherPayee).where(PublisherPayee.can_receive))
        )
        owed = await balances(session, [_payable(payee.publisher_id) for payee in payees])
    due = [one for one in payees if owed[_payable(one.publisher_id)].available >= threshold]
    operation_ids = list[str]()
    for start in range(0, len(due), _AT_ONCE):
        some = [one.publisher_id for one in due[start : start + _AT_ONCE]]
        operation_ids += await _plan_some(database, some, threshold, clock)
    return operation_ids


async def _plan_some(
    database: Database, publisher_ids: Sequence[str], threshold: Micros, clock: Clock
) -> list[str]:
    async with database.writing() as tx:
        # Taking the rows is the lock: of two runs at once, the second sees what the first left.
        payees = await tx.scalars(
            sa.select(PublisherPayee)
            .where(PublisherPayee.publisher_id.in_(publisher_ids))
            .order_by(PublisherPayee.publisher_id)
            .with_for_update()
        )
        ready = {one.publisher_id: one for one in payees if one.can_receive}
        owed = await balances(tx, [_payable(one) for one in ready])
        refused = await _refused_today(tx, ready, clock)
        fresh = list[Payout]()
        for publisher_id in publisher_ids:
            payee = ready.get(publisher_id)
            if payee is None or payee.stripe_account_id is None or publisher_id in refused:
                continue
            available = owed[_payable(publisher_id)].available.amount
            amount = Micros(available // CENT * CENT)
            if amount >= threshold:
                fresh.append(_payout(payee.stripe_account_id, publisher_id, amount, clock))
        return await _plan(tx, fresh, clock)


def _payout(account: str, publisher_id: str, amount: Micros, clock: Clock) -> Payout:
    return Payout(
        id=new_id("pay"),
        publisher_id=publisher_id,
        stripe_account_id=account,
        amount=amount,
        state="planned",
        created_at=clock.now(),
    )


async def _plan(tx: WriteSession, payouts: Sequence[Payout], clock: Clock) -> list[str]:
    operations = [
        planned(
            "transfer",
            one.publisher_id,
            {"payout": one.id, "account": one.stripe_account_id, "cents": cents(one.amount)},
            clock=clock,
        )
        for one in payouts
    ]
    held = [
        till_postings.payout_hold(one.publisher_id, one.amount, key=f"payout:{one.id}:held")
        for one in payouts
    ]
    tx.add_all([*payouts, *operations])
    await journal.post_all(tx, held, clock=clock)
    await tx.flush()
    return [one.id for one in operations]


async def _refused_today(
    tx: WriteSession, publisher_ids: Collection[str], clock: Clock
) -> set[str]:
    """Whose definite refusal is less than a day old: asking again each hour changes nothing."""
    refused = await tx.scalars(
        sa.select(Payout.publisher_id).where(
            Payout.publisher_id.in_(publisher_ids),
            Payout.state == "failed",
            Payout.finished_at > clock.now() - _AGAIN_AFTER,
        )
    )
    return set(refused)


def settle_transfers(clock: Clock) -> Settle:
    """Book payments that were made, and put the money back for those that were refused."""

    async def book(tx: WriteSession, ended: Sequence[Ended]) -> None:
        found = await tx.scalars(
            sa.select(Payout).where(Payout.id.in_([row.params["payout"] for row, _ in ended]))
        )
        payouts = {one.id: one for one in found}
        sent, postings = list[Payout](), list[Posting]()
        for row, outcome in ended:
            payout = payouts[row.params["payout"]]
            payout.finished_at = clock.now()
            match outcome:
                case Done(stripe_id=stripe_id):
                    payout.state, payout.stripe_transfer_id = "paid", stripe_id
                    payout.bank_try_at = clock.now()
                    sent.append(payout)
                    postings.append(_sent(payout))
                case Declined(code=code):
                    await _refused(tx, payout, code, clock)
                    postings.append(_released(payout))
        await papers.issue_statements(tx, sent, clock=clock)
        await journal.post_all(tx, postings, clock=clock)

    return book


def _sent(payout: Payout) -> Posting:
    key = f"payout:{payout.id}:sent"
    return till_postings.payout_sent(payout.publisher_id, payout.amount, key=key)


def _released(payout: Payout) -> Posting:
    key = f"payout:{payout.id}:released"
    return till_postings.payout_released(payout.publisher_id, payout.amount, key=key)


async def _refused(tx: WriteSession, payout: Payout, code: str, clock: Clock) -> None:
    payout.state = "waiting" if code == _WAIT_FOR_FUNDS else "failed"
    if payout.state == "failed":
        told = {"amount": payout.amount.text(), "code": code.replace("_", " ")}
        await notices.tell(tx, "payout_failed", payout.publisher_id, clock=clock, **told)


async def same_account(tx: WriteSession, rows: Sequence[StripeOperation]) -> dict[str, Declined]:
    """A guard: a publisher who has changed the account meanwhile is not paid on the old one."""
    found = await tx.execute(
        sa.select(PublisherPayee.publisher_id, PublisherPayee.stripe_account_id).where(
            PublisherPayee.publisher_id.in_([row.owner_id for row in rows]),
            PublisherPayee.can_receive,
        )
    )
    now = {one.publisher_id: one.stripe_account_id for one in found}
    changed = [row.id for row in rows if now.get(row.owner_id) != row.params["account"]]
    return dict.fromkeys(changed, Declined(ACCOUNT_CHANGED))


async def note_payee(
    tx: WriteSession, stripe_account_id: str, *, can_receive: bool, clock: Clock
) -> None:
    """Note whether a connected account may receive. Raises LookupError for an unknown one."""
    payee = await tx.scalar(
        sa.select(PublisherPayee).where(PublisherPayee.stripe_account_id == stripe_account_id)
    )
    if payee is None:
        raise LookupError("This account is not in our books yet.")
    payee.can_receive, payee.updated_at = can_receive, clock.now()


async def plan_payee(
    tx: WriteSession, publisher_id: str, *, email: str, name: str, clock: Clock
) -> str | None:
    """Plan the connected account of a publisher, once; None when it has one."""
    now = clock.now()
    fresh = {"publisher_id": publisher_id, "can_receive": False, "updated_at": now}
    await insert_missing(tx, rows_of(PublisherPayee), [fresh])
    # Taking the row is the lock: of two that press the button at once, the second finds the plan.
    payee = await tx.get_one(PublisherPayee, publisher_id, with_for_update=True)
    if payee.stripe_account_id is not None:
        return None
    under_way = await tx.scalar(
        sa.select(StripeOperation.id).where(
            StripeOperation.owner_id == publisher_id,
            StripeOperation.kind == "payee",
            StripeOperation.state.in_(OPEN_STATES),
        )
    )
    params = {"email": email, "name": name}
    return under_way or await plan(tx, "payee", publisher_id, params, clock=clock)


async def plan_onboarding(
    tx: WriteSession, publisher_id: str, *, refresh_url: str, return_url: str, clock: Clock
) -> str:
    """Plan a link to the page where a publisher says where to pay to; each works for minutes only.

    Raises Conflict before there is an account.
    """
    payee = await tx.get(PublisherPayee, publisher_id)
    if payee is None or payee.stripe_account_id is None:
        raise Conflict("There is no account for payouts yet.")
    params = {
        "account": payee.stripe_account_id,
        "refresh_url": refresh_url,
        "return_url": return_url,
    }
    return await plan(tx, "onboarding", publisher_id, params, clock=clock)


async def settle_payee(tx: WriteSession, row: StripeOperation, outcome: Outcome) -> None:
    """Note the account that was made."""
    if isinstance(outcome, Done):
        payee = await tx.get_one(PublisherPayee, row.owner_id)
        payee.stripe_account_id = payee.stripe_account_id or outcome.stripe_id


def _payable(publisher_id: str) -> str:
    return f"pub:{publisher_id}:payable"
