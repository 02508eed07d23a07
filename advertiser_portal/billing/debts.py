"""What an advertiser owes after a chargeback, kept at nothing as soon as there is money.

A top-up pays the debt first; a chargeback that is won after the debt was paid gives it back.
"""

from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.money import ZERO, Micros
from ledger import journal, till_postings
from ledger.account import cash
from ledger.balances import balances


async def debt_of(tx: WriteSession, advertiser_id: str) -> Micros:
    """What is owed; negative when too much was paid back."""
    account = f"adv:{advertiser_id}:receivable"
    return (await balances(tx, [account]))[account].posted


async def settle(tx: WriteSession, advertiser_id: str, *, because: str, clock: Clock) -> None:
    """Bring the debt to nothing as far as the wallet allows; `because` names the cause."""
    owed = await debt_of(tx, advertiser_id)
    if owed > ZERO:
        wallet = cash(advertiser_id)
        available = (await balances(tx, [wallet]))[wallet].available
        paid = min(owed, available)
        if paid > ZERO:
            posting = till_postings.debt_paid(advertiser_id, paid, key=f"debt:{because}:paid")
            await journal.post(tx, posting, clock=clock)
    elif owed < ZERO:
        posting = till_postings.debt_overpaid(advertiser_id, -owed, key=f"debt:{because}:back")
        await journal.post(tx, posting, clock=clock)
