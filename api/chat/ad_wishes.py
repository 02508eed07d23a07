"""What a request says about its ads: the `tollfree` object and the `x-tollfree-*` headers.

Neither ever reaches the upstream. They choose where an ad travels and narrow what may be shown; they
cannot remove its label. Wrong types are the caller's mistake and get a clear 400.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kernel.errors import BadRequest
from tollfree_sdk.contract import Delivery, Format

_MAX_LISTED: Final = 50
_MAX_LENGTH: Final = 200
_HEADERS: Final = {"x-tollfree-session": "session", "x-tollfree-delivery": "delivery"}


@dataclass(frozen=True, slots=True)
class AdWishes:
    """One request's wishes; None leaves the matter to the settings of the app."""

    session: str | None = None
    delivery: Delivery | None = None
    formats: tuple[Format, ...] | None = None
    country: str | None = None
    language: str | None = None
    consent: bool = True
    minor: bool = False
    keywords: tuple[str, ...] = ()
    blocked_categories: tuple[str, ...] = ()
    blocked_domains: tuple[str, ...] = ()


_NONE: Final = AdWishes()


def read_wishes(given: Any, headers: Mapping[str, str]) -> AdWishes:
    """Read the object, then the headers; the object wins. Raises BadRequest."""
    wishes = {name: headers[header] for header, name in _HEADERS.items() if header in headers}
    if given is None and not wishes:
        return _NONE
    if given is not None and not isinstance(given, dict):
        raise BadRequest("`tollfree` must be an object.", param="tollfree")
    wishes.update(given or {})
    return AdWishes(
        session=_text(wishes, "session"),
        delivery=_delivery(wishes),
        formats=_formats(wishes),
        country=_text(wishes, "country"),
        language=_text(wishes, "language"),
        consent=_flag(wishes, "consent", default=True),
        minor=_flag(wishes, "minor", default=False),
        keywords=_texts(wishes, "keywords"),
        blocked_categories=_texts(wishes, "blocked_categories"),
        blocked_domains=_texts(wishes, "blocked_domains"),
    )


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
