"""``tollfree explain``, on a database with one decision."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.adserver.decision.world import SHOES, World, asking, decided
from tollfree.__main__ import main


async def _one_decision(url: str) -> str:
    database = Database(url)
    world = World(database, FrozenClock())
    await world.creative()
    decision = await decided(await world.open(), asking(SHOES))
    await world.write_down()
    await database.close()
    return decision.decision_id or ""


@pytest.fixture
def data(sqlite_template: Path, tmp_path: Path) -> Path:
    shutil.copyfile(sqlite_template, tmp_path / "tollfree.db")
    return tmp_path


def test_a_decision_is_laid_open_and_replays(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decision = asyncio.run(_one_decision(f"sqlite:///{data / 'tollfree.db'}"))

    code = main(["explain", decision, "--data", str(data)])
    text = capsys.readouterr().out
    main(["explain", decision, "--data", str(data), "--json"])
    found = json.loads(capsys.readouterr().out)

    assert code == 0
    assert "in the auction" in text
    assert "The replay gives the same." in text
    assert found["is_same"]


def test_without_a_decision_it_counts_how_they_ended(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_one_decision(f"sqlite:///{data / 'tollfree.db'}"))

    code = main(["explain", "--data", str(data), "--json", "--hours", "1000000"])

    assert code == 0
    assert json.loads(capsys.readouterr().out) == {"ad": 1}


def test_a_decision_that_is_not_there_is_said_to_be_missing(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["explain", "dec_nothing", "--data", str(data)])

    assert code == 2
    assert "no such decision" in capsys.readouterr().err
