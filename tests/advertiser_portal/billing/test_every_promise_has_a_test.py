"""Our list of what goes wrong with payments in public code: every item has a test that names it."""

import ast
import re
from pathlib import Path

# keys · events · top-ups · automatic recharge · disputes · refunds · tax and papers · publishers ·
# reconciliation
ITEMS = (
    "k1 k2 k3 k4 k5 w1 w2 w3 w4 w5 w6 w7 t1 t2 t3 t4 a1 a2 a3 a4 a5 d1 d2 d3 d4 r1 r2 x1 x2 "
    "c1 c2 c3 c4 c5 c6 z1 z2 z3"
).split()


def _tested() -> set[str]:
    found: set[str] = set()
    for path in Path(__file__).parent.glob("test_promises_of_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found |= set(re.findall(r"^test_([a-z]\d)_", node.name))
    return found


def test_each_item_is_tested_by_name() -> None:
    assert _tested() == set(ITEMS)
