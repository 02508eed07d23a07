"""The schema: one line of migrations, reversible, and equal to the tables in the code."""

import importlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from kernel.database import Base, Database
from tests.architecture.source_tree import ROOT, python_files
from tests.rig.postgres import PostgresServer
from tollfree import migrations

VERSIONS = sorted((ROOT / "alembic" / "versions").glob("*.py"))


@pytest.fixture
def empty_database_url(
    engine_kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[str]:
    if engine_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.new_database(migrated=False)
    yield url
    server.drop_database(url)


def test_there_is_exactly_one_head() -> None:
    script = ScriptDirectory(str(ROOT / "alembic"))

    assert script.get_heads() == [migrations.newest()]
    assert len(script.get_bases()) == 1


def test_migrations_are_named_by_date_and_slug() -> None:
    assert VERSIONS
    for path in VERSIONS:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d-[a-z0-9-]+\.py", path.name), path.name


def test_the_code_and_the_database_have_the_same_tables(empty_database_url: str) -> None:
    with ThreadPoolExecutor(1) as apart:
        apart.submit(migrations.upgrade, empty_database_url).result()

        apart.submit(migrations.check, empty_database_url).result()


async def test_migrations_go_up_and_down_and_up_again(empty_database_url: str) -> None:
    with ThreadPoolExecutor(1) as apart:
        apart.submit(migrations.upgrade, empty_database_url).result()
        there = await _objects(empty_database_url)
        apart.submit(migrations.downgrade, empty_database_url).result()
        gone = await _objects(empty_database_url)
        apart.submit(migrations.upgrade, empty_database_url).result()

    assert gone == {"table alembic_version"}
    assert await _objects(empty_database_url) == there


def test_every_owner_of_tables_is_known_to_the_migrations() -> None:
    owners = {
        str(path.relative_to(ROOT).with_suffix("")).replace("/", ".")
        for path in python_files("kernel", "ledger", "adserver", "api", "web", "advertiser_portal")
        if "__tablename__" in path.read_text(encoding="utf-8")
    }

    text = (ROOT / "alembic" / "env.py").read_text(encoding="utf-8")
    known = set(re.findall(r'^    "([a-z_.]+)",$', text, re.MULTILINE))

    assert owners == known


def test_no_column_has_room_for_a_conversation() -> None:
    for name in re.findall(
        r'^    "([a-z_.]+)",$', (ROOT / "alembic/env.py").read_text(), re.MULTILINE
    ):
        importlib.import_module(name)
    suspicious = {"prompt", "completion_text", "message", "messages", "answer", "conversation"}

    assert [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name in suspicious or isinstance(column.type, sa.LargeBinary)
    ] == []


async def _objects(url: str) -> set[str]:
    database = Database(url)
    query = (
        "SELECT type || ' ' || name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        if database.is_sqlite
        else """
        SELECT CASE relkind WHEN 'r' THEN 'table ' WHEN 'i' THEN 'index ' ELSE CAST(relkind AS text) || ' ' END
               || relname
          FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
         WHERE nspname = 'public' AND relname NOT LIKE 'alembic_version_%'
        UNION SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
        UNION SELECT 'function ' || proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
         WHERE nspname = 'public'
        """
    )
    async with database.reading() as session:
        found = set(await session.scalars(sa.text(query)))
    await database.close()
    return found
