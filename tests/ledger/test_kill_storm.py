"""The short form of bench/kill_storm.py: killed workers and databases cost nobody a cent."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_kill_9_charges_nobody_twice_and_passes_no_budget(
    engine: str, sqlite_template: Path
) -> None:
    command = [sys.executable, str(ROOT / "bench" / "kill_storm.py"), "--json"]
    size = ["--minutes", "0.04", "--campaigns", "4", "--clicks", "32", "--workers", "2"]
    size += ["--template", str(sqlite_template)]

    storm = subprocess.run(
        [*command, "--engine", engine, *size],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert storm.returncode == 0, storm.stdout + storm.stderr
    found = json.loads(storm.stdout.splitlines()[-1])
    assert found["kills"] >= 1
    # Links without a delivery lead on and are never charged.
    assert found["clicks"] == 4 * (32 + 2)
    assert found["billed"] == 2 * 32 + 2 * 28
    assert found["unbilled_for_budget"] == 2 * 4
    assert found["unbilled_share"] == 0
    assert found["billed_share_of_exhausted_budgets"] == 0.98
