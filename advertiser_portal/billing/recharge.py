"""Automatic recharge of a wallet from the saved card, inside a hard monthly cap.

Runs when the wallet falls under the threshold. The month's sum grows in the same transaction that
plans the charge, guarded by the cap; a unique index allows one open charge. A decline waits an
hour, three in a row turn it off; a card that wants its owner sends a link instead.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from advertiser_portal.billing.gateway import Declined, Done, cents
from advertiser_portal.billing.operations import Outcome, Settle, plan
from advertiser_portal.billing.tables import AutoRecharge, BillingCustomer, StripeOperation
from kernel import outbox
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.errors import BadRequest
from kernel.money import ZERO, Micros
from ledger.account import cash
from ledger.balances import balances

_WAIT: Final = timedelta(hours=1)
_GIVE_UP_AFTER: Final = 3
_SMALLEST: Final = Micros.from_units(10)


@dataclass(frozen=True, slots=True)
class RechargeRule:
    """Below `threshold` add `amount`, never more than `monthly_cap` in a calendar month (UTC)."""

    threshold: Micros
    amount: Micros
    monthly_cap: Micros

    def __post_init__(self) -> None:
        if self.amount < _SMALLEST or self.amount.amount % 10_000:
            raise BadRequest(
                f"Recharge at least {_SMALLEST.text()}, in whole cents.", param="amount"
            )
        if self.monthly_cap < self.amount:
            raise BadRequest("The monthly cap is smaller than one recharge.", param="monthly_cap")
        if self.threshold < ZERO:
            raise BadRequest("The threshold cannot be negative.", param="threshold")


async def set_rule(
    tx: WriteSession, advertiser_id: str, rule: RechargeRule | None, *, clock: Clock
) -> None:
    """Turn automatic recharge on with `rule`, or off with None. Needs a saved card to turn on."""
    row = await tx.get(AutoRecharge, advertiser_id)
    if rule is None:
        if row is not None:
            row.enabled = False
        return
    customer = await tx.get(BillingCustomer, advertiser_id)
    if customer is None or customer.card_id is None:
        raise BadRequest("Save a card first: automatic recharge charges it when you are away.")
    if row is None:
        row = AutoRecharge(
            advertiser_id=advertiser_id,
            month=_month(clock),
            month_planned=ZERO,
            enabled=False,
            threshold=ZERO,
            amount=ZERO,
            monthly_cap=ZERO,
            failures=0,
        )
        tx.add(row)
    if row.month == _month(clock) and row.month_planned > rule.monthly_cap:
        raise BadRequest(
            f"{row.month_planned.text()} were recharged this month already; give a cap above that.",
            param="monthly_cap",
        )
    row.threshold, row.amount, row.monthly_cap = rule.threshold, rule.amount, rule.monthly_cap
    row.enabled, row.failures = True, 0
    row.last_error = row.next_try_at = row.confirm_url = None


async def plan_due(database: Database, *, clock: Clock) -> list[str]:
    """Plan a charge for every wallet that fell under its threshold; returns the operations."""
    now = clock.now()
    async with database.reading() as session:
        rows = list(
            await session.scalars(
                sa.select(AutoRecharge).where(
                    AutoRecharge.enabled,
                    sa.or_(AutoRecharge.next_try_at.is_(None), AutoRecharge.next_try_at <= now),
                )
            )
        )
        wallets = await balances(session, [cash(row.advertiser_id) for row in rows])
    low = [row for row in rows if wallets[cash(row.advertiser_id)].available < row.threshold]
    planned = []
    for row in low:
        operation_id = await _plan_one(database, row.advertiser_id, clock)
        if operation_id is not None:
            planned.append(operation_id)
    return planned


async def _plan_one(database: Database, advertiser_id: str, clock: Clock) -> str | None:
    async with database.writing() as tx:
        month = _month(clock)
        # One guarded update: the new month starts at nothing, the cap holds, and of two workers
        # that meet here one waits for the other and then sees its sum.
        spent = sa.case((AutoRecharge.month == month, AutoRecharge.month_planned), else_=0)
        claimed = await tx.execute(
            sa.update(AutoRecharge)
            .where(
                AutoRecharge.advertiser_id == advertiser_id,
                AutoRecharge.enabled,
                spent + AutoRecharge.amount <= AutoRecharge.monthly_cap,
                ~_open_charge(advertiser_id),
            )
            .values(month=month, month_planned=spent + AutoRecharge.amount)
            .returning(AutoRecharge.amount)
        )
        amount = claimed.scalar_one_or_none()
        if amount is None:
            return None
        customer = await tx.get_one(BillingCustomer, advertiser_id)
        if customer.card_id is None:
            raise BadRequest("There is no card to charge.")
        params = {
            "customer": customer.stripe_customer_id,
            "card": customer.card_id,
            "cents": cents(amount),
        }
        return await plan(tx, "recharge", advertiser_id, params, clock=clock)


def settle_recharge(public_url: str, clock: Clock) -> Settle:
    """What follows a charge: nothing for a success (the payment credits itself), care for a refusal."""

    async def settle(tx: WriteSession, row: StripeOperation, outcome: Outcome) -> None:
        rule = await tx.get_one(AutoRecharge, row.owner_id)
        match outcome:
            case Done():
                rule.failures, rule.last_error, rule.next_try_at = 0, None, None
            case Declined(code=code, intent_id=intent_id):
                # The refused sum is not spent: it may be tried again within the cap.
                if rule.month == _month(clock):
                    rule.month_planned = max(rule.month_planned - rule.amount, ZERO)
                rule.failures += 1
                rule.last_error = code
                rule.next_try_at = clock.now() + _WAIT
                if code == "authentication_required" and intent_id:
                    rule.confirm_url = f"{public_url}/advertiser/billing/confirm/{intent_id}"
                if rule.failures >= _GIVE_UP_AFTER or code == "authentication_required":
                    rule.enabled = False
                note = {"advertiser_id": row.owner_id, "code": code}
                await outbox.enqueue(tx, "billing.recharge_failed", note, clock=clock)

    return settle


def _open_charge(advertiser_id: str) -> sa.Exists:
    return sa.exists().where(
        StripeOperation.owner_id == advertiser_id,
        StripeOperation.kind == "recharge",
        StripeOperation.state.in_(("planned", "sent", "unknown")),
    )


def _month(clock: Clock) -> str:
    return clock.now().strftime("%Y-%m")
