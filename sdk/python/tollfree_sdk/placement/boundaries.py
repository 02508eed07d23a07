"""Where in an answer a mention may stand: before a block, after a blank line, between paragraphs.

Never in or before the first paragraph, never before a reader has had a hundred words of the answer,
never in code, lists, quotes or tables, never beside safety advice, never between a colon and what
it announces. Works line by line, so that a stream finds the
same places as a whole answer, and says "not yet" instead of guessing from half a line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tollfree_sdk.placement.outline import Outline

# An answer that is hardly longer than the ad in it would be about the ad.
LEAST_WORDS_BEFORE: Final = 110
# At most this much of a line is held back before it is known what it starts.
_START: Final = re.compile(
    r"(?:#{1,6} )?[*_\"'“‘«„(¿¡]{0,3}([^\W_]{24}|[^\W_]{1,23}(?![^\W_]))(.)", re.DOTALL
)
_UNDECIDED: Final = re.compile(r"#{1,6}|(?:#{1,6} )?[*_\"'“‘«„(¿¡]{0,3}[^\W_]{0,24}")
# Chinese, Japanese and Thai letters: two of them say about as much as a word.
_UNPARTED: Final = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_LIST_ITEM: Final = re.compile(r"\s*(?:[-+*]|\d{1,9}[.)])\s")
_RULE: Final = re.compile(r"\s*(?:=+|-+)\s*")
_SAFETY_LEADS: Final = frozenset(
    "warning caution danger important safety note attention achtung warnung vorsicht attenzione "
    "avertissement advertencia peligro cuidado disclaimer emergency".split()
)
_SAFETY: Final = re.compile(
    r"\b(?:warnings?|caution|danger|dangerous|emergency|emergencies|poison\w*|toxic|overdos\w*|hazard\w*|"
    r"suicid\w*|self-harm|fatal|lethal|choking|electrocut\w*|carbon monoxide|seek (?:medical|immediate|"
    r"professional)|call (?:911|112|999)|(?:consult|ask|see|talk to) (?:a|your|with a) (?:\w+ )?(?:doctor|"
    r"physician|pharmacist|lawyer|vet|veterinarian|professional|therapist)|never (?:mix|leave|exceed)|"
    r"do not (?:mix|exceed|use|touch|swallow)|keep (?:away|out of reach)|side effects?|dosage|allerg\w*|"
    r"achtung|vorsicht|lebensgefahr|peligro|attention)\b",
)


@dataclass(frozen=True, slots=True)
class Boundary:
    """A place for a mention: `position` in the answer, the block before it, the line after it."""

    position: int
    before: str
    after: str


def boundaries(answer: str, *, least_words: int = LEAST_WORDS_BEFORE) -> Iterator[Boundary]:
    r"""All allowed places of a whole answer, in order.

    >>> [found.position for found in boundaries("Shoes differ. " * 55 + "\n\nTry some on.")]
    [772]
    """
    walk = Walk(least_words)
    position = 0
    for line in answer.split("\n"):
        # The cheap question first: most lines are blank, or inside a block.
        if line and starts_block(line + "\n") and walk.may_break() and not is_safety_advice(line):
            yield Boundary(position, walk.last_block, line)
        walk.end_line(line)
        position += len(line) + 1


def starts_block(line: str) -> bool | None:
    """Whether a line starts a paragraph or heading; None if more of it must be read.

    Decided by the first characters only, and never taken back when the line goes on.
    """
    started = _START.match(line)
    if started is not None:
        word, following = started[1], started[2]
        # A numbered heading starts a section; a bare number goes on with a list.
        is_numbered = word.isdecimal() and following in ".)" and not line.startswith("#")
        return not is_numbered and word.casefold() not in _SAFETY_LEADS
    return None if _UNDECIDED.fullmatch(line) else False


def is_safety_advice(text: str) -> bool:
    """Whether a block warns its reader; no ad stands beside it."""
    return _SAFETY.search(text.lower()) is not None


def _words_in(line: str) -> int:
    """How much there is to read; scripts that part no words are counted by their letters."""
    parted = len(line.split())
    return parted if line.isascii() else parted + len(_UNPARTED.findall(line)) // 2


class Walk:
    """The state of an answer after the lines read so far."""

    def __init__(self, least_words: int = LEAST_WORDS_BEFORE) -> None:
        self.last_block = ""
        self._least_words = least_words
        self._outline = Outline()
        self._block: list[str] = []
        self._ends_in_text = False
        self._is_list = False
        self._paragraphs = self._words = 0

    def may_break(self) -> bool:
        """Whether a mention may stand here, if a paragraph or heading starts now."""
        return (
            not self._block
            and self._ends_in_text
            and self._paragraphs > 0
            and self._words >= self._least_words
            and not self.last_block.endswith((":", "：", "："))
            and self._outline.is_closed
            and not is_safety_advice(self.last_block)
        )

    def end_line(self, line: str) -> None:
        """Take one line, without its line feed."""
        line = line.removesuffix("\r")
        self._words += _words_in(line)
        was_closed = self._outline.is_in_text
        self._outline.read(line)
        if not (was_closed and self._outline.is_in_text):
            self._block, self._ends_in_text, self._is_list = [], False, False
        elif line.strip():
            self._block.append(line)
        elif self._block:
            self._end_block()

    def _end_block(self) -> None:
        # A heading with its text right below it is judged by the text.
        first = next((line for line in self._block if not line.startswith("#")), self._block[0])
        continues_list = self._is_list and first[:1].isspace()
        is_odd = any("|" in line for line in self._block) or any(
            _RULE.fullmatch(line) for line in self._block
        )
        self._is_list = bool(_LIST_ITEM.match(first)) or continues_list
        is_paragraph = starts_block(first + "\n") is True and not first.startswith("#")
        self._ends_in_text = not is_odd and (self._is_list or is_paragraph)
        # A list that opens an answer is its first paragraph; a heading is none.
        self._paragraphs += self._ends_in_text
        self.last_block = "\n".join(self._block).strip()
        self._block = []
