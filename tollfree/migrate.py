"""``tollfree migrate``: bring the database to the newest schema, and say from where to where."""

import argparse
import asyncio
import sys

from sqlalchemy.exc import SQLAlchemyError

from kernel.database import Database
from kernel.errors import SettingsInvalid
from tollfree import migrations
from tollfree.settings import StoreSettings, store_settings


def run(asked: argparse.Namespace) -> int:
    """Migrate; returns the exit code."""
    settings = store_settings(asked.data)
    before, after = migrate(settings)
    if before == after:
        sys.stdout.write(f"✓ The database is at {after} already.\n")
    else:
        sys.stdout.write(f"✓ The database went from {before or 'empty'} to {after}.\n")
    return 0


def migrate(settings: StoreSettings) -> tuple[str | None, str]:
    """The revisions before and after. Raises SettingsInvalid when the database does not answer."""
    url = settings.database()
    if url == f"sqlite:///{settings.data.resolve() / 'tollfree.db'}":
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    newest = migrations.newest()
    before = asyncio.run(_revision(url))
    if before != newest:
        with explained():
            migrations.upgrade(url)
    return before, newest


class explained:  # noqa: N801  reads as a word: `with explained():`
    """Turn a driver's error into a sentence that does not quote the URL."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, SQLAlchemyError | OSError):
            cause = getattr(error, "orig", None) or error
            raise SettingsInvalid(
                f"The database does not answer as it should ({type(cause).__name__}). Check "
                "DATABASE_URL: is the server up, and are name, user and password right?",
                param="DATABASE_URL",
            ) from None


async def _revision(url: str) -> str | None:
    database = Database(url)
    try:
        with explained():
            return await migrations.current(database)
    finally:
        await database.close()
