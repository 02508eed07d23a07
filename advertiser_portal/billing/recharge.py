"""Automatic recharge of a wallet from the saved card, inside a hard monthly cap.

Runs when the wallet falls under the threshold; one charge closes the whole gap. The month's sum grows
in the same transaction that plans the charge, guarded by the cap; a unique index allows one open
charge, and a charge is open until its money is in the wallet. A decline waits an hour, three in a
row turn it off; a card that wants its owner sends a link instead.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from advertiser_portal.billing import haste, notices
from advertiser_portal.billing.gateway import Declined, Done, cents, micros
from advertiser_portal.billing.haste import USUAL, Caution
from advertiser_portal.billing.operations import OPEN_STATES, Outcome, SettleOne, plan
from advertiser_portal.billing.tables import AutoRecharge, BillingCustomer, StripeOperation
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.errors import BadRequest
from kernel.money import ZERO, Micros
from ledger.account import cash
from ledger.balances import balances

_WAIT: Final = timedelta(hours=1)
_PATIENCE: Final = timedelta(minutes=1)
_GIVE_UP_AFTER: Final = 3
_SMALLEST: Final = Micros.from_units(10)
AUTHENTICATE: Final = "authentication_required"
CAPPED: Final = "monthly_cap"


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


async def plan_due(database: Database, *, clock: Clock, caution: Caution = USUAL) -> list[str]:
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
    planned = []
    for row in rows:
        available = wallets[cash(row.advertiser_id)].available
        if available < row.threshold:
            operation_id = await _plan_one(database, row.advertiser_id, available, caution, clock)
            planned += [operation_id] if operation_id is not None else []
    return planned


async def _plan_one(
    database: Database, advertiser_id: str, available: Micros, caution: Caution, clock: Clock
) -> str | None:
    async with database.writing() as tx:
        rule, month = await tx.get_one(AutoRecharge, advertiser_id), _month(clock)
        spent = rule.month_planned if rule.month == month else ZERO
        charge = _charge(rule, spent, available)
        if not charge:
            await _note_cap(tx, rule, clock)
            return None
        room = await haste.room_today(tx, advertiser_id, caution=caution, clock=clock)
        if room is not None and charge > room:
            return None
        # One guarded update: the cap holds in it, and of two workers that meet here one waits for
        # the other and then finds another sum than it has read.
        claimed = await tx.execute(
            sa.update(AutoRecharge)
            .where(
                AutoRecharge.advertiser_id == advertiser_id,
                AutoRecharge.enabled,
                AutoRecharge.month == rule.month,
                AutoRecharge.month_planned == rule.month_planned,
                AutoRecharge.monthly_cap >= spent + charge,
                ~_open_charge(advertiser_id),
            )
            .values(month=month, month_planned=spent + charge)
            .returning(AutoRecharge.advertiser_id)
            .execution_options(synchronize_session=False)
        )
        if claimed.scalar_one_or_none() is None:
            return None
        customer = await tx.get_one(BillingCustomer, advertiser_id)
        if customer.card_id is None:
            raise BadRequest("There is no card to charge.")
        params = {
            "customer": customer.stripe_customer_id,
            "card": customer.card_id,
            "cents": cents(charge),
        }
        return await plan(tx, "recharge", advertiser_id, params, clock=clock)


def _charge(rule: AutoRecharge, spent: Micros, available: Micros) -> Micros:
    """As many whole amounts as close the gap, as far as the cap allows."""
    gap, room = rule.threshold - available, rule.monthly_cap - spent
    steps = min(-(-gap.amount // rule.amount.amount), room.amount // rule.amount.amount)
    return Micros(rule.amount.amount * max(steps, 0))


async def _note_cap(tx: WriteSession, rule: AutoRecharge, clock: Clock) -> None:
    """Say once that the cap holds it back: a limit must not look like a recharge that is off."""
    if rule.last_error != CAPPED:
        rule.last_error = CAPPED
        amounts = {"threshold": rule.threshold.text(), "cap": rule.monthly_cap.text()}
        await notices.tell(tx, "recharge_capped", rule.advertiser_id, clock=clock, **amounts)


def settle_recharge(public_url: str, clock: Clock) -> SettleOne:
    """What follows a charge: nothing for a success (the payment credits itself), care for a refusal."""

    async def settle(tx: WriteSession, row: StripeOperation, outcome: Outcome) -> None:
        rule = await tx.get_one(AutoRecharge, row.owner_id)
        match outcome:
            case Done():
                rule.failures, rule.last_error, rule.next_try_at = 0, None, None
            case Declined(code=code, intent_id=intent_id) if code == AUTHENTICATE and intent_id:
                # The sum stays planned: the owner may still confirm this very payment.
                rule.enabled, rule.last_error = False, code
                rule.confirm_url = f"{public_url}/advertiser/billing/confirm/{intent_id}"
                told = {"amount": micros(row.params["cents"]).text(), "payment": intent_id}
                await notices.tell(tx, "recharge_confirm", row.owner_id, clock=clock, **told)
            case Declined(code=code):
                await note_refusal(tx, row, code, clock=clock)

    return settle


async def note_refusal(tx: WriteSession, row: StripeOperation, code: str, *, clock: Clock) -> None:
    """A charge was refused, at once or later: its sum is free again, and three of them are enough."""
    rule, charge = await tx.get_one(AutoRecharge, row.owner_id), micros(row.params["cents"])
    row.outcome = "failed"
    if rule.month == _month(clock):
        rule.month_planned = max(rule.month_planned - charge, ZERO)
    rule.failures += 1
    rule.last_error, rule.next_try_at = code, clock.now() + _WAIT
    stopped = rule.failures >= _GIVE_UP_AFTER
    rule.enabled = rule.enabled and not stopped
    about: notices.About = "recharge_stopped" if stopped else "recharge_failed"
    told = {"amount": charge.text(), "code": code.replace("_", " ")}
    await notices.tell(tx, about, row.owner_id, clock=clock, **told)


async def note_credit(tx: WriteSession, row: StripeOperation) -> None:
    """The money of a charge is in the wallet; one that waited for its owner turns recharge on again."""
    rule = await tx.get(AutoRecharge, row.owner_id)
    if rule is not None and rule.last_error == AUTHENTICATE and row.state == "failed":
        rule.enabled, rule.failures = True, 0
        rule.last_error = rule.next_try_at = rule.confirm_url = None


def _open_charge(advertiser_id: str) -> sa.Exists:
    """A charge on its way, or one that was made and whose money is not in the wallet yet."""
    on_its_way = sa.or_(
        StripeOperation.state.in_(OPEN_STATES),
        sa.and_(StripeOperation.state == "succeeded", StripeOperation.outcome.is_(None)),
    )
    return sa.exists().where(
        StripeOperation.owner_id == advertiser_id, StripeOperation.kind == "recharge", on_its_way
    )


async def uncredited(database: Database, *, clock: Clock) -> list[str]:
    """Payments of charges that were made a minute ago or more and that nobody told us the end of."""
    async with database.reading() as session:
        found = await session.scalars(
            sa.select(StripeOperation.stripe_id).where(
                StripeOperation.kind == "recharge",
                StripeOperation.state == "succeeded",
                StripeOperation.outcome.is_(None),
                StripeOperation.finished_at <= clock.now() - _PATIENCE,
            )
        )
        return [str(payment_id) for payment_id in found if payment_id]


def _month(clock: Clock) -> str:
    return clock.now().strftime("%Y-%m")
