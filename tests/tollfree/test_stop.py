"""``tollfree stop`` and ``resume``: twice is once, and what does not exist is named."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tollfree.__main__ import main


@pytest.fixture
def data(sqlite_template: Path, tmp_path: Path) -> Path:
    shutil.copyfile(sqlite_template, tmp_path / "tollfree.db")
    return tmp_path


def stopped(data: Path) -> list[tuple[str, str, str]]:
    with sqlite3.connect(data / "tollfree.db") as connection:
        return connection.execute("SELECT scope, scope_id, reason FROM stop").fetchall()


def test_all_ads_stop_and_go_on(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--data", str(data), "--json"]

    codes = [main(["stop", "ads", "--reason", "drill", *folder]) for _ in range(2)]
    assert stopped(data) == [("ads", "", "drill")]
    codes.append(main(["resume", "ads", *folder]))

    assert codes == [0, 0, 0]
    assert stopped(data) == []
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["state"], one["changed"]) for one in told] == [
        ("stopped", True),
        ("stopped", False),
        ("resumed", True),
    ]


@pytest.mark.parametrize("asked", [["ads", "adv_1"], ["app"], ["creative", "crt_none"]])
def test_what_cannot_be_stopped_is_one_sentence(
    asked: list[str], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stop", *asked, "--data", str(data)]) == 2
    assert capsys.readouterr().err.startswith("✗ ")
    assert stopped(data) == []
