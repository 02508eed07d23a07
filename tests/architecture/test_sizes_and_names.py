"""Files and functions stay small, and modules are named for what they own."""

import ast
import re

from tests.architecture.source_tree import ROOT, functions_of, python_files, shown, tree_of

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60
FORBIDDEN_NAMES = {"utils", "util", "helpers", "common", "misc", "manager", "managers"} | {
    "base",
    "service",
    "services",
}

# Longer than the rule, each with the reason why a cut would make it worse.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def test_no_file_is_longer_than_300_lines() -> None:
    long = {
        shown(path): lines
        for path in python_files()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_FILE_LINES
        and shown(path) not in LONG_FILES
    }
    assert long == {}


def test_no_function_is_longer_than_60_lines() -> None:
    long = {
        name: lines
        for path in python_files()
        for function in functions_of(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION_LINES
        and (name := f"{shown(path)}:{function.name}") not in LONG_FUNCTIONS
    }
    assert long == {}


def test_every_exception_to_a_size_is_still_needed() -> None:
    for name in LONG_FILES:
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) > MAX_FILE_LINES


def test_no_module_is_named_for_nothing() -> None:
    named = [
        shown(path)
        for path in python_files()
        if FORBIDDEN_NAMES
        & {path.stem, path.parent.name, *path.stem.split("_")} - {"base"}
        & {path.stem, path.parent.name}
    ]
    assert named == []


def test_every_module_says_what_it_owns() -> None:
    silent = [shown(path) for path in python_files() if not ast.get_docstring(tree_of(path))]
    assert silent == []


def test_tests_carry_no_package_marker() -> None:
    assert [shown(path) for path in (ROOT / "tests").rglob("__init__.py")] == []


def test_nothing_shadows_the_alembic_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_no_work_is_left_as_a_note() -> None:
    note = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b")
    left = [
        f"{shown(path)}:{number}"
        for path in python_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if note.search(line) and path.name != "test_sizes_and_names.py"
    ]
    assert left == []
