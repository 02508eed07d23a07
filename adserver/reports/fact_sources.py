"""Where facts come from: four looks at the events and the ledger, each grouped by everything.

Each source adds its part of one slot to `Facts`. Nothing is estimated and nothing is rounded: the
publisher's part of a charge for many deliveries is shared out so that the parts add up to it.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.events.click_rules import INVALID
from adserver.events.conversion_rules import COUNTING, ConversionOutcome
from adserver.events.tables import ConversionRow, DecisionRow, InvalidRow, StepRow
from adserver.reports.numbers import Numbers
from kernel.money import Micros
from ledger.tables import LedgerAccount, LedgerEntry, LedgerGroup
from tollfree_sdk.contract import Step


class FactKey(NamedTuple):
    """Everything that a fact is about; what is unknown is empty, a version is 0."""

    advertiser_id: str
    publisher_id: str
    campaign_id: str
    creative_id: str
    creative_version: int
    app_id: str
    topic: str
    country: str
    format: str


Facts = defaultdict[FactKey, Numbers]
Source = Callable[[AsyncSession, "Facts", datetime, datetime], Awaitable[None]]

_COUNTING: Final = sorted({*COUNTING, ConversionOutcome.REFUNDED})
LEASE_PREFIX: Final = "lse_"
_KEYS: Final = [
    sa.func.coalesce(getattr(DecisionRow, name), 0 if name == "creative_version" else "").label(
        name
    )
    for name in FactKey._fields
]
_DISTINCT: Final = [getattr(DecisionRow, name) for name in FactKey._fields]


def facts() -> "Facts":
    """Nothing, yet."""
    return defaultdict(Numbers)


async def _steps(session: AsyncSession, facts: Facts, start: datetime, end: datetime) -> None:
    clicked = StepRow.step == Step.CLICK.value
    invalid = clicked & StepRow.unbilled_reason.in_(sorted(INVALID))
    counts = {
        "delivered": StepRow.step == Step.DELIVERED.value,
        "rendered": StepRow.step == Step.RENDERED.value,
        "viewable": StepRow.step == Step.VIEWABLE.value,
        "clicks": clicked,
        "billed": clicked & StepRow.billable,
        "invalid": invalid,
    }
    rows = await session.execute(
        sa.select(
            *_KEYS,
            *(sa.func.count(sa.case((which, 1))).label(name) for name, which in counts.items()),
        )
        .join(DecisionRow, DecisionRow.id == StepRow.decision_id)
        .where(StepRow.at >= start, StepRow.at < end, DecisionRow.test.is_(sa.false()))
        .group_by(*_DISTINCT)
    )
    for row in rows:
        facts[_key(row)] += Numbers(**{name: getattr(row, name) for name in counts})


async def _found_out(session: AsyncSession, facts: Facts, start: datetime, end: datetime) -> None:
    rows = await session.execute(
        sa.select(*_KEYS, sa.func.count().label("found"))
        .join(InvalidRow, InvalidRow.decision_id == DecisionRow.id)
        .where(InvalidRow.at >= start, InvalidRow.at < end)
        .group_by(*_DISTINCT)
    )
    for row in rows:
        facts[_key(row)] += Numbers(invalid=row.found)


async def _conversions(session: AsyncSession, facts: Facts, start: datetime, end: datetime) -> None:
    value = sa.type_coerce(ConversionRow.value_micros, sa.BigInteger)
    refunds = ConversionRow.refunds.is_not(None)
    rows = await session.execute(
        sa.select(
            *_KEYS,
            sa.func.count(sa.case((~refunds, 1))).label("conversions"),
            sa.func.coalesce(sa.func.sum(sa.case((refunds, -value), else_=value)), 0).label(
                "value"
            ),
        )
        .join(ConversionRow, ConversionRow.decision_id == DecisionRow.id)
        .where(
            ConversionRow.outcome.in_(_COUNTING),
            ConversionRow.at >= start,
            ConversionRow.at < end,
            DecisionRow.test.is_(sa.false()),
        )
        .group_by(*_DISTINCT)
    )
    for row in rows:
        facts[_key(row)] += Numbers(conversions=row.conversions, value=Micros(int(row.value)))


async def _charges(session: AsyncSession, facts: Facts, start: datetime, end: datetime) -> None:
    amount = sa.func.sum(sa.type_coerce(LedgerEntry.amount, sa.BigInteger)).label("amount")
    rows = await session.execute(
        _booked(start, end, *_KEYS, amount)
        .outerjoin(DecisionRow, DecisionRow.id == LedgerGroup.ref_id)
        .where(LedgerGroup.ref_id.not_like(f"{LEASE_PREFIX}%"))
        .group_by(*_DISTINCT, LedgerGroup.kind, LedgerEntry.side, LedgerAccount.code)
    )
    for row in rows:
        key = _key(row)
        if not key.advertiser_id and row.code.startswith("adv:"):
            key = key._replace(advertiser_id=row.code.split(":")[1])
        facts[key] += _money(row.kind, row.side, row.code, Micros(int(row.amount)))


async def _leases(session: AsyncSession, facts: Facts, start: datetime, end: datetime) -> None:
    amount = sa.func.sum(sa.type_coerce(LedgerEntry.amount, sa.BigInteger)).label("amount")
    booked = await session.execute(
        _booked(start, end, LedgerGroup.ref_id, amount)
        .where(LedgerGroup.ref_id.like(f"{LEASE_PREFIX}%"))
        .group_by(LedgerGroup.ref_id, LedgerGroup.kind, LedgerEntry.side, LedgerAccount.code)
    )
    totals: defaultdict[tuple[str, str], Numbers] = defaultdict(Numbers)
    for row in booked:
        totals[row.ref_id, row.kind] += _money(
            row.kind, row.side, row.code, Micros(int(row.amount))
        )
    shares = await _shares(session, {lease for lease, _ in totals})
    for (lease, kind), whole in totals.items():
        for key, numbers in _shared_out(whole, shares.get((lease, kind), {})).items():
            facts[key] += numbers


async def _shares(
    session: AsyncSession, leases: set[str]
) -> dict[tuple[str, str], dict[FactKey, int]]:
    """What each combination cost of a lease, and what of it was given back."""
    found: defaultdict[tuple[str, str], dict[FactKey, int]] = defaultdict(dict)
    price = sa.func.sum(sa.type_coerce(StepRow.price_micros, sa.BigInteger)).label("price")
    credited = sa.func.coalesce(
        sa.func.sum(sa.type_coerce(InvalidRow.credited_micros, sa.BigInteger)), 0
    ).label("credited")
    rows = await session.execute(
        sa.select(StepRow.paid_by, *_KEYS, price, credited)
        .join(DecisionRow, DecisionRow.id == StepRow.decision_id)
        .outerjoin(
            InvalidRow,
            (InvalidRow.decision_id == StepRow.decision_id) & (InvalidRow.step == StepRow.step),
        )
        .where(StepRow.paid_by.in_(sorted(leases)))
        .group_by(StepRow.paid_by, *_DISTINCT)
    )
    for row in rows:
        found[row.paid_by, "charge"][_key(row)] = int(row.price)
        if row.credited:
            found[row.paid_by, "reversal"][_key(row)] = int(row.credited)
    return found


def _shared_out(whole: Numbers, parts: dict[FactKey, int]) -> dict[FactKey, Numbers]:
    """`whole` by its parts; running sums, so that roundings cannot add up to anything."""
    total = sum(parts.values())
    moved = whole.spend or whole.credited
    shared, seen, paid, earned = {}, 0, 0, 0
    for key, part in sorted(parts.items()):
        seen += part
        paid_up_to = moved.amount * seen // total
        earned_up_to = whole.earned.amount * seen // total
        paid, own = paid_up_to, Micros(paid_up_to - paid)
        earned, theirs = earned_up_to, Micros(earned_up_to - earned)
        shared[key] = (
            Numbers(spend=own, earned=theirs)
            if whole.spend
            else Numbers(credited=own, earned=theirs)
        )
    return shared


def _booked(start: datetime, end: datetime, *columns: Any) -> sa.Select[Any]:
    return (
        sa.select(LedgerGroup.kind, LedgerEntry.side, LedgerAccount.code, *columns)
        .select_from(LedgerGroup)
        .join(LedgerEntry, LedgerEntry.group_id == LedgerGroup.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(
            LedgerGroup.created_at >= start,
            LedgerGroup.created_at < end,
            LedgerGroup.kind.in_(("charge", "reversal")),
            LedgerGroup.ref_type == "decision",
            LedgerEntry.phase == "posted",
            LedgerAccount.code.like("adv:%") | LedgerAccount.code.like("pub:%:accruing"),
        )
    )


def _money(kind: str, side: str, code: str, amount: Micros) -> Numbers:
    if code.startswith("pub:"):
        return Numbers(earned=amount if side == "credit" else -amount)
    return Numbers(spend=amount) if kind == "charge" else Numbers(credited=amount)


def _key(row: Any) -> FactKey:
    return FactKey(*(getattr(row, name) for name in FactKey._fields))


SOURCES: Final[tuple[Source, ...]] = (_steps, _found_out, _conversions, _charges, _leases)
