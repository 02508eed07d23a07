"""Everything that a run left behind, as text to search: rows, files, shared state."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import psycopg
import redis


def traces_of(database_url: str, redis_url: str | None, *, folders: Sequence[Path]) -> list[str]:
    """All rows of all tables, all files (databases, logs), all shared state."""
    found = [
        path.read_bytes().decode("latin-1")
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    ]
    found += _rows_of(database_url)
    if redis_url is not None:
        found += _values_of(redis_url)
    assert any(len(trace) > 1_000 for trace in found)
    return found


def _rows_of(url: str) -> list[str]:
    if url.startswith("sqlite"):
        with sqlite3.connect(url.partition("///")[2]) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            names = [name for (name,) in tables]
            rows = [str(connection.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names]
        connection.close()
        return rows
    with psycopg.connect(url) as server:
        listed = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [
            str(server.execute(f'SELECT t::text FROM "{name}" t').fetchall())
            for (name,) in listed.fetchall()
        ]


def _values_of(url: str) -> list[str]:
    with redis.Redis.from_url(url) as client:
        keys = list(client.scan_iter("*"))
        return [repr((key, client.dump(key))) for key in keys]
