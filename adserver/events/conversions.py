"""Record a conversion once, charge for it once, and take it back when it is refunded.

The advertiser's id of the event makes it one, and the step of the decision makes one charge of all
conversions of a click. Everything happens in the caller's transaction. A refund books the exact
inverse of what the conversion cost.
"""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.landing import Landing, landing_of
from adserver.catalog.stops import stops
from adserver.catalog.tables import CampaignRow
from adserver.events.click_rows import decided_of
from adserver.events.click_rules import Decided
from adserver.events.conversion_rules import ClickBefore, ConversionOutcome, Reported, judge
from adserver.events.tables import ConversionRow, InvalidRow, StepRow
from adserver.once import insert_once
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import Conflict, NotFound
from kernel.money import Micros
from ledger import journal
from ledger.charging import WALLET
from ledger.postings import reversal
from ledger.recorded import posting_of
from ledger.rows import insert_missing
from ledger.tables import rows_of
from tollfree_sdk.contract import Step

_CONTENT: Final = ("decision_id", "name", "refunds", "value_micros", "currency")


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a report led to; `repeated` says that it had been reported before."""

    event_id: str
    outcome: ConversionOutcome
    price: Micros | None = None
    repeated: bool = False


async def record_conversion(
    tx: WriteSession, advertiser_id: str, reported: Reported, *, clock: Clock
) -> Conversion:
    """Record it. Raises NotFound for an unknown click, Conflict for a known id with other content."""
    decided = await decided_of(tx, reported.click_id)
    if decided is None or decided.advertiser_id != advertiser_id:
        raise NotFound("There is no such click of yours.", param="click_id")
    row = {
        "advertiser_id": advertiser_id,
        "event_id": reported.event_id,
        "decision_id": reported.click_id,
        "name": reported.name,
        "refunds": reported.refunds,
        "value_micros": reported.value,
        "currency": reported.currency,
        "happened_at": reported.happened_at,
        "at": clock.now(),
        "outcome": ConversionOutcome.UNCONFIRMED,
        "price_micros": None,
    }
    is_new = await insert_once(tx, ConversionRow, row)
    stored = await tx.get_one(
        ConversionRow, (advertiser_id, reported.event_id), with_for_update=True
    )
    if not is_new:
        if stored.outcome != ConversionOutcome.UNCONFIRMED or reported.is_pixel:
            _require_same(stored, row)
            return _told(stored, repeated=True)
        # What the server says stands, whatever a page said under the same name before.
        for name in _CONTENT:
            setattr(stored, name, row[name])
    if reported.refunds is not None:
        await _refund(tx, stored, clock=clock)
    else:
        await _judge(tx, stored, reported, decided, clock=clock)
    return _told(stored)


def _told(row: ConversionRow, *, repeated: bool = False) -> Conversion:
    outcome = ConversionOutcome(row.outcome)
    return Conversion(row.event_id, outcome, row.price_micros, repeated)


def _require_same(stored: ConversionRow, row: dict[str, Any]) -> None:
    # A refund that names no value has taken that of its conversion.
    said = [name for name in _CONTENT if row[name] is not None or not row["refunds"]]
    if any(getattr(stored, name) != row[name] for name in said):
        raise Conflict(
            "This event_id stands for another conversion. Use a new one for a new event.",
            param="event_id",
        )


async def _judge(
    tx: WriteSession, row: ConversionRow, reported: Reported, decided: Decided, *, clock: Clock
) -> None:
    landing = await landing_of(tx, decided.creative_number or 0)
    click = await _click_before(tx, reported.click_id, decided)
    outcome = judge(reported, decided, click, stopped=await _is_stopped(tx, decided, landing))
    if outcome is None and landing is not None:
        outcome = await _charge(tx, reported.click_id, decided, landing, clock=clock)
        row.price_micros = decided.price if outcome is ConversionOutcome.CHARGED else None
    row.outcome = outcome or ConversionOutcome.NO_BUDGET


async def _click_before(
    session: AsyncSession, decision_id: str, decided: Decided
) -> ClickBefore | None:
    step = await session.get(StepRow, (decision_id, Step.CLICK.value))
    if step is None:
        return None
    found = await session.get(InvalidRow, (decision_id, Step.CLICK.value))
    days = await session.scalar(
        sa.select(CampaignRow.attribution_days).where(CampaignRow.id == decided.campaign_id)
    )
    return ClickBefore(step.at, step.unbilled_reason, found is not None, days or 0)


async def _is_stopped(session: AsyncSession, decided: Decided, landing: Landing | None) -> bool:
    reason = (await stops(session)).reason(
        advertiser_id=decided.advertiser_id,
        creative_id=None if landing is None else landing.creative_id,
        app_id=decided.app_id,
    )
    return reason is not None


async def _charge(
    tx: WriteSession, decision_id: str, decided: Decided, landing: Landing, *, clock: Clock
) -> ConversionOutcome:
    if decided.share_bp is None or decided.price is None or decided.advertiser_id is None:
        return ConversionOutcome.NO_PUBLISHER
    step = {
        "decision_id": decision_id,
        "step": Step.CONVERSION.value,
        "at": clock.now(),
        "billable": True,
        "price_micros": decided.price,
        "unbilled_reason": None,
    }
    if not await insert_missing(tx, rows_of(StepRow), [step]):
        # Another conversion of this click has been charged, or is being.
        return ConversionOutcome.COUNTED
    charged = await journal.charge(
        tx,
        key=_key(decision_id),
        payer=decided.advertiser_id,
        limits=landing.limits,
        price=decided.price,
        split=journal.Split(decided.publisher_id, decided.share_bp),
        ref=decision_id,
        clock=clock,
    )
    if isinstance(charged, journal.Charged):
        return ConversionOutcome.CHARGED
    refused = ConversionOutcome.NO_FUNDS if charged.limit == WALLET else ConversionOutcome.NO_BUDGET
    await tx.execute(
        sa.update(StepRow)
        .where(StepRow.decision_id == decision_id, StepRow.step == Step.CONVERSION.value)
        .values(billable=False, price_micros=None, unbilled_reason=refused.value)
    )
    return refused


async def _refund(tx: WriteSession, row: ConversionRow, *, clock: Clock) -> None:
    original = await tx.get(ConversionRow, (row.advertiser_id, row.refunds), with_for_update=True)
    if original is None or original.refunds is not None:
        raise NotFound("There is no such conversion to refund.", param="refund_of")
    if original.decision_id != row.decision_id:
        raise Conflict("That conversion belongs to another click.", param="refund_of")
    row.outcome = ConversionOutcome.REFUNDED
    if row.value_micros is None:
        row.value_micros, row.currency = original.value_micros, original.currency
    if original.outcome != ConversionOutcome.CHARGED:
        return
    booked = await posting_of(tx, _key(row.decision_id))
    assert booked is not None, "A charged conversion is not in the ledger."
    # The key is the charge's: two refunds of one conversion give its money back once.
    await journal.post(tx, reversal(booked, f"undo:{booked.key}"), clock=clock)
    row.price_micros = original.price_micros


def _key(decision_id: str) -> str:
    return f"conversion:{decision_id}"
