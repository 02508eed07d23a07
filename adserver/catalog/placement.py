"""A placement: where and how a publisher shows ads. It narrows what a request may ask for.

Pure. ``Placement("sidebar", formats=("unit",), floor=Micros(50_000), min_relevance=0.6)`` takes
cards only, for at least $0.05 a click, that fit well.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from adserver.catalog.categories import CATEGORIES
from kernel.errors import BadRequest
from kernel.money import ZERO, Micros
from tollfree_sdk.contract import AdRequest, Format

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_DOMAIN: Final = re.compile(r"(?:[a-z0-9-]+\.)+[a-z0-9-]+")
_MOST_LISTED: Final = 1_000
_LONGEST: Final = 120
_KNOWN: Final = frozenset(
    {"formats", "floor_micros", "min_relevance", "ads_per_session"}
    | {"blocked_categories", "blocked_domains", "blocked_advertisers"}
)


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a publisher does not show; domains cover those under them, advertisers go by id or name."""

    categories: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    advertisers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """One of a publisher's placements."""

    name: str
    formats: tuple[str, ...] = (Format.UNIT.value,)
    blocks: Blocks = Blocks()
    floor: Micros = ZERO
    min_relevance: float = 0.0
    ads_per_session: int | None = None

    def narrow(self, request: AdRequest) -> AdRequest:
        """The request within this placement."""
        most = [self.ads_per_session, request.ads_per_session]
        return replace(
            request,
            formats=tuple(one for one in request.formats if one.value in self.formats),
            blocked_categories=request.blocked_categories + self.blocks.categories,
            blocked_domains=request.blocked_domains + self.blocks.domains,
            blocked_advertisers=request.blocked_advertisers + self.blocks.advertisers,
            floor_micros=max(request.floor_micros, self.floor.amount),
            min_relevance=max(request.min_relevance, self.min_relevance),
            ads_per_session=min((one for one in most if one is not None), default=None),
        )


def placement_name(name: str) -> str:
    """A name as it may stand in requests and addresses. Raises BadRequest."""
    if _NAME.fullmatch(name) is None:
        raise BadRequest(
            "A placement's name has small letters, digits and dashes, at most 40.", param="name"
        )
    return name


def placement(name: str, told: Mapping[str, Any]) -> Placement:
    """Read a placement from a body. Raises BadRequest that names the wrong member."""
    unknown = set(told) - _KNOWN
    if unknown:
        raise BadRequest(f"A placement has no {min(unknown)}.", param=min(unknown))
    return Placement(
        placement_name(name),
        formats=formats_in(told.get("formats", (Format.UNIT.value,))),
        blocks=blocks_in(
            {
                kind: told.get(f"blocked_{kind}", ())
                for kind in ("categories", "domains", "advertisers")
            }
        ),
        floor=Micros(_whole(told.get("floor_micros", 0), "floor_micros")),
        min_relevance=_share(told.get("min_relevance", 0.0)),
        ads_per_session=None
        if told.get("ads_per_session") is None
        else _whole(told["ads_per_session"], "ads_per_session"),
    )


def formats_in(names: Any) -> tuple[str, ...]:
    """Known formats, at least one. Raises BadRequest."""
    listed = _texts(names, "formats")
    if not listed or not set(listed) <= {form.value for form in Format}:
        raise BadRequest(f"formats must be some of {', '.join(Format)}.", param="formats")
    return listed


def blocks_in(told: Mapping[str, Any]) -> Blocks:
    """A block list from a body. Raises BadRequest that names the wrong member."""
    unknown = set(told) - {"categories", "domains", "advertisers"}
    if unknown:
        raise BadRequest(f"A block list has no {min(unknown)}.", param=min(unknown))
    categories = _texts(told.get("categories", ()), "categories")
    wrong = [name for name in categories if name not in CATEGORIES]
    if wrong:
        raise BadRequest(f"There is no category {wrong[0]}.", param="categories")
    domains = tuple(one.casefold() for one in _texts(told.get("domains", ()), "domains"))
    if not all(_DOMAIN.fullmatch(one) for one in domains):
        raise BadRequest("domains must be names such as shop.example.", param="domains")
    names = _texts(told.get("advertisers", ()), "advertisers")
    return Blocks(categories, domains, tuple(one.casefold() for one in names))


def _texts(values: Any, name: str) -> tuple[str, ...]:
    fine = isinstance(values, list | tuple) and len(values) <= _MOST_LISTED
    if not fine or not all(isinstance(one, str) and len(one) <= _LONGEST for one in values):
        raise BadRequest(f"{name} must be a list of short strings.", param=name)
    return tuple(dict.fromkeys(values))


def _whole(value: Any, name: str) -> int:
    if type(value) is not int or not 0 <= value <= 10**12:
        raise BadRequest(f"{name} must be a whole number, not negative.", param=name)
    return value


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise BadRequest("min_relevance must be between 0 and 1.", param="min_relevance")
    return float(value)
