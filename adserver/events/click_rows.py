"""The rows of clicks: what is known of their decisions, the steps, and the charges beside them.

Clicks are written many at a time. The step's primary key decides which of many clicks is the one
that counts. It is taken before the charge and in the same transaction, so that a second click waits
for the first and then sees it; of two in one batch the earlier one counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.landing import Landing
from adserver.catalog.tables import PublisherRow
from adserver.events.click_rules import Decided, Unbilled, why_unbilled
from adserver.events.tables import DecisionRow, RefusedVisitRow, StepRow
from adserver.events.tokens import ClickToken
from adserver.once import insert_once
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import Conflict
from ledger import journal
from ledger.charging import WALLET
from ledger.rows import among, insert_missing, update_each
from ledger.tables import rows_of
from tollfree_sdk.contract import Step

ALREADY_COUNTED = "already_counted"

_steps: Final = rows_of(StepRow)
_DECIDED: Final = (
    sa.select(
        DecisionRow.id,
        DecisionRow.publisher_id,
        DecisionRow.advertiser_id,
        DecisionRow.campaign_id,
        DecisionRow.creative_number,
        DecisionRow.test,
        DecisionRow.price_micros,
        StepRow.at,
        DecisionRow.app_id,
        DecisionRow.bid_type,
        PublisherRow.share_bp,
    )
    .outerjoin(PublisherRow, PublisherRow.id == DecisionRow.publisher_id)
    .outerjoin(
        StepRow, (StepRow.decision_id == DecisionRow.id) & (StepRow.step == Step.DELIVERED.value)
    )
)


@dataclass(frozen=True, slots=True)
class Click:
    """A click as it came: the token, where its creative leads now, and what was decided."""

    token: ClickToken
    landing: Landing
    decided: Decided | None
    suspicion: Unbilled | None = None

    @property
    def decision_id(self) -> str:
        return self.token.decision_id


async def decided_of(session: AsyncSession, decision_id: str) -> Decided | None:
    """What is durable of one decision and its delivery."""
    return (await decided_of_each(session, [decision_id])).get(decision_id)


async def decided_of_each(session: AsyncSession, decision_ids: Sequence[str]) -> dict[str, Decided]:
    """What is durable of decisions and their deliveries, by decision."""
    wanted = sorted(set(decision_ids))
    query, given = among(session, _DECIDED, DecisionRow.id, wanted)
    found = await session.execute(query, given)
    return {decision: Decided(*known) for decision, *known in found}


async def write_clicks(tx: WriteSession, clicks: Sequence[Click], *, clock: Clock) -> list[str]:
    """Record the clicks and charge for them; for each why it is not billed, or nothing."""
    first = _first_of_each_decision(clicks)
    reasons = {decision: _why_unbilled(click, at=clock.now()) for decision, click in first.items()}
    taken = await _take_the_steps(tx, first, reasons, at=clock.now())
    billable = [first[decision] for decision in sorted(taken) if reasons[decision] is None]
    refused = await _charge(tx, billable, clock=clock)
    await _mark_unbilled(tx, refused)
    told = {decision: refused.get(decision) or reasons[decision] or "" for decision in taken}
    return [
        str(told[click.decision_id])
        if click is first[click.decision_id] and click.decision_id in taken
        else ALREADY_COUNTED
        for click in clicks
    ]


async def note_visit(tx: WriteSession, decision_id: str, reason: str, *, at: datetime) -> None:
    """Note a visit that does not count as the click."""
    row = {"decision_id": decision_id, "reason": reason, "at": at}
    await insert_once(tx, RefusedVisitRow, row)


def _why_unbilled(click: Click, *, at: datetime) -> Unbilled | None:
    reason = why_unbilled(click.decided, click.landing, at=at)
    if reason in {None, Unbilled.PAID_BY_CONVERSION}:
        # A conversion is owed only after a click that would have been worth money itself.
        return click.suspicion or reason
    return reason


def _first_of_each_decision(clicks: Sequence[Click]) -> dict[str, Click]:
    first: dict[str, Click] = {}
    for click in clicks:
        first.setdefault(click.decision_id, click)
    return first


async def _take_the_steps(
    tx: WriteSession,
    clicks: Mapping[str, Click],
    reasons: Mapping[str, Unbilled | None],
    *,
    at: datetime,
) -> set[str]:
    # Sorted, so that two batches that share clicks wait for each other in one order.
    rows = [_step_row(clicks[decision], reasons[decision], at) for decision in sorted(clicks)]
    return {row.decision_id for row in await insert_missing(tx, _steps, rows)}


def _step_row(click: Click, unbilled: Unbilled | None, at: datetime) -> dict[str, Any]:
    billable = unbilled is None and click.decided is not None
    return {
        "decision_id": click.decision_id,
        "step": Step.CLICK.value,
        "at": at,
        "billable": billable,
        "price_micros": click.decided.price if click.decided is not None and billable else None,
        "unbilled_reason": None if unbilled is None else unbilled.value,
    }


async def _charge(
    tx: WriteSession, clicks: Sequence[Click], *, clock: Clock
) -> dict[str, Unbilled]:
    """Charge for billable clicks; the reasons of those that were refused, by decision."""
    charges, refused = [], dict[str, Unbilled]()
    for click in clicks:
        charge = _charge_for(click)
        if charge is None:
            refused[click.decision_id] = Unbilled.NO_PUBLISHER
        else:
            charges.append(charge)
    outcomes = await journal.charge_many(tx, charges, clock=clock)
    for charge, outcome in zip(charges, outcomes, strict=True):
        reason = _why_refused(outcome)
        if reason is not None:
            refused[charge.ref] = reason
    return refused


def _charge_for(click: Click) -> journal.Charge | None:
    decided = click.decided
    if decided is None or decided.price is None or decided.share_bp is None:
        return None
    return journal.Charge(
        key=f"click:{click.decision_id}",
        payer=click.landing.advertiser_id,
        limits=click.landing.limits,
        price=decided.price,
        split=journal.Split(decided.publisher_id, decided.share_bp),
        ref=click.decision_id,
    )


def _why_refused(outcome: journal.Outcome) -> Unbilled | None:
    if isinstance(outcome, journal.Charged):
        return None
    if isinstance(outcome, Conflict):
        return Unbilled.CONFLICT
    return Unbilled.NO_FUNDS if outcome.limit == WALLET else Unbilled.NO_BUDGET


async def _mark_unbilled(tx: WriteSession, refused: Mapping[str, Unbilled]) -> None:
    rows = [{"decision": one, "reason": refused[one].value} for one in sorted(refused)]
    assert await update_each(tx, _UNBILLED, rows), "A step changed while it was written."


_UNBILLED: Final = (
    sa.update(_steps)
    .where(_steps.c.decision_id == sa.bindparam("decision"), _steps.c.step == Step.CLICK.value)
    .values(billable=False, price_micros=None, unbilled_reason=sa.bindparam("reason"))
)
