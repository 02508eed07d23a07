"""Who may import whom, and who may touch the machine."""

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests.architecture.source_tree import ROOT, python_files, shown, tree_of

PRODUCTION = (
    "kernel ledger language adserver api web advertiser_portal operator_console tollfree sdk/python/tollfree_sdk"
).split()

# Each reads the machine for a reason that a setting could not serve.
READS_ENVIRONMENT = {
    "api/upstream/litellm_upstream.py": "tells a third-party library to stay offline, before it is imported",
    "language/reference.py": "tells a third-party library to stay offline, before it is imported",
    "language/export.py": "works on files",
    "web/install_assets.py": "an installer, run by hand: passes its environment on to npm",
    "sdk/python/tollfree_sdk/surroundings.py": "stands alone: has no kernel to ask",
}
READS_CLOCK = {
    "kernel/clock.py": "is the clock",
    "kernel/ids.py": "ids sort by age",
    "sdk/python/tollfree_sdk/surroundings.py": "stands alone: has no kernel to ask",
    "language/export.py": "a workshop, never run while serving",
}


def test_the_import_contracts_are_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))

    failed = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)

    assert failed == 0, capsys.readouterr().out


def test_only_the_kernel_reads_the_environment() -> None:
    readers = {
        shown(path)
        for path in python_files(*PRODUCTION)
        if _attributes(path) & {"os.environ", "os.getenv", "os.environb"}
    }
    assert readers - READS_ENVIRONMENT.keys() == set()


def test_only_the_kernel_reads_clocks_and_dice() -> None:
    clocks = {"time.time", "time.monotonic", "time.time_ns", "datetime.now", "datetime.utcnow"}
    dice = {"random.random", "random.choice", "secrets.token_hex", "secrets.token_bytes"}
    readers = {
        shown(path) for path in python_files(*PRODUCTION) if _attributes(path) & (clocks | dice)
    }
    assert readers - READS_CLOCK.keys() == set()


def test_only_the_kernel_commits() -> None:
    committers = {
        f"{shown(path)}:{node.lineno}"
        for path in python_files(
            "ledger", "language", "adserver", "api", "web", "advertiser_portal"
        )
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
    }
    assert committers == set()


def test_no_package_imports_a_sibling_for_types_only() -> None:
    hidden = [
        shown(path)
        for path in python_files(*PRODUCTION)
        if any(
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            for node in ast.walk(tree_of(path))
        )
    ]
    assert hidden == []


def test_nothing_is_mocked() -> None:
    patched = [
        shown(path)
        for path in python_files("tests")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "mock" in (getattr(node, "module", None) or " ".join(a.name for a in node.names))
    ]
    assert patched == []


def test_nothing_is_skipped() -> None:
    skipped = [
        f"{shown(path)}:{node.lineno}"
        for path in python_files("tests")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute)
        and node.attr in {"skip", "skipif", "xfail", "importorskip"}
        and isinstance(node.value, ast.Name | ast.Attribute)
        and ast.unparse(node.value) in {"pytest", "pytest.mark"}
    ]
    assert skipped == []


def _attributes(path: Path) -> set[str]:
    return {
        ast.unparse(node) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute)
    }
