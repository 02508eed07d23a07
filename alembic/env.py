"""Run migrations on the database that the caller names.

The composition root passes a connection in ``config.attributes["connection"]``; the plain `alembic`
command reads DATABASE_URL through the same settings. The packages that own tables are imported by
list, and an architecture test proves that none is missing.
"""

import asyncio
import importlib
from typing import Any

import sqlalchemy as sa
from alembic import context

from kernel.database import Base, Database

OWNERS = [
    "kernel.outbox",
    "ledger.tables",
    "adserver.catalog.tables",
    "adserver.catalog.publisher_tables",
    "adserver.decision.tables",
    "adserver.events.tables",
    "adserver.reports.tables",
    "web.tables",
    "web.account_tables",
    "advertiser_portal.tables",
    "advertiser_portal.billing.tables",
    "advertiser_portal.billing.payout_tables",
    "advertiser_portal.billing.paper_tables",
    "advertiser_portal.billing.promo_tables",
    "api.tables",
]

for _owner in OWNERS:
    importlib.import_module(_owner)


def _configure(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            # A migration that cannot get its lock must not queue everyone else behind it.
            connection.execute(sa.text("SET lock_timeout = '2s'"))
        context.run_migrations()


async def _run_alone() -> None:
    from tollfree.settings import store_settings

    database = Database(store_settings().database())
    async with database.write_engine.connect() as connection:
        await connection.run_sync(_configure)
        await connection.commit()
    await database.close()


_given: Any = context.config.attributes.get("connection")
if _given is not None:
    _configure(_given)
else:
    asyncio.run(_run_alone())
