"""The triggers that keep the audit log append-only, on both engines.

Executed by the migration and attached to the table for tests that create it directly. A correction
is another row; nothing of ours updates or deletes one, and the database refuses whoever tries.
"""

from typing import Any, Final

import sqlalchemy as sa

_SQLITE: Final = """
CREATE TRIGGER audit_event_refuses_{act} BEFORE {act} ON audit_event
BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END
"""
_POSTGRESQL_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION audit_event_refuses() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit_event is append-only'; END $$
"""
_POSTGRESQL_TRIGGER: Final = """
CREATE TRIGGER audit_event_refuses BEFORE UPDATE OR DELETE ON audit_event
FOR EACH ROW EXECUTE FUNCTION audit_event_refuses()
"""


def install(connection: sa.Connection) -> None:
    """Create the triggers; the table is there already."""
    if connection.dialect.name == "postgresql":
        statements = [_POSTGRESQL_FUNCTION, _POSTGRESQL_TRIGGER]
    else:
        statements = [_SQLITE.format(act=act) for act in ("UPDATE", "DELETE")]
    for statement in statements:
        connection.exec_driver_sql(statement)


def install_after_create(_table: Any, connection: sa.Connection, **_options: Any) -> None:
    """The listener form of `install`."""
    install(connection)


def remove(connection: sa.Connection) -> None:
    """Drop what outlives the table: PostgreSQL keeps the function, SQLite keeps nothing."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS audit_event_refuses() CASCADE")
