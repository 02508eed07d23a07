"""The rows of a click: what is known of its decision, the step, and the charge beside it.

The step's primary key decides which of many clicks is the one that counts. It is taken before the
charge and in the same transaction, so that a second click waits for the first and then sees it.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.landing import Landing
from adserver.catalog.queries import publisher
from adserver.events.click_rules import Decided, Unbilled, why_unbilled
from adserver.events.tables import DecisionRow, RefusedVisitRow, StepRow
from adserver.events.tokens import ClickToken
from adserver.once import insert_once
from kernel.clock import Clock
from kernel.database import WriteSession
from ledger import journal
from ledger.charging import WALLET
from tollfree_sdk.contract import Step

ALREADY_COUNTED = "already_counted"


async def decided_of(session: AsyncSession, decision_id: str) -> Decided | None:
    """What is durable of a decision and its delivery."""
    found = await session.execute(
        sa.select(
            DecisionRow.publisher_id,
            DecisionRow.advertiser_id,
            DecisionRow.campaign_id,
            DecisionRow.creative_number,
            DecisionRow.test,
            DecisionRow.price_micros,
            StepRow.at,
        )
        .outerjoin(
            StepRow,
            (StepRow.decision_id == DecisionRow.id) & (StepRow.step == Step.DELIVERED.value),
        )
        .where(DecisionRow.id == decision_id)
    )
    row = found.one_or_none()
    return None if row is None else Decided(*row)


async def write_click(
    tx: WriteSession,
    click: ClickToken,
    landing: Landing,
    decided: Decided | None,
    *,
    clock: Clock,
) -> str:
    """Record the click and charge for it; the reason when it is not billed, else empty."""
    unbilled = why_unbilled(decided, landing, at=clock.now())
    if not await _take_the_step(tx, click, decided, unbilled, at=clock.now()):
        return ALREADY_COUNTED
    if unbilled is not None or decided is None:
        return unbilled or Unbilled.NOT_DURABLE
    refused = await _charge(tx, click, landing, decided, clock=clock)
    if refused is None:
        return ""
    await tx.execute(
        sa.update(StepRow)
        .where(StepRow.decision_id == click.decision_id, StepRow.step == Step.CLICK.value)
        .values(billable=False, price_micros=None, unbilled_reason=refused.value)
    )
    return refused


async def note_visit(tx: WriteSession, decision_id: str, reason: str, *, at: datetime) -> None:
    """Note a visit that does not count as the click."""
    row = {"decision_id": decision_id, "reason": reason, "at": at}
    await insert_once(tx, RefusedVisitRow, row)


async def _take_the_step(
    tx: WriteSession,
    click: ClickToken,
    decided: Decided | None,
    unbilled: Unbilled | None,
    *,
    at: datetime,
) -> bool:
    billable = unbilled is None and decided is not None
    row = {
        "decision_id": click.decision_id,
        "step": Step.CLICK.value,
        "at": at,
        "billable": billable,
        "price_micros": decided.price if decided is not None and billable else None,
        "unbilled_reason": None if unbilled is None else unbilled.value,
    }
    return await insert_once(tx, StepRow, row)


async def _charge(
    tx: WriteSession, click: ClickToken, landing: Landing, decided: Decided, *, clock: Clock
) -> Unbilled | None:
    earner = await publisher(tx, decided.publisher_id)
    if earner is None or decided.price is None:
        return Unbilled.NO_PUBLISHER
    outcome = await journal.charge(
        tx,
        key=f"click:{click.decision_id}",
        payer=landing.advertiser_id,
        limits=landing.limits,
        price=decided.price,
        split=journal.Split(earner.publisher_id, earner.share_bp),
        ref=click.decision_id,
        clock=clock,
    )
    if isinstance(outcome, journal.Charged):
        return None
    return Unbilled.NO_FUNDS if outcome.limit == WALLET else Unbilled.NO_BUDGET
