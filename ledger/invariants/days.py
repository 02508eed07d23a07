"""Rules about closed days: statements join without a gap, say what was booked, and are sealed."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kernel.money import ZERO, Micros
from ledger.closed_days import FIRST_LINK, digest_of_day, movements
from ledger.invariants.violation import Violation
from ledger.tables import LedgerAccount, LedgerDay, LedgerSeal


async def the_chain_of_days_is_unbroken(session: AsyncSession) -> list[Violation]:
    found, previous = [], FIRST_LINK
    for seal in await session.scalars(sa.select(LedgerSeal).order_by(LedgerSeal.day)):
        groups, digest = await digest_of_day(session, seal.day, previous)
        if (seal.previous, seal.groups, seal.digest) != (previous, groups, digest):
            said = f"sealed {seal.groups} groups, counted {groups}"
            found.append(Violation("chain", f"{seal.day}", said))
        previous = seal.digest
    return found


async def statements_join_and_say_what_was_booked(session: AsyncSession) -> list[Violation]:
    found = []
    stood: dict[int, Micros] = {}
    rows = await session.execute(
        sa.select(LedgerDay, LedgerAccount.code, LedgerAccount.side)
        .join(LedgerAccount, LedgerAccount.id == LedgerDay.account_id)
        .order_by(LedgerDay.day, LedgerDay.account_id)
    )
    moved: dict[object, dict[int, tuple[str, Micros, Micros]]] = {}
    for said, code, side in rows:
        if said.day not in moved:
            moved = {said.day: await movements(session, said.day)}
        booked = moved[said.day].get(said.account_id, (side, ZERO, ZERO))[1:]
        grew = said.credits_micros - said.debits_micros
        closing = said.opening_micros + (grew if side == "credit" else -grew)
        joins = said.opening_micros == stood.get(said.account_id, ZERO)
        adds_up = closing == said.closing_micros
        if not joins or not adds_up or booked != (said.debits_micros, said.credits_micros):
            found.append(Violation("statement", f"{code} on {said.day}", "does not join or add up"))
        stood[said.account_id] = said.closing_micros
    return found
