"""What a conversation is about now: its last question, and what led there.

Owns the choice of turns. Only what the user and the model said counts: system and tool messages
are a publisher's business and never steer an ad. Pure; every text here lives as long as the
decision does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adserver.intent.cleaning import is_code, prose
from tollfree_sdk.contract import Turn

_USER: Final = "user"
_ASSISTANT: Final = "assistant"
# So many exchanges say what a talk is about; the nearest of them are also read word by word.
_EARLIER_TURNS: Final = 4
NEAREST: Final = 2


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier user turn and the answer to it, cleaned; either may be empty."""

    user: str
    assistant: str


@dataclass(frozen=True, slots=True)
class Distilled:
    """A conversation, ready for matching and screening.

    `query` is the last user turn, cleaned; `context` the user words just before, oldest first;
    `earlier` the exchanges before the query, newest first. `latest` is the last user turn as it
    was written, at `said[latest_at]`; `said` are all turns of both sides, for the safety screen,
    which must see the raw text. `instructions` are system prompts: screened, never matched.
    """

    query: str
    context: str
    turns_user: int
    is_code: bool
    earlier: tuple[Exchange, ...]
    latest: str
    latest_at: int
    said: tuple[Turn, ...]
    instructions: tuple[str, ...]


def distil(turns: Sequence[Turn]) -> Distilled:
    """Read a conversation that ends with the user's turn; an unusual one gives an empty query."""
    said = tuple(turn for turn in turns if turn.role in {_USER, _ASSISTANT})
    user_turns = [at for at, turn in enumerate(said) if turn.role == _USER]
    latest_at = user_turns[-1] if user_turns else len(said)
    latest = said[latest_at].text if user_turns else ""
    earlier = _exchanges(said[:latest_at])
    return Distilled(
        query=prose(latest),
        context=" ".join(
            exchange.user for exchange in reversed(earlier[:NEAREST]) if exchange.user
        ),
        turns_user=len(user_turns),
        is_code=is_code(latest),
        earlier=earlier,
        latest=latest,
        latest_at=latest_at,
        said=said,
        instructions=tuple(
            turn.text for turn in turns if turn.role in {"system", "developer"} and turn.text
        ),
    )


def _exchanges(before: Sequence[Turn]) -> tuple[Exchange, ...]:
    """The exchanges of the turns before the last user turn, newest first."""
    found: list[Exchange] = []
    answer = ""
    for turn in reversed(before):
        if len(found) == _EARLIER_TURNS:
            break
        if turn.role == _ASSISTANT:
            answer = answer or prose(turn.text)
            continue
        found.append(Exchange(prose(turn.text), answer))
        answer = ""
    return tuple(found)
