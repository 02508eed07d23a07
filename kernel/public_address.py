"""Which URLs may be fetched for somebody else: pure rules, no network.

A URL names http or https, a host name with a dot, the scheme's own port, and nobody's password. A
host written as a number in any disguise is read as the address it is. An address is one of the open
internet, or it is refused: ours, the machine's, the cloud's metadata, and every IPv6 spelling that
leads to such an IPv4 one.

>>> public_url("HTTPS://Shop.Example./Shoes#top").text
'https://shop.example/Shoes'
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Literal
from urllib.parse import quote, urljoin, urlsplit

from kernel.errors import BadRequest

Reason = Literal[
    "url",
    "scheme",
    "userinfo",
    "port",
    "host",
    "address",
    "redirects",
    "downgrade",
    "too_large",
    "encoding",
    "content_type",
    "unreachable",
    "timeout",
    "malformed",
]
LONGEST: Final = 2_048
PORTS: Final = {"http": 80, "https": 443}
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER: Final = re.compile(r"0x[0-9a-f]*|[0-9]+")
# Names that never stand on the open internet, or stand for a cloud's own service.
_PRIVATE_SUFFIXES: Final = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "home.arpa",
    "in-addr.arpa",
    "ip6.arpa",
    "onion",
    "invalid",
    "test",
)
_REFUSED_V4: Final = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
        "192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 "
        "192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
        # A cloud's metadata behind an address that looks public.
        "168.63.129.16/32"
    ).split()
)
_OPEN_V6: Final = IPv6Network("2000::/3")
_REFUSED_V6: Final = tuple(
    IPv6Network(block)
    for block in "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20".split()
)


class EgressRefused(BadRequest):
    """A fetch that we do not make, or whose answer we do not take; `reason` is from a closed list."""

    code = "fetch_refused"

    def __init__(self, reason: Reason, message: str) -> None:
        self.reason: Reason = reason
        super().__init__(message)


@dataclass(frozen=True)
class PublicUrl:
    """A URL that passed the rules; `host` is a lower-case name, or an address of the open internet."""

    scheme: Literal["http", "https"]
    host: str
    target: str

    @property
    def port(self) -> int:
        """The scheme's own."""
        return PORTS[self.scheme]

    @property
    def text(self) -> str:
        """The URL, written one way."""
        return f"{self.scheme}://{self._written_host}{self.target}"

    @property
    def _written_host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def host_header(self) -> str:
        """What the Host header says."""
        return self._written_host


def public_url(url: str) -> PublicUrl:
    """The URL as we would fetch it. Raises EgressRefused."""
    if not 0 < len(url) <= LONGEST or any(ord(sign) <= 0x20 or ord(sign) == 0x7F for sign in url):
        raise EgressRefused(
            "url", "Write a web address without spaces, such as https://shop.example/."
        )
    if "\\" in url:
        raise EgressRefused("url", "A web address has no backslash.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise EgressRefused("url", "This is not a web address.") from None
    if parts.scheme not in PORTS:
        raise EgressRefused("scheme", "The address must begin with https:// or http://.")
    scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
    if "@" in parts.netloc:
        raise EgressRefused("userinfo", "Leave user name and password out of the address.")
    if parts.netloc.endswith(":") or port not in (None, PORTS[scheme]):
        raise EgressRefused("port", "Leave the port out of the address.")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return PublicUrl(
        scheme, _host(parts.hostname or "", parts.netloc), path + (f"?{query}" if query else "")
    )


def redirected(from_url: PublicUrl, location: str) -> PublicUrl:
    """Where a redirect leads, held to the same rules. Raises EgressRefused."""
    try:
        joined = urljoin(from_url.text, location.strip())
    except ValueError:
        raise EgressRefused("url", "The page sends us to something that is no address.") from None
    target = public_url(joined)
    if from_url.scheme == "https" and target.scheme == "http":
        raise EgressRefused("downgrade", "The page sends us from https to http.")
    return target


def public_address(text: str) -> str:
    """The address in its plain form. Raises EgressRefused unless it is of the open internet."""
    try:
        address = ip_address(text)
    except ValueError:
        raise _private() from None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            raise _private()
        embedded = address.ipv4_mapped
        if embedded is None:
            if address not in _OPEN_V6 or any(address in block for block in _REFUSED_V6):
                raise _private()
            return str(address)
        address = embedded
    if any(address in block for block in _REFUSED_V4):
        raise _private()
    return str(address)


def _host(name: str, netloc: str) -> str:
    if netloc.startswith("["):
        return public_address(name)
    if not name or "%" in name or "[" in netloc or "]" in netloc:
        raise EgressRefused("host", "The address names no host that we can look up.")
    try:
        # Full-width digits, circled numbers and other dots become plain ones here.
        plain = name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise EgressRefused("host", "The address names no host that we can look up.") from None
    plain = plain.removesuffix(".")
    labels = plain.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _written_address(plain)
    if len(plain) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(part) for part in labels):
        raise EgressRefused("host", "Write a host name with a dot, such as shop.example.")
    if any(plain == suffix or plain.endswith(f".{suffix}") for suffix in _PRIVATE_SUFFIXES):
        raise EgressRefused("host", "This host is not on the open internet.")
    return plain


def _written_address(plain: str) -> str:
    """Only four plain decimal numbers pass: 0177.1, 0x7f000001 and 2130706433 have other readings."""
    try:
        return public_address(str(IPv4Address(plain)))
    except ValueError:
        raise EgressRefused("host", "Write a host name instead of a number.") from None


def _private() -> EgressRefused:
    return EgressRefused("address", "This address is not on the open internet.")
