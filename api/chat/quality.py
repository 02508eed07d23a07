"""What can be seen of an answer's quality without keeping it: a few words for its row.

    short      a handful of letters where a text was asked for
    refusal    the model declined
    generic    it spoke about itself instead of the matter
    truncated  it ran into a limit
    flagged    it touches what never carries an ad, or the provider filtered it

Computed in memory from the finished answer, which is forgotten after. Looking for sensitive matter
costs a third of a millisecond, so it is done for a bounded number of answers a second; where the
gate of the ads has looked already, its word is taken.
"""

import re
from typing import Final

from api.chat.answer_gate import Finished
from kernel.clock import Clock
from language.refusals import has_telltale, is_refusal
from language.sensitive_topics import screen
from tollfree_sdk.contract import NoFill

_OPENING: Final = 320
_FEW: Final = 20
_LOOKS_PER_SECOND: Final = 20
_GENERIC: Final = re.compile(
    r"as an? (?:ai|large)? ?(?:language )?model|i(?:'m| am) just an ai|how can i (?:help|assist) you"
    r"|i do(?:n't| not) have (?:enough|access|the ability|personal)|it depends on (?:many|various) factors"
)


class Judge:
    """Judges the answers of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second, self._looks = 0, 0

    def signals(self, answer: Finished, outcome: str) -> str | None:
        """The words for an answer, by comma; None when there is nothing to say."""
        found = ["truncated"] if answer.finish_reason == "length" else []
        flagged = answer.finish_reason == "content_filter" or outcome == NoFill.SENSITIVE_TOPIC
        if not answer.is_structured and not answer.called_tools:
            text = answer.text
            opening = text[:_OPENING].lower().replace("’", "'")
            if len(text) < _FEW:
                found.append("short")
            tells = has_telltale(opening)
            if answer.refused or (tells and is_refusal(text)):
                found.append("refusal")
            if tells and _GENERIC.search(opening):
                found.append("generic")
            # An answer with an ad has passed the gate.
            if not flagged and outcome != "ad" and self._may_look():
                flagged = screen(text) is not None
        if flagged:
            found.append("flagged")
        return ",".join(found) if found else None

    def _may_look(self) -> bool:
        second = int(self._clock.monotonic())
        if second != self._second:
            self._second, self._looks = second, 0
        self._looks += 1
        return self._looks <= _LOOKS_PER_SECOND
