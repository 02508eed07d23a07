"""Money is never a float: not in the ledger, not in events, not in reports, not at the till.

Durations and relevance may be, and what is exact (Decimal); they are told by the words on their lines.
"""

import ast
import re
from pathlib import Path

from tests.architecture.source_tree import ROOT, shown

COUNTS_MONEY = ("ledger", "adserver/events", "adserver/reports", "advertiser_portal/billing")
_NO_MONEY = re.compile(
    r"_s\b|_S\b|_ms\b|_MS\b|seconds|timeout|sleep\(|relevance|from_score|\.share\(|Decimal\(|isinstance\(|ShownAd\("
)


def _files() -> list[Path]:
    found = [path for folder in COUNTS_MONEY for path in (ROOT / folder).rglob("*.py")]
    return [ROOT / "kernel" / "money.py", *found]


def _floats(source: str) -> list[int]:
    lines = source.splitlines()
    return sorted(
        {
            node.lineno
            for node in ast.walk(ast.parse(source))
            if (
                (isinstance(node, ast.Constant) and isinstance(node.value, float))
                or (isinstance(node, ast.Name) and node.id in {"float", "round"})
                or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
            )
            and not _NO_MONEY.search(lines[node.lineno - 1])
        }
    )


def test_no_line_that_could_be_money_holds_a_float() -> None:
    found = {
        f"{shown(path)}:{line}"
        for path in _files()
        for line in _floats(path.read_text(encoding="utf-8"))
    }

    assert found == set()


def test_the_rule_sees_what_it_is_there_for() -> None:
    bad = "price = 0.35\nshare = price * 7 / 10\ncents = round(share)\npause_s = 0.25\n"

    assert _floats(bad) == [1, 2, 3]
