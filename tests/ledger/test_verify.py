"""The checker finds what it exists to find: each way of breaking the books is reported."""

from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from ledger import journal
from ledger.append_only import APPEND_ONLY
from ledger.charging import Charge, LimitKey, Split
from ledger.postings import Leg, Posting, reversal
from ledger.settlement import settle
from ledger.verify import verify

Fund = Callable[[str, int], Awaitable[None]]
Allow = Callable[[str, int], Awaitable[LimitKey]]

_CASH = "(SELECT id FROM ledger_account WHERE code = 'adv:adv_1:cash')"
_EARNED = "(SELECT id FROM ledger_account WHERE code = 'pub:zero:accruing')"
_GROUP = "ledger_group WHERE idempotency_key = 'click:1'"
_CHARGE = "(SELECT id FROM ledger_group WHERE idempotency_key = 'click:1')"

# One statement that someone with the keys to the database might run, and the rule that sees it.
MUTANTS = {
    "an entry is made larger": (
        f"UPDATE ledger_entry SET amount = amount + 1 WHERE account_id = {_EARNED}",
        "sums_to_zero",
    ),
    "an entry is lost": (f"DELETE FROM ledger_entry WHERE account_id = {_EARNED}", "sums_to_zero"),
    "an entry is turned around": (
        f"UPDATE ledger_entry SET side = 'debit' WHERE account_id = {_EARNED}",
        "charge_shape",
    ),
    "a wallet is topped up by hand": (
        f"UPDATE ledger_account SET credits_posted = credits_posted + 5 WHERE id = {_CASH}",
        "columns_equal_entries",
    ),
    "a publisher's balance is raised by hand": (
        f"UPDATE ledger_account SET credits_posted = credits_posted + 1 WHERE id = {_EARNED}",
        "columns_equal_entries",
    ),
    "what waits for settlement is lost": (
        f"DELETE FROM ledger_unsettled WHERE account_id = {_EARNED}",
        "columns_equal_entries",
    ),
    "money is held that no entry holds": (
        f"UPDATE ledger_account SET debits_pending = 1 WHERE id = {_CASH}",
        "columns_equal_entries",
    ),
    "a budget is leased that no hold holds": (
        "UPDATE spend_limit SET leased_micros = 1",
        "limit_counts_leases",
    ),
    "a balance in the history is wrong": (
        f"UPDATE ledger_entry SET balance_after = balance_after + 1 WHERE account_id = {_CASH}",
        "history",
    ),
    "a version in the history is missing": (
        f"UPDATE ledger_entry SET account_version = account_version + 1 WHERE account_id = {_CASH}",
        "history",
    ),
    "a wallet was below zero for a while": (
        f"UPDATE ledger_entry SET balance_after = -1 WHERE account_id = {_CASH}",
        "overdrawn",
    ),
    "spend is forgotten": ("UPDATE spend_limit SET spent_micros = 0", "limit_counts_charges"),
    "a limit is lowered below what was charged": (
        "UPDATE spend_limit SET spent_micros = 0, limit_micros = 1",
        "overspent",
    ),
    "a charge no longer says what it drew from": (
        f"UPDATE ledger_group SET drawn_from = NULL WHERE id = {_CHARGE}",
        "limit_counts_charges",
    ),
    "a charge is called refused": (
        f"UPDATE ledger_group SET refused_by = 'wallet' WHERE id = {_CHARGE}",
        "refused_moves_nothing",
    ),
    "a hold that never was is resolved": (
        f"INSERT INTO ledger_resolution SELECT id, 'posted', 1, created_at FROM {_GROUP}",
        "resolved_within_pending",
    ),
}


@pytest.fixture
async def books(database: Database, clock: FrozenClock, fund: Fund, allow: Allow) -> Database:
    """Three charges, one of them refused and one settled, with the triggers taken off."""
    await fund("adv_1", 800)
    limit = await allow("cmp_1", 1_000)
    for number in (1, 2, 3):
        asked = Charge(
            key=f"click:{number}",
            payer="adv_1",
            limits=(limit,),
            price=Micros(300),
            split=Split("zero", 7_000),
            ref=f"dec_{number}",
        )
        async with database.writing() as tx:
            await journal.charge_many(tx, [asked], clock=clock)
        if number == 1:
            async with database.writing() as tx:
                await settle(tx, clock=clock)
    async with database.writing() as tx:
        for statement in _without_triggers(database):
            await tx.execute(sa.text(statement))
    return database


def _without_triggers(database: Database) -> list[str]:
    if database.is_sqlite:
        return [
            f"DROP TRIGGER {table}_no_{act}"
            for table in APPEND_ONLY
            for act in ("update", "delete")
        ]
    return [f"DROP TRIGGER {table}_no_change ON {table}" for table in APPEND_ONLY]


async def test_sound_books_have_no_violations(books: Database) -> None:
    async with books.reading() as session:
        assert await verify(session) == []


@pytest.mark.parametrize("mutant", MUTANTS)
async def test_broken_books_are_reported(mutant: str, books: Database) -> None:
    statement, rule = MUTANTS[mutant]
    async with books.writing() as tx:
        await tx.execute(sa.text(statement))

    async with books.reading() as session:
        rules = {violation.rule for violation in await verify(session)}

    assert rule in rules


async def test_undoing_a_charge_twice_is_reported(books: Database, clock: FrozenClock) -> None:
    charge = Charge("click:1", "adv_1", (), Micros(300), Split("zero", 7_000), "dec_1").posting()
    for key in ("undo:1", "undo:again"):
        async with books.writing() as tx:
            await journal.post(tx, reversal(charge, key), clock=clock)

    async with books.reading() as session:
        rules = [violation.rule for violation in await verify(session)]

    assert set(rules) == {"reversed_within_booked"}


async def test_money_that_nobody_can_explain_is_reported(
    books: Database, clock: FrozenClock
) -> None:
    legs = (Leg("suspense", "debit", Micros(1)), Leg("stripe_clearing", "credit", Micros(1)))
    async with books.writing() as tx:
        await journal.post(tx, Posting("correction", "c", "", "", legs), clock=clock)

    async with books.reading() as session:
        violations = await verify(session)

    assert [(one.rule, one.detail) for one in violations] == [("suspense_empty", "holds 1")]
