"""The rows of impressions that are paid for: the step, its price, and the lease that paid.

The step's primary key decides which of many reports of a view is the one that counts, in the
transaction in which its lease is reported.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adserver.events.click_rules import Unbilled
from adserver.events.tables import StepRow
from kernel.database import WriteSession
from kernel.money import ZERO, Micros
from ledger.charging import LimitKey, Split
from ledger.rows import insert_missing, insert_uniform, is_among
from ledger.tables import rows_of
from tollfree_sdk.contract import Step


@dataclass(frozen=True, slots=True)
class View:
    """A viewable impression of a campaign that pays for those, at the price of its decision."""

    decision_id: str
    campaign_id: str
    payer: str
    limits: tuple[LimitKey, ...]
    price: Micros
    split: Split


async def write_billed(
    tx: WriteSession, views: Sequence[View], *, paid_by: str, at: datetime
) -> tuple[set[str], dict[str, tuple[Micros, Micros]]]:
    """Record views as billed.

    Returns those that were known before, and what the others cost and earn, by publisher: each view
    is shared by itself, so that one of them can be taken back exactly.
    """
    known = await _known(tx, views)
    fresh = [view for view in views if view.decision_id not in known]
    columns: dict[str, list[Any]] = {
        "decision_id": [view.decision_id for view in fresh],
        "price_micros": [view.price.amount for view in fresh],
    }
    same = _step(at) | {"billable": True, "unbilled_reason": None, "paid_by": paid_by}
    # Of two processes that come with the same view, the second fails here, whole, and tries again.
    await insert_uniform(tx, rows_of(StepRow), columns, same)
    counted = Counter((view.split, view.price) for view in fresh)
    spent: dict[str, tuple[Micros, Micros]] = {}
    for (split, price), count in counted.items():
        cost, earned = spent.get(split.publisher_id, (ZERO, ZERO))
        spent[split.publisher_id] = (
            cost + price * count,
            earned + price.share(split.share_bp) * count,
        )
    return known, spent


async def write_unbilled(
    tx: WriteSession, views: Sequence[View], *, reason: Unbilled, at: datetime
) -> None:
    """Record views that nobody pays for, with the reason."""
    rows: list[dict[str, Any]] = [
        {"decision_id": view.decision_id, "price_micros": None}
        | _step(at)
        | {"billable": False, "unbilled_reason": reason.value, "paid_by": None}
        for view in sorted(views, key=lambda view: view.decision_id)
    ]
    await insert_missing(tx, rows_of(StepRow), rows)


def price_of_all(views: Sequence[View]) -> Micros:
    """What the views cost together."""
    return sum((view.price for view in views), start=ZERO)


async def _known(tx: WriteSession, views: Sequence[View]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(views), 5_000):
        some = [view.decision_id for view in views[start : start + 5_000]]
        rows = await tx.scalars(
            sa.select(StepRow.decision_id).where(
                is_among(tx, StepRow.decision_id, some), StepRow.step == Step.VIEWABLE.value
            )
        )
        found.update(rows)
    return found


def _step(at: datetime) -> dict[str, Any]:
    return {"step": Step.VIEWABLE.value, "at": at}
