"""``tollfree top``: what it prints for people and for programs."""

import asyncio
import json
from pathlib import Path

import pytest

from api.chat.usage import write_completions
from kernel.clock import FrozenClock, SystemClock
from kernel.database import Database
from kernel.money import Micros
from tests.api.monitoring.test_calls import a_row
from tollfree.__main__ import main


@pytest.fixture
def data(sqlite_template: Path, tmp_path: Path) -> Path:
    """A data folder with two calls in it."""
    path = tmp_path / "tollfree.db"
    path.write_bytes(sqlite_template.read_bytes())

    async def fill() -> None:
        database = Database(f"sqlite:///{path}")
        now = FrozenClock(SystemClock().now())
        async with database.writing() as tx:
            dear = a_row(
                now, prompt_group="summary", cost_micros=Micros(1_500_000), signals="refusal"
            )
            await write_completions(tx, [a_row(now, status=502), dear])
        await database.close()

    asyncio.run(fill())
    return tmp_path


def test_people_get_tables(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--data", str(data)]) == 0
    told = capsys.readouterr().out
    assert "50.0%" in told
    assert "summary" in told
    assert "1.5000" in told
    assert "refusal 1" in told


def test_people_choose_what_calls_are_apart_by(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for by, title, name in (("app", "APP", "app_1"), ("model", "MODEL", "demo")):
        assert main(["top", "--data", str(data), "--by", by]) == 0
        told = capsys.readouterr().out
        assert title in told
        assert name in told


def test_programs_get_json(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--data", str(data), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["overall"]["calls"] == 2
    assert told["costliest"][0]["name"] == "summary"
    assert told["overall"]["cost"] == 1_500_000
