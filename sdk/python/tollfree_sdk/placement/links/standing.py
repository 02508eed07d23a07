"""May this link be touched? In a fixed order, and the first answer ends it.

    1 context       code, JSON, tool arguments, citations: `rewriter` never asks about those
    2 supplied      it came from the user or the developer
    3 not_web       no plain web address;  private_page: cart, sign-in, account
    4 signed        it carries a signature or a one-time code
    5 monetised     it carries somebody's tag, ours included, or leads to a redirector
    6 no_programme  no account covers the page;  not_attested: the agreement may forbid it

Fails towards standing down: what is in doubt is left as the model wrote it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from tollfree_sdk.placement.links.address import Address, place_of, places_in, read_address
from tollfree_sdk.placement.links.book import Line, LinkBook, programmes

_PRIVATE: Final = frozenset(
    "cart basket bag checkout buy payment payments pay signin sign-in signup sign-up login log-in logout "
    "register account accounts my-account myaccount profile order orders order-history your-orders returns "
    "wishlist wish-list gp-cart password reset reset-password forgot-password verify confirm unsubscribe "
    "invite oauth oauth2 auth sso session admin api hz your-account css addresses wallet".split()
)
_SIGNED: Final = frozenset(
    "x-amz-signature x-amz-credential x-amz-security-token x-goog-signature x-goog-credential signature "
    "sig policy key-pair-id token access_token id_token auth_token hmac hash expires expiry exp se sp sv "
    "code state nonce otp ticket session sessionid session_id sid_token jwt key api_key apikey secret "
    "password".split()
)
# Amazon also takes a tag as a part of the path; and its partners' tools leave their name in `ref`.
_PATH_TAG: Final = re.compile(
    r"/(?:ASIN|dp|product|d|-)/[A-Z0-9]{10}/(?:[^/]+/)*(?:[\w-]+-\d\d(?:/|$)|ref=(?:nosim|as_))"
)
_PARTNERS_REF: Final = ("as_", "nosim")
_CAMPAIGN: Final = frozenset(
    {
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_content",
        "utm_term",
        "cm_mmc",
        "ref",
        "source",
    }
)


class Standing(StrEnum):
    """Why a link stays as it is; REWRITTEN when it does not."""

    SUPPLIED = "supplied"
    NOT_WEB = "not_web"
    PRIVATE_PAGE = "private_page"
    SIGNED = "signed"
    MONETISED = "monetised"
    NO_PROGRAMME = "no_programme"
    NOT_ATTESTED = "not_attested"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Judged:
    """The standing of one link; `url` and `line` only when it is rewritten."""

    standing: Standing
    url: str = ""
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class Supplied:
    """The pages that the user or the developer named; theirs, not the model's."""

    places: frozenset[str] = frozenset()

    @classmethod
    def by(cls, texts: tuple[str, ...]) -> "Supplied":
        return cls(frozenset().union(*map(places_in, texts)))

    def holds(self, address: Address, line: Line | None) -> bool:
        """Whether this page, or the same product under another form of address, is among them."""
        if place_of(address.host, address.path) in self.places:
            return True
        product = line.product.search(address.path) if line and line.product else None
        if product is None:
            return False
        number = re.compile(rf"(?<![a-z0-9]){re.escape(product[1].casefold())}(?![a-z0-9])")
        return any(number.search(place) for place in self.places)


def judge(url: str, book: LinkBook, supplied: Supplied) -> Judged:
    """Decide about one link of the model's."""
    address = read_address(url)
    if address is None:
        return Judged(Standing.NOT_WEB)
    line = book.line_for(address)
    objection = _objection(address, book, supplied, line)
    if objection is not None or line is None:
        return Judged(objection or Standing.NO_PROGRAMME)
    written = line.write(address, book.sub)
    return (
        Judged(Standing.NOT_WEB) if written is None else Judged(Standing.REWRITTEN, written, line)
    )


def _objection(
    address: Address, book: LinkBook, supplied: Supplied, line: Line | None
) -> Standing | None:
    if supplied.holds(address, line):
        return Standing.SUPPLIED
    if _is_private(address):
        return Standing.PRIVATE_PAGE
    if _is_signed(address, line):
        return Standing.SIGNED
    if _is_monetised(address) or book.original_of(address.url) is not None:
        return Standing.MONETISED
    if line is not None and not line.may_write:
        return Standing.NOT_ATTESTED
    return None


def _is_private(address: Address) -> bool:
    segments = re.split(r"[/;]", address.path.casefold())
    return not _PRIVATE.isdisjoint(segments)


def _is_signed(address: Address, line: Line | None) -> bool:
    # A merchant's own page may carry a parameter that elsewhere is a signature.
    names = set(address.parameters) - (line.own_parameters if line else frozenset())
    return not _SIGNED.isdisjoint(names) or any(
        name.startswith(("oauth_", "x-amz-", "x-goog-")) for name in names
    )


def _is_monetised(address: Address) -> bool:
    stand_down = _stand_down()
    if not stand_down.parameters.isdisjoint(address.parameters):
        return True
    if any(_is_campaign_of_a_partner(name, value) for name, value in address.pairs):
        return True
    labels = address.host.split(".")
    parents = {".".join(labels[start:]) for start in range(len(labels) - 1)}
    return (
        not stand_down.redirectors.isdisjoint(parents) or _PATH_TAG.search(address.path) is not None
    )


def _is_campaign_of_a_partner(name: str, value: str) -> bool:
    """Somebody's campaign parameters that name an affiliate network: the sale is counted for them."""
    if name == "ref_" and value.startswith(_PARTNERS_REF):
        return True
    return name in _CAMPAIGN and _stand_down().campaign.search(value) is not None


@dataclass(frozen=True, slots=True)
class _StandDown:
    parameters: frozenset[str]
    redirectors: frozenset[str]
    campaign: re.Pattern[str]


@cache
def _stand_down() -> _StandDown:
    data = programmes()["stand_down"]
    return _StandDown(
        frozenset(data["parameters"]),
        frozenset(data["redirectors"]),
        re.compile(data["campaign_words"]),
    )
