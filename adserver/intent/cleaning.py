"""Take out of a message what says nothing about what its author wants.

Code, links, encoded blobs, quoted mail, logs and personal data go; of a long paste the head and
the tail stay, because the wish usually stands at one of its ends and the model reads 256 tokens.
Pure. What is left is for matching only: the safety screen reads the message as it was written.
"""

import json
import re
from typing import Final

HEAD_TOKENS: Final = 48
TAIL_TOKENS: Final = 96
_LONGEST_READ: Final = 20_000

_FENCE: Final = re.compile(r"(```|~~~).*?(?:\1|\Z)", re.DOTALL)
_INLINE_CODE: Final = re.compile(r"`[^`\n]{1,200}`")
_LINK: Final = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_BLOB: Final = re.compile(r"(?:data:[\w/+.-]+;base64,)?[A-Za-z0-9+/_=-]{60,}")
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>")
_QUOTED_LINE: Final = re.compile(r"^\s{0,3}>.*$", re.MULTILINE)
_LOG_LINE: Final = re.compile(
    r"^\s*(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*|\[?\d\d:\d\d:\d\d\b.*|Traceback \(most.*"
    r"|File \".*\", line \d+.*|at [\w.$<>]+\(.*\)|(?:ERROR|WARN(?:ING)?|INFO|DEBUG|FATAL)\b[:\s\]].*)$",
    re.MULTILINE,
)
_PERSONAL: Final = (
    re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"),
    re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"),
    re.compile(r"\+\d[\d ()-]{7,20}\d\b"),
    re.compile(r"\b(?:\d[ -]?){12,18}\d\b"),
    re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    re.compile(r"(?<![\w.])(?:\d{1,3}[ .-])?\(?\d{2,4}\)?[ .-]\d{3,4}[ .-]?\d{3,4}\b"),
    re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
)
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_CODE_LINE: Final = re.compile(
    r"[;{}]\s*$|^\s*(?:import |from \w+ import|def \w+\(|class \w+[(:]|return\b|#include|public |private "
    r"|function \w*\(|const \w+ ?=|let \w+ ?=|var \w+ ?=|SELECT .+ FROM|</?\w+[^>]*>|\w+ ?= ?[\w\[{(\"'])",
)
_SPACES: Final = re.compile(r"\s+")


def prose(text: str) -> str:
    """What a person said in `text`, on one line, at most `HEAD_TOKENS` + `TAIL_TOKENS` long."""
    kept = _ends(text, _LONGEST_READ)
    for pattern in (_FENCE, _INLINE_CODE, _LINK, _BLOB, _TAG, _QUOTED_LINE, _LOG_LINE):
        kept = pattern.sub(" ", kept)
    kept = without_personal_data(kept)
    return _head_and_tail(_SPACES.sub(" ", kept).strip())


def without_personal_data(text: str) -> str:
    """The text without mail addresses, phone, card, bank and network numbers."""
    for pattern in _PERSONAL:
        text = pattern.sub(" ", text)
    return text


def is_code(text: str) -> bool:
    """Whether a message is code or data and nothing that a person would say."""
    rest = _FENCE.sub(" ", text).strip()
    if not rest:
        return bool(text.strip())
    if _is_json(rest):
        return True
    lines = [line for line in rest.splitlines() if line.strip()]
    if len(lines) < 2:
        return False
    return sum(bool(_CODE_LINE.search(line)) for line in lines) >= 0.6 * len(lines)


def _is_json(text: str) -> bool:
    if text[0] not in "{[" or text[-1] not in "}]" or len(text) > _LONGEST_READ:
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _ends(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text
    half = characters // 2
    return f"{text[:half]}\n{text[-half:]}"


def _head_and_tail(text: str) -> str:
    tokens = list(_TOKEN.finditer(text))
    if len(tokens) <= HEAD_TOKENS + TAIL_TOKENS:
        return text
    head = text[: tokens[HEAD_TOKENS - 1].end()]
    return f"{head} … {text[tokens[-TAIL_TOKENS].start() :]}"
