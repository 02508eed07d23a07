"""The rows of calls, as they end up in the database."""

import sqlalchemy as sa

from api.access.keys import create_app, create_key
from api.chat.usage import CompletionRow, tokens_of, write_completions
from api.tables import Completion
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.group_commit import GroupCommit
from kernel.ids import new_id
from tests.api.fakes import Road


async def test_rows_of_real_calls_are_written_without_any_text(
    database: Database, clock: FrozenClock
) -> None:
    road = Road()
    await road.ask("canary-4711", stream=True)
    await road.ask("canary-4711")
    commit: GroupCommit[CompletionRow] = GroupCommit(database, write_completions)

    for row in road.rows:
        commit.put(row)
    await commit.close()

    async with database.reading() as session:
        rows = (await session.execute(sa.select(Completion.__table__).order_by("id"))).all()
    assert [row.stream for row in rows] == [True, False]
    for row in rows:
        assert row.status == 200
        assert (row.prompt_tokens, row.completion_tokens) == (9, 5)
        assert row.ad_outcome == "ad"
        assert row.upstream == "recording"
        assert row.first_token_ms is not None
        assert row.first_token_ms <= row.total_ms
        assert "canary" not in repr(row)


async def test_an_app_a_key_and_a_row_fit_their_columns(
    database: Database, clock: FrozenClock
) -> None:
    async with database.writing() as tx:
        app_id = await create_app(tx, organisation_id=new_id("org"), name="x" * 120, clock=clock)
        key = await create_key(tx, app_id, clock=clock)

    assert max(len(app_id), len(key.key_id), len(new_id("cpl"))) <= 40


def test_counts_that_are_no_counts_are_estimated() -> None:
    for wrong in (
        None,
        7,
        {},
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": "9"},
    ):
        assert tokens_of(wrong, sent_bytes=40, answer="x" * 8).estimated
