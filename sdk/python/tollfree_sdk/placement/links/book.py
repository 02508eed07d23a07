"""The affiliate programmes as data, and the operator's accounts in them.

A programme says which pages it is about and how its link is written; an account adds the ids. Both
directions come from one template, so that a link that was written can be read back: `write` and
`read` are inverse. Without an account nothing is rewritten, and Amazon's needs the operator's word
that its agreement allows links in the answers of a language model.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from typing import Any, Final
from urllib.parse import quote, unquote

from tollfree_sdk.placement.links.address import Address

_SUB: Final = r"[A-Za-z0-9_-]*"
_NAME: Final = re.compile(r"\w[\w .&'-]{0,59}")
_VALUE: Final = re.compile(r"[A-Za-z0-9._-]{1,80}")


@dataclass(frozen=True, slots=True)
class Account:
    """The operator's membership of one programme, for one store or for the hosts of one merchant.

    ``Account("amazon", {"tag": "shop-20"}, store="com", allows_ai=True)``
    ``Account("awin", {"merchant": "1", "publisher": "2"}, merchant="Hexley", hosts=("hexley.example",))``
    """

    programme: str
    values: Mapping[str, str]
    store: str = ""
    merchant: str = ""
    hosts: tuple[str, ...] = ()
    allows_ai: bool = False


@dataclass(frozen=True)
class Line:
    """One account, ready to be used: the hosts and pages it covers and how it writes a link."""

    merchant: str
    hosts: frozenset[str]
    pages: re.Pattern[str] | None
    product: re.Pattern[str] | None
    template: str
    values: Mapping[str, str]
    is_suffix: bool
    may_write: bool
    longest_sub: int
    sentence: str
    own_parameters: frozenset[str] = frozenset()

    def write(self, address: Address, sub: str) -> str | None:
        """The affiliate link to `address`; None where the way back would not be clear."""
        filled = _filled(self.template, self.values, sub=sub[: self.longest_sub])
        if self.is_suffix:
            base = address.url.removesuffix(address.fragment) if address.fragment else address.url
            if base.endswith(("?", "&", "#")):
                return None
            url = f"{base}{'&' if '?' in base else '?'}{filled}{address.fragment}"
        else:
            url = filled.replace("{url}", quote(address.url, safe="")).replace(
                "{raw_url}", address.url
            )
        return url if self.read(url) == address.url else None

    def read(self, url: str) -> str | None:
        """The original inside a link that this line wrote; None if it did not."""
        found = self._written.fullmatch(url)
        if found is None:
            return None
        if self.is_suffix:
            return found["base"] + (found["fragment"] or "")
        inside = found["url"]
        if "{raw_url}" in self.template:
            return inside
        original = unquote(inside)
        return original if quote(original, safe="") == inside else None

    @cached_property
    def _written(self) -> re.Pattern[str]:
        pattern = re.escape(_filled(self.template, self.values, sub="\0"))
        pattern = pattern.replace(re.escape("\0"), _SUB)
        if self.is_suffix:
            return re.compile(rf"(?P<base>[^?#]*(?=\?)[^#]*?)[?&]{pattern}(?P<fragment>#.*)?")
        for name in ("{url}", "{raw_url}"):
            pattern = pattern.replace(re.escape(name), r"(?P<url>https?(?:%3A|:).+)")
        return re.compile(pattern)


@dataclass(frozen=True)
class LinkBook:
    """Everything that rewriting needs to know, for one app.

    `sub_id` leads earnings back to the app.
    """

    accounts: tuple[Account, ...] = ()
    sub_id: str = ""
    _lines: tuple[Line, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_lines", tuple(map(_line, self.accounts)))

    @property
    def sub(self) -> str:
        """The sub-id in the few letters that every network takes."""
        return re.sub(r"[^A-Za-z0-9_-]", "", self.sub_id)

    def line_for(self, address: Address) -> Line | None:
        """The account that covers this page."""
        covering = (line for line in self._lines if address.host in line.hosts)
        return next(
            (
                line
                for line in covering
                if line.pages is None or line.pages.fullmatch(address.path_and_query)
            ),
            None,
        )

    def original_of(self, url: str) -> tuple[str, Line] | None:
        """What one of our own links was before, and the line that wrote it."""
        for line in self._lines:
            original = line.read(url)
            if original is not None:
                return original, line
        return None


@cache
def programmes() -> dict[str, Any]:
    """The data file."""
    source = resources.files(__package__).joinpath("programmes.json")
    loaded: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return loaded


def _line(account: Account) -> Line:
    """Raises ValueError for an account that does not fit its programme."""
    for value in (*account.values.values(), *account.hosts):
        if not _VALUE.fullmatch(value):
            raise ValueError(f"An id of the {account.programme} account has odd characters.")
    merchant = next(
        (one for one in programmes()["merchants"] if one["id"] == account.programme), None
    )
    if merchant is not None:
        return _line_of_merchant(account, merchant)
    network = next(
        (one for one in programmes()["networks"] if one["id"] == account.programme), None
    )
    if network is None:
        raise ValueError(f"There is no affiliate programme {account.programme!r}.")
    if not account.hosts or not _NAME.fullmatch(account.merchant):
        raise ValueError(f"The {account.programme} account needs a merchant and its hosts.")
    hosts = frozenset(prefix + host for host in account.hosts for prefix in ("", "www."))
    return _checked(
        Line(
            account.merchant, hosts, None, None, network["template"], account.values,
            is_suffix=False, may_write=True, longest_sub=network.get("longest_sub", 64), sentence="",
        )
    )  # fmt: skip


def _line_of_merchant(account: Account, merchant: dict[str, Any]) -> Line:
    store = merchant["stores"].get(account.store or "com")
    if store is None:
        raise ValueError(f"{merchant['name']} has no store {account.store!r}.")
    values = {name: value for name, value in store.items() if name != "host"} | dict(account.values)
    return _checked(
        Line(
            merchant=merchant["name"],
            hosts=frozenset(prefix + store["host"] for prefix in merchant["prefixes"]),
            pages=re.compile("|".join(f"(?:{page})" for page in merchant["pages"])),
            product=re.compile(merchant["product"]),
            template=merchant["template"],
            values=values,
            is_suffix=merchant["kind"] == "suffix",
            may_write=account.allows_ai or not merchant.get("needs_attestation", False),
            longest_sub=merchant.get("longest_sub", 64),
            sentence=merchant.get("sentence", ""),
            own_parameters=frozenset(merchant.get("own_parameters", ())),
        )
    )


def _checked(line: Line) -> Line:
    missing = re.findall(
        r"\{(?!url|raw_url|sub)(\w+)\}", _filled(line.template, line.values, sub="")
    )
    if missing:
        raise ValueError(f"The {line.merchant} account needs {', '.join(missing)}.")
    return line


def _filled(template: str, values: Mapping[str, str], *, sub: str) -> str:
    for name, value in {**values, "sub": sub}.items():
        template = template.replace("{" + name + "}", value)
    return template
