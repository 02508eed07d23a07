"""Read a link the strict way.

What a browser might read in another way (user names, ports, backslashes, escaped or foreign
letters in the host) is no address here, so that no look-alike passes for a merchant. Never changes
a byte: the parts point into the link as it was written.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

_ADDRESS: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)"
    r"(?P<path>/[^?#\s]*)?(?P<query>\?[^#\s]*)?(?P<fragment>#\S*)?",
    re.IGNORECASE,
)
_ODD: Final = re.compile(r"[\\\x00-\x20\x7f\"<>^`{|}]|[^\x00-\x7f]|%(?![0-9A-Fa-f]{2})")
_MENTIONED: Final = re.compile(
    r"(?<![\w.-])(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})((?:/[^\s<>\"'`?#]*)?)", re.IGNORECASE
)
_FORM_PREFIXES: Final = re.compile(r"^(?:www|smile|m|mobile|amp)\.")


@dataclass(frozen=True, slots=True)
class Address:
    """``https://www.shop.example/p/1?size=2#top`` in parts; `query` without its question mark."""

    url: str
    host: str
    path: str
    query: str | None
    fragment: str

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The query as a server reads it, in small letters; an escaped name is no hiding place."""
        parts = (part.partition("=") for part in re.split(r"[&;]", self.query or "") if part)
        return tuple(
            (unquote_plus(name).casefold(), unquote_plus(value).casefold())
            for name, _, value in parts
        )

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the query, in small letters."""
        return tuple(name for name, _ in self.pairs)

    @property
    def path_and_query(self) -> str:
        return self.path + ("" if self.query is None else f"?{self.query}")


def read_address(url: str) -> Address | None:
    """The parts of a plain web address with a host name; None for anything else."""
    found = None if _ODD.search(url) else _ADDRESS.fullmatch(url)
    if found is None or found["host"].replace(".", "").isdecimal():
        return None
    query = found["query"]
    return Address(
        url=url,
        host=found["host"].casefold(),
        path=found["path"] or "",
        query=None if query is None else query[1:],
        fragment=found["fragment"] or "",
    )


def place_of(host: str, path: str) -> str:
    """By which two ways of writing one page are known as one: host and path, bare."""
    return _FORM_PREFIXES.sub("", host.casefold()) + path.rstrip("/.,;:!?)*_").casefold()


def places_in(text: str) -> frozenset[str]:
    """Every page that a text names, with or without a scheme."""
    return frozenset(place_of(host, path) for host, path in _MENTIONED.findall(text))
