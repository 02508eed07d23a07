"""The advertiser's words, made harmless before they stand in anyone's answer.

Keeps what a reader reads. Drops control, format and bidirectional characters, and everything that
a Markdown or chat renderer would turn into a link: the only links of an ad are its own two. The
catalog refuses such copy at upload; this is the last wall, and trusts nobody.
"""

import html
import re
import unicodedata
from functools import lru_cache
from typing import Final

_ANSI: Final = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_SPACES: Final = re.compile(r"\s+")
# Schemes, protocol-relative addresses, www. and e-mail: renderers link these even when escaped,
# because some of them look for addresses only after Markdown's own escapes are resolved.
_ADDRESS: Final = re.compile(r"\S*//\S*|\S*www\.\S*|\S+@\S+", re.IGNORECASE)
# A dot between a word and letters: "evil.com", but not "3.5", "e.g." or the end of a sentence.
_DOMAIN_DOT: Final = re.compile(r"(?<=[\w-])(\.(?=xn--|[^\W\d_]{2})|。(?=[A-Za-z]{2}))")
_HOST: Final = re.compile(r"(?!www\.)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_STACKED_MARKS: Final = 2

_DROPPED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACE_CATEGORIES: Final = frozenset({"Zs", "Zl", "Zp"})
# Letters and marks by category, invisible by design: grapheme joiner, fillers, selectors.
_INVISIBLE: Final = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10)}
    | set(range(0xE0100, 0xE01F0))
)

_MARKDOWN: Final = str.maketrans(
    {letter: "\\" + letter for letter in "\\`*_[]|~{}"} | {"<": "&lt;", ">": "&gt;"}
)
_ENTITY: Final = re.compile(r"&(?=#|\w+;)")
_SAFE_URL: Final = re.compile(r"https?://[A-Za-z0-9.\-]+(?::\d{1,5})?(?:/[A-Za-z0-9._~\-/?&=%+]*)?")


@lru_cache(maxsize=4_096)
def clean(text: str, *, limit: int) -> str:
    r"""One line of visible text without addresses, at most `limit` characters.

    >>> clean("Run\u202e further\nat evil.com — https://evil.com/x", limit=80)
    'Run further at evil. com —'
    """
    # A hostile network may send a megabyte; patterns below are not made for that.
    line = _visible(text[:4_000])
    folded = unicodedata.normalize("NFKC", line)
    # Full-width letters and dots fold into an address that a browser would follow.
    if _ADDRESS.search(folded) or len(_DOMAIN_DOT.findall(folded)) != len(
        _DOMAIN_DOT.findall(line)
    ):
        line = _visible(folded)
    line = _SPACES.sub(" ", _DOMAIN_DOT.sub(r"\1 ", _ADDRESS.sub(" ", line))).strip()
    return _shortened(line, limit)


@lru_cache(maxsize=4_096)
def clean_name(name: str, domain: str) -> str:
    """The advertiser's name; a name that is its own domain ("Booking.com") keeps its dot."""
    line = _SPACES.sub(" ", _visible(name[:4_000])).strip()
    is_own_domain = line.casefold() == domain.casefold().removeprefix("www.")
    if is_own_domain and _HOST.fullmatch(line):
        return _shortened(line, 80)
    return clean(name, limit=80)


@lru_cache(maxsize=4_096)
def to_markdown(text: str, *, dollars: bool) -> str:
    """Cleaned text that Markdown renders as it stands; `dollars` escapes $ as well.

    A lone $ is money; two of them are mathematics to many chat pages.
    """
    escaped = _ENTITY.sub("&amp;", text).translate(_MARKDOWN)
    # Only a name may still hold a domain; an escaped dot keeps link finders off it.
    escaped = _DOMAIN_DOT.sub(r"\\\1", escaped)
    return escaped.replace("$", "\\$") if dollars else escaped


def to_html(text: str) -> str:
    """Cleaned text that HTML renders as it stands, in text and in attributes."""
    return html.escape(text, quote=True)


def is_safe_url(url: object) -> bool:
    """Whether a link can stand in Markdown, HTML and text without any escaping."""
    return isinstance(url, str) and _SAFE_URL.fullmatch(url) is not None


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    marks = 0
    for letter in _ANSI.sub("", text):
        category = unicodedata.category(letter)
        if category in _SPACE_CATEGORIES or letter in "\t\n\v\f\r\x85":
            marks = 0
            kept.append(" ")
        elif category not in _DROPPED_CATEGORIES and ord(letter) not in _INVISIBLE:
            marks = marks + 1 if category in ("Mn", "Me") else 0
            if marks <= _STACKED_MARKS:
                kept.append(letter)
    return unicodedata.normalize("NFC", "".join(kept))


def _shortened(line: str, limit: int) -> str:
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
