"""The rows of calls on their way to the database, noticed by quotas and monitoring.

What a call really used replaces what was set aside for it; its times go into the histograms, the
sums of its hour, and where it is wanted to OpenTelemetry.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from api.access.visit import current_visit
from api.chat.usage import CompletionRow
from api.monitoring.timings import observe
from kernel.group_commit import GroupCommit


class MeteredRows(GroupCommit[CompletionRow]):
    """The rows of calls on their way to the database; each tells its visit what was used.

    `watchers` see every row as it is put, and must be quick.
    """

    def __init__(
        self,
        *given: Any,
        watchers: Sequence[Callable[[CompletionRow], None]] = (),
        **named: Any,
    ) -> None:
        super().__init__(*given, **named)
        self._watchers = tuple(watchers)

    def put(self, row: CompletionRow) -> "asyncio.Future[None]":
        """As the group commit's."""
        observe(row.upstream, first_token_ms=row.first_token_ms, total_ms=row.total_ms)
        for watch in self._watchers:
            watch(row)
        visit = current_visit()
        if visit is not None:
            visit.used(row.prompt_tokens + row.completion_tokens)
        return super().put(row)
