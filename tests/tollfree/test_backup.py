"""A drill: back up, lose everything, restore into either engine, and the books hold."""

import gzip
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from kernel.clock import FrozenClock
from kernel.database import Base, Database
from kernel.errors import SettingsInvalid
from kernel.money import ZERO
from ledger.closed_days import close_days
from ledger.verify import verify
from tests.adserver.events.click_world import World, a_world
from tests.rig.postgres import PostgresServer, migrate_apart
from tests.rig.programs import command
from tollfree import migrations
from tollfree.backup_file import read_backup, write_backup


@pytest.fixture
async def busy(database: Database, clock: FrozenClock) -> World:
    world = await a_world(database, clock)
    for _ in range(3):
        assert (await world.click(await world.an_ad())).billed
    clock.advance(days=2)
    await close_days(database, clock)
    await world.desk.close()
    return world


async def rows_of(database: Database) -> dict[str, list[tuple[object, ...]]]:
    async with database.reading() as session:
        return {
            table.name: [
                tuple(row)
                for row in await session.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
async def test_what_was_lost_is_there_again_and_goes_on(
    target: str, busy: World, clock: FrozenClock, tmp_path: Path, postgres: PostgresServer
) -> None:
    file = tmp_path / "all.backup"
    rows = await write_backup(busy.database, file, revision=migrations.newest(), clock=clock)
    before = await rows_of(busy.database)
    if target == "sqlite":
        url = f"sqlite:///{tmp_path / 'restored.db'}"
        migrate_apart(url)
    else:
        url = postgres.new_database()

    restored = Database(url)
    assert await read_backup(restored, file, revision=migrations.newest()) == rows

    assert await rows_of(restored) == before
    assert file.stat().st_mode & 0o077 == 0
    again = World(restored, clock, busy.desk, busy.creative, busy.advertiser_id)
    assert await again.spent() > ZERO
    # Numbers go on where they stood, and the next click is charged.
    fresh = await a_world(restored, clock)
    assert (await fresh.click(await fresh.an_ad())).billed
    await fresh.desk.close()
    async with restored.reading() as session:
        assert await verify(session) == []
    await restored.close()
    if target == "postgresql":
        postgres.drop_database(url)


async def test_nothing_is_restored_over_what_is_there(
    busy: World, clock: FrozenClock, tmp_path: Path
) -> None:
    file = tmp_path / "all.backup"
    await write_backup(busy.database, file, revision=migrations.newest(), clock=clock)
    before = await rows_of(busy.database)

    with pytest.raises(SettingsInvalid, match="not empty"):
        await read_backup(busy.database, file, revision=migrations.newest())

    assert await rows_of(busy.database) == before


@pytest.mark.parametrize("harm", ["cut", "changed", "older", "no gzip"])
async def test_a_file_that_cannot_be_trusted_is_refused(
    harm: str, database: Database, clock: FrozenClock, tmp_path: Path
) -> None:
    file = tmp_path / "all.backup"
    await write_backup(database, file, revision=migrations.newest(), clock=clock)
    text, revision = gzip.decompress(file.read_bytes()).decode(), migrations.newest()
    match harm:
        case "cut":
            file.write_bytes(file.read_bytes()[:-40])
        case "changed":
            file.write_bytes(gzip.compress(text.replace("ledger_group", "ledger_gruop").encode()))
        case "older":
            revision = "r99_later"
        case _:
            file.write_text(text)

    with pytest.raises(SettingsInvalid, match=r"backup|schema|cut short"):
        await read_backup(database, file, revision=revision)


def test_the_commands_carry_every_table_from_folder_to_folder(
    sqlite_template: Path, tmp_path: Path
) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "all.backup"
    for folder in (old, new):
        folder.mkdir()
    shutil.copyfile(sqlite_template, old / "tollfree.db")
    with sqlite3.connect(old / "tollfree.db") as connection:
        connection.execute("INSERT INTO stop VALUES ('ads', '', 'drill', '2026-11-23 00:00:00')")

    told = [
        command(act, str(file), "--data", str(folder), "--json", cwd=tmp_path)
        for act, folder in (("backup", old), ("restore", new), ("restore", new))
    ]

    assert [one.returncode for one in told] == [0, 0, 2], told
    assert json.loads(told[1].stdout) == {"rows": 1, "holds": True}
    assert "not empty" in told[2].stderr
