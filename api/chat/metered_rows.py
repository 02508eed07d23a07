"""The rows of calls on their way to the database, noticed by quotas and monitoring.

What a call really used replaces what was set aside for it; its times go into the histograms.
"""

import asyncio

from api.access.visit import current_visit
from api.chat.usage import CompletionRow
from api.monitoring.timings import observe
from kernel.group_commit import GroupCommit


class MeteredRows(GroupCommit[CompletionRow]):
    """The rows of calls on their way to the database; each tells its visit what was used."""

    def put(self, row: CompletionRow) -> "asyncio.Future[None]":
        """As the group commit's."""
        observe(row.upstream, first_token_ms=row.first_token_ms, total_ms=row.total_ms)
        visit = current_visit()
        if visit is not None:
            visit.used(row.prompt_tokens + row.completion_tokens)
        return super().put(row)
