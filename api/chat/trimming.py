"""Leave out the oldest rounds of a conversation that has grown too long.

    system │ round 1 │ round 2 │ … │ round 9          a round: a person's word, and what followed it
    system │           round 6 │ … │ round 9          past the budget, down to half of it
    system │           round 6 │ … │ round 9 │ round 10        the cut stays where it is

The cut moves rarely and by a lot: between two moves every request begins as the one before it, so
that the provider's prompt cache goes on serving it. Where it is follows from the messages alone; no
state is kept. System and developer messages stay, a tool's answer stays with its call, and the last
round is never touched. Pure.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.chat.token_guess import tokens_in_message

_PINNED: Final = frozenset({"system", "developer"})
#: A request ends with one of these; only there can a cut have been made in an earlier turn.
_ASKS: Final = frozenset({"user", "tool", "function"})


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What is left: ``Trimmed([...], left_out=14, tokens=3_850)``; tokens are guessed."""

    messages: Sequence[Mapping[str, Any]]
    left_out: int
    tokens: int


@dataclass(slots=True)
class _Round:
    start: int
    tokens: int


def trimmed(messages: Sequence[Mapping[str, Any]], *, budget: int, beside: int = 0) -> Trimmed:
    """The newest rounds within the budget; `beside` is what is sent along, such as tools."""
    total, rounds = beside, deque[_Round]()
    last = len(messages) - 1
    for position, message in enumerate(messages):
        tokens, role = tokens_in_message(message), message.get("role")
        total += tokens
        if role in _PINNED:
            continue
        if role == "user" or not rounds:
            rounds.append(_Round(position, tokens))
        else:
            rounds[-1].tokens += tokens
        if total > budget and (role in _ASKS or position == last):
            while len(rounds) > 1 and total > budget // 2:
                total -= rounds.popleft().tokens
    start = rounds[0].start if rounds else 0
    kept = [
        message
        for position, message in enumerate(messages)
        if position >= start or message.get("role") in _PINNED
    ]
    return Trimmed(kept, len(messages) - len(kept), total)
