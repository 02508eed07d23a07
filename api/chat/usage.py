"""What a call used, and the row that says so.

Token counts are the upstream's own, taken from the last usage object that it sent; where it sent
none they are estimated from lengths and marked. Rows are written in batches, after the answer, and
hold no text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from api.solvency.slices import note_spent
from api.tables import Completion
from api.upstream.prices import Counts, counts_in
from kernel.database import WriteSession
from kernel.money import ZERO, Micros

_CHARACTERS_PER_TOKEN: Final = 4


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens in and out; `estimated` when the upstream did not say."""

    prompt: int = 0
    completion: int = 0
    estimated: bool = False
    cached: int = 0
    cache_written: int = 0
    reasoning: int = 0

    def counts(self) -> Counts:
        """The same, to be priced."""
        return Counts(self.prompt, self.completion, self.cached, self.cache_written, self.reasoning)


@dataclass(frozen=True, slots=True)
class CompletionRow:
    """One call, as it is written to the table `completion`."""

    id: str
    app_id: str
    key_id: str
    at: datetime
    model: str
    upstream: str
    stream: bool
    status: int
    prompt_tokens: int
    completion_tokens: int
    tokens_estimated: bool
    first_token_ms: float | None
    total_ms: float
    decision_id: str | None
    ad_outcome: str
    cost_micros: Micros = ZERO
    prompt_group: str | None = None
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    fallbacks: int = 0
    cache: str | None = None
    signals: str | None = None
    forecast_micros: Micros | None = None
    slice_id: str | None = None


# The table itself: rows that nobody reads back need no mapped class on their way.
_TABLE: Final = cast(sa.Table, Completion.__table__)
_COLUMNS: Final = tuple(
    column.name for column in fields(CompletionRow) if column.name != "slice_id"
)


def tokens_of(usage: Any, *, sent_bytes: int, answer: str) -> Tokens:
    """The counts in an upstream's `usage`, else an estimate from what was sent and received."""
    counts = counts_in(usage)
    if counts is not None:
        return Tokens(
            counts.prompt,
            counts.completion,
            cached=counts.cached,
            cache_written=counts.cache_written,
            reasoning=counts.reasoning,
        )
    return Tokens(
        sent_bytes // _CHARACTERS_PER_TOKEN, len(answer) // _CHARACTERS_PER_TOKEN, estimated=True
    )


def spent_by_slice(rows: Sequence[CompletionRow]) -> dict[str, int]:
    """What these calls took out of which slice of the budget."""
    spent: dict[str, int] = {}
    for row in rows:
        if row.slice_id is not None:
            spent[row.slice_id] = spent.get(row.slice_id, 0) + row.cost_micros.amount
    return spent


async def write_completions(tx: WriteSession, rows: Sequence[CompletionRow]) -> None:
    """Insert a batch, and take its cost into the slices; the writer of the `GroupCommit`."""
    await tx.execute(
        sa.insert(_TABLE), [{name: getattr(row, name) for name in _COLUMNS} for row in rows]
    )
    await note_spent(tx, spent_by_slice(rows))
