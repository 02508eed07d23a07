"""Our own source files, as the architecture tests see them."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "kernel ledger language adserver api web advertiser_portal operator_console tollfree "
    "sdk/python/tollfree_sdk alembic bench deploy tests"
).split()


@functools.cache
def python_files(*packages: str) -> tuple[Path, ...]:
    """All Python files of these packages (all packages by default), in order."""
    found = [
        path
        for package in packages or PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "node_modules" not in path.parts
    ]
    assert found
    return tuple(found)


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))
