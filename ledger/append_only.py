"""Triggers that refuse to rewrite the past.

Groups, entries and resolutions can be added, never changed or removed, whatever the code above
does. The migration runs these statements, and so does `create_all`, so that no database of ours is
without them.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy import event

from kernel.database import Base

APPEND_ONLY: Final = ("ledger_group", "ledger_entry", "ledger_resolution")
# The same for what a day is closed with.
CLOSED_DAYS: Final = ("ledger_day", "ledger_seal")

_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger rows are append-only; post a reversal instead';
END $$
"""
DROP_FUNCTION: Final = "DROP FUNCTION IF EXISTS ledger_refuse_change()"


def refuse_changes(dialect: str, table: str) -> list[str]:
    """The statements that make `table` append-only on the engine `dialect`."""
    match dialect:
        case "sqlite":
            return [
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} BEGIN "
                "SELECT RAISE(ABORT, 'ledger rows are append-only; post a reversal instead'); END"
                for act in ("UPDATE", "DELETE")
            ]
        case "postgresql":
            return [
                _FUNCTION,
                (
                    f"CREATE TRIGGER {table}_no_change "
                    f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()"
                ),
            ]
        case _:
            raise ValueError(f"There are no append-only triggers for {dialect!r}.")


def attach() -> None:
    """Let `create_all` make the triggers together with the tables."""
    for name in (*APPEND_ONLY, *CLOSED_DAYS):
        event.listen(Base.metadata.tables[name], "after_create", _refuse_changes)


def _refuse_changes(table: sa.Table, connection: sa.Connection, **_given: object) -> None:
    for statement in refuse_changes(connection.dialect.name, table.name):
        connection.exec_driver_sql(statement)
