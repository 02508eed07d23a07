"""What a request says about its ads: the `tollfree` object and the `x-tollfree-*` headers.

Neither ever reaches the upstream. They choose where an ad travels and narrow what may be shown; they
cannot remove its label. Wrong types are the caller's mistake and get a clear 400. A header says
what the member of the same name says, lists parted by commas: ``x-tollfree-formats: mention, unit``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kernel.errors import BadRequest
from tollfree_sdk.contract import Delivery, Format

_MAX_LISTED: Final = 50
_MAX_LENGTH: Final = 200
_MOST_ADS: Final = 1_000
_PREFIX: Final = "x-tollfree-"
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LISTS: Final = frozenset(
    {"formats", "keywords", "blocked_categories", "blocked_domains", "blocked_advertisers"}
)
_FLAGS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_TEXTS: Final = frozenset(
    {"session", "end_user", "placement", "delivery", "country", "language", "ads"}
)


@dataclass(frozen=True, slots=True)
class AdWishes:
    """One request's wishes; None leaves the matter to the settings of the app.

    `ads_off` asks for an answer without ads, `ads_per_session` and `turns_between` for fewer.
    """

    session: str | None = None
    end_user: str | None = None
    placement: str | None = None
    delivery: Delivery | None = None
    formats: tuple[Format, ...] | None = None
    country: str | None = None
    language: str | None = None
    consent: bool = True
    minor: bool = False
    ads_off: bool = False
    min_relevance: float = 0.0
    ads_per_session: int | None = None
    turns_between: int = 0
    keywords: tuple[str, ...] = ()
    blocked_categories: tuple[str, ...] = ()
    blocked_domains: tuple[str, ...] = ()
    blocked_advertisers: tuple[str, ...] = ()


_NONE: Final = AdWishes()


def read_wishes(given: Any, headers: Mapping[str, str]) -> AdWishes:
    """Read the object, then the headers; the object wins. Raises BadRequest."""
    wishes = _told_by(headers)
    if given is None and not wishes:
        return _NONE
    if given is not None and not isinstance(given, dict):
        raise BadRequest("`tollfree` must be an object.", param="tollfree")
    wishes.update(given or {})
    most, between = _frequency(wishes)
    return AdWishes(
        session=_text(wishes, "session"),
        end_user=_text(wishes, "end_user"),
        placement=_placement(wishes),
        delivery=_delivery(wishes),
        formats=_formats(wishes),
        country=_text(wishes, "country"),
        language=_text(wishes, "language"),
        consent=_flag(wishes, "consent", default=True),
        minor=_flag(wishes, "minor", default=False),
        ads_off=_is_off(wishes),
        min_relevance=_share(wishes, "min_relevance"),
        ads_per_session=most,
        turns_between=between,
        keywords=_texts(wishes, "keywords"),
        blocked_categories=_texts(wishes, "blocked_categories"),
        blocked_domains=_texts(wishes, "blocked_domains"),
        blocked_advertisers=_texts(wishes, "blocked_advertisers"),
    )


def _told_by(headers: Mapping[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for header, value in headers.items():
        if not header.startswith(_PREFIX):
            continue
        name = header.removeprefix(_PREFIX).replace("-", "_")
        if name in _TEXTS:
            told[name] = value
        elif name in _LISTS:
            told[name] = [part.strip() for part in value.split(",") if part.strip()]
        elif name in {"consent", "minor"}:
            told[name] = _FLAGS.get(value.strip().lower(), value)
        elif name in {"min_relevance", "frequency"}:
            told[name] = _number(value)
    return told


def _number(value: str) -> Any:
    """The number that a header holds; text that is none is refused later, by name."""
    try:
        return float(value) if "." in value else int(value)
    except ValueError:
        return value


def _delivery(wishes: Mapping[str, Any]) -> Delivery | None:
    name = _text(wishes, "delivery")
    if name is not None and name not in set(Delivery):
        raise _wrong("delivery", f"one of {', '.join(Delivery)}")
    return None if name is None else Delivery(name)


def _formats(wishes: Mapping[str, Any]) -> tuple[Format, ...] | None:
    if wishes.get("formats") is None:
        return None
    names = _texts(wishes, "formats")
    if not set(names) <= set(Format):
        raise _wrong("formats", f"a list of {', '.join(Format)}")
    return tuple(Format(name) for name in names)


def _placement(wishes: Mapping[str, Any]) -> str | None:
    name = _text(wishes, "placement")
    if name is not None and _SLUG.fullmatch(name) is None:
        raise _wrong("placement", "a name in small letters, digits and dashes, at most 40")
    return name


def _is_off(wishes: Mapping[str, Any]) -> bool:
    name = _text(wishes, "ads")
    if name not in {None, "on", "off"}:
        raise _wrong("ads", "on or off")
    return name == "off"


def _frequency(wishes: Mapping[str, Any]) -> tuple[int | None, int]:
    """``{"ads_per_session": 3, "turns_between": 2}``, or the first of the two as a number."""
    given = wishes.get("frequency")
    if given is None:
        return None, 0
    told = given if isinstance(given, dict) else {"ads_per_session": given}
    values = [told.get("ads_per_session"), told.get("turns_between", 0)]
    is_sound = told.keys() <= {"ads_per_session", "turns_between"} and all(
        (type(value) is int and 0 <= value <= _MOST_ADS) for value in values if value is not None
    )
    if not is_sound:
        raise _wrong("frequency", "ads_per_session and turns_between, whole numbers up to 1000")
    return values[0], values[1] or 0


def _share(wishes: Mapping[str, Any], name: str) -> float:
    value = wishes.get(name)
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise _wrong(name, "a number between 0 and 1")
    return float(value)


def _text(wishes: Mapping[str, Any], name: str) -> str | None:
    value = wishes.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > _MAX_LENGTH):
        raise _wrong(name, f"a string of at most {_MAX_LENGTH} characters")
    return value


def _flag(wishes: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = wishes.get(name)
    if value is not None and not isinstance(value, bool):
        raise _wrong(name, "true or false")
    return default if value is None else value


def _texts(wishes: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = wishes.get(name)
    if values is None:
        return ()
    fine = isinstance(values, list) and len(values) <= _MAX_LISTED
    if not fine or not all(
        isinstance(value, str) and len(value) <= _MAX_LENGTH for value in values
    ):
        raise _wrong(name, f"a list of at most {_MAX_LISTED} short strings")
    return tuple(values)


def _wrong(name: str, expected: str) -> BadRequest:
    return BadRequest(f"`tollfree.{name}` must be {expected}.", param=f"tollfree.{name}")
