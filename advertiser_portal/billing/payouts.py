"""Publishers are paid: a frozen amount under one key, and nothing twice.

    planned ─► sent ─► paid            a definite refusal ─► failed, and the money is payable again
                 └──► unknown ─► looked up, then paid or sent again

The balance moves to "in flight" in the transaction that plans the payment, so that a second run
finds nothing to pay. Too little money at the processor is a reason to wait, not a failure.
"""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from advertiser_portal.billing import notices, papers
from advertiser_portal.billing.gateway import CENT, Declined, Done, cents
from advertiser_portal.billing.operations import OPEN_STATES, Outcome, Settle, plan
from advertiser_portal.billing.payout_tables import Payout, PublisherPayee
from advertiser_portal.billing.tables import StripeOperation
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.errors import Conflict
from kernel.ids import new_id
from kernel.money import Micros
from ledger import journal, till_postings
from ledger.balances import balances
from ledger.rows import insert_missing
from ledger.settlement import settle
from ledger.tables import rows_of

THRESHOLD: Final = Micros.from_units(50)
_AGAIN_AFTER: Final = timedelta(days=1)
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
    planned = []
    for payee in payees:
        if owed[_payable(payee.publisher_id)].available >= threshold:
            operation_id = await _plan_one(database, payee.publisher_id, threshold, clock)
            if operation_id is not None:
                planned.append(operation_id)
    return planned


async def _plan_one(
    database: Database, publisher_id: str, threshold: Micros, clock: Clock
) -> str | None:
    async with database.writing() as tx:
        # Taking the row is the lock: of two runs at once, the second sees what the first left.
        payee = await tx.get_one(PublisherPayee, publisher_id, with_for_update=True)
        payee.updated_at = clock.now()
        await tx.flush()
        account = _payable(publisher_id)
        available = (await balances(tx, [account]))[account].available
        amount = Micros(available.amount // CENT * CENT)
        if not payee.can_receive or payee.stripe_account_id is None or amount < threshold:
            return None
        if await _refused_today(tx, publisher_id, clock):
            return None
        payout_id = new_id("pay")
        params = {
            "payout": payout_id,
            "account": payee.stripe_account_id,
            "cents": cents(amount),
        }
        tx.add(
            Payout(
                id=payout_id,
                publisher_id=publisher_id,
                stripe_account_id=payee.stripe_account_id,
                amount=amount,
                state="planned",
                created_at=clock.now(),
            )
        )
        held = till_postings.payout_hold(publisher_id, amount, key=f"payout:{payout_id}:held")
        await journal.post(tx, held, clock=clock)
        return await plan(tx, "transfer", publisher_id, params, clock=clock)


async def _refused_today(tx: WriteSession, publisher_id: str, clock: Clock) -> bool:
    """Whether a definite refusal is less than a day old: asking again each hour changes nothing."""
    refused = await tx.scalar(
        sa.select(Payout.id).where(
            Payout.publisher_id == publisher_id,
            Payout.state == "failed",
            Payout.finished_at > clock.now() - _AGAIN_AFTER,
        )
    )
    return refused is not None


def settle_transfer(clock: Clock) -> Settle:
    """Book a payment that was made, or put the money back for one that was refused."""

    async def book(tx: WriteSession, row: StripeOperation, outcome: Outcome) -> None:
        payout = await tx.get_one(Payout, row.params["payout"])
        payout.finished_at = clock.now()
        match outcome:
            case Done(stripe_id=stripe_id):
                payout.state, payout.stripe_transfer_id = "paid", stripe_id
                payout.bank_try_at = clock.now()
                await papers.issue_statement(tx, payout, clock=clock)
                sent = till_postings.payout_sent(
                    payout.publisher_id, payout.amount, key=f"payout:{payout.id}:sent"
                )
                await journal.post(tx, sent, clock=clock)
            case Declined(code=code):
                payout.state = "waiting" if code == _WAIT_FOR_FUNDS else "failed"
                back = till_postings.payout_released(
                    payout.publisher_id, payout.amount, key=f"payout:{payout.id}:released"
                )
                await journal.post(tx, back, clock=clock)
                if payout.state == "failed":
                    told = {"amount": payout.amount.text(), "code": code.replace("_", " ")}
                    owner = payout.publisher_id
                    await notices.tell(tx, "payout_failed", owner, clock=clock, **told)

    return book


async def same_account(tx: WriteSession, row: StripeOperation) -> Declined | None:
    """A guard: a publisher who has changed the account meanwhile is not paid on the old one."""
    payee = await tx.get_one(PublisherPayee, row.owner_id)
    if payee.can_receive and payee.stripe_account_id == row.params["account"]:
        return None
    return Declined(ACCOUNT_CHANGED)


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
    planned = await tx.scalar(
        sa.select(StripeOperation.id).where(
            StripeOperation.owner_id == publisher_id,
            StripeOperation.kind == "payee",
            StripeOperation.state.in_(OPEN_STATES),
        )
    )
    params = {"email": email, "name": name}
    return planned or await plan(tx, "payee", publisher_id, params, clock=clock)


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
