"""``tollfree ledger verify``: says whether the books hold, and fails at a violation."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.rig.programs import command


def test_books_that_hold_are_told_so(tmp_path: Path) -> None:
    command("migrate", "--data", "d", cwd=tmp_path)

    answered = command("ledger", "verify", "--data", "d", cwd=tmp_path)

    assert (answered.returncode, answered.stdout) == (0, "✓ The books hold.\n")


def test_money_that_no_entry_explains_fails_and_is_named(tmp_path: Path) -> None:
    command("migrate", "--data", "d", cwd=tmp_path)
    with closing(sqlite3.connect(tmp_path / "d" / "tollfree.db")) as database, database:
        database.execute(
            "INSERT INTO ledger_account (code, currency, side, no_negative, debits_posted,"
            " credits_posted, debits_pending, credits_pending, version)"
            " VALUES ('adv:adv_1:cash', 'USD', 'credit', 1, 0, 5, 0, 0, 0)"
        )

    answered = command("ledger", "verify", "--data", "d", cwd=tmp_path)
    as_json = command("ledger", "verify", "--data", "d", "--json", cwd=tmp_path)

    assert answered.returncode == as_json.returncode == 1
    assert answered.stdout.startswith("✗ columns_equal_entries: adv:adv_1:cash")
    found = json.loads(as_json.stdout)
    assert not found["holds"]
    assert [one["rule"] for one in found["violations"]] == ["columns_equal_entries"]


def test_a_database_that_does_not_answer_is_not_taken_for_books_that_hold(tmp_path: Path) -> None:
    answered = command(
        "ledger", "verify", cwd=tmp_path, DATABASE_URL="postgresql://x:geheim@127.0.0.1:9/none"
    )

    assert answered.returncode == 2
    assert "geheim" not in answered.stderr + answered.stdout
