"""Check the books against themselves.

Every rule is a fold over entries that the journal wrote and that nothing can change, so a broken
column, a doubled charge or a hand in the tables shows up as a violation. Reads only; run it after
tests, in `doctor`, and as a scheduled job. It reports all it finds and mends nothing.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from ledger.invariants import balances, days, groups
from ledger.invariants.violation import Violation

__all__ = ["Violation", "verify"]


async def verify(session: AsyncSession) -> list[Violation]:
    """Every violation of every rule; an empty list means that the books are right."""
    found: list[Violation] = []
    for rule in (
        groups.groups_add_up_to_zero,
        groups.refused_charges_move_nothing,
        groups.charges_go_from_advertisers_to_publishers_and_us,
        balances.columns_equal_entries,
        balances.histories_are_unbroken,
        balances.nothing_is_overdrawn,
        balances.limits_hold_what_was_charged,
        groups.resolutions_stay_within_what_was_pending,
        groups.reversals_stay_within_what_was_booked,
        balances.suspense_is_empty,
        days.statements_join_and_say_what_was_booked,
        days.the_chain_of_days_is_unbroken,
    ):
        found += await rule(session)
    return found
