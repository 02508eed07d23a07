"""What an app decided about ads in its answers, what its keys prefer, and what requests may change.

    app (settings and policy) ── key (its own defaults) ── request (within the policy)

A request may ask for less: higher relevance, fewer ads, more that is blocked. It may choose among
the formats that the policy allows, and switch ads off only where the policy says so. Pure.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from kernel.errors import BadRequest
from tollfree_sdk.contract import Delivery, Format

_ALL_FORMATS: Final = tuple(Format)
#: What stands in the app's policy; everything else has a column of its own.
_POLICY: Final = (
    "allowed_formats", "may_turn_off", "blocked_advertisers", "min_relevance", "ads_per_session",
    "turns_between",
)  # fmt: skip
_TEXTS: Final = frozenset({"blocked_categories", "blocked_domains", "blocked_advertisers"})


@dataclass(frozen=True, slots=True)
class AdSettings:
    """The settings that hold for one key; `allowed_formats` and `may_turn_off` bind requests."""

    enabled: bool = True
    delivery: Delivery = Delivery.CONTENT
    formats: tuple[Format, ...] = (Format.UNIT,)
    blocked_categories: tuple[str, ...] = ()
    blocked_domains: tuple[str, ...] = ()
    blocked_advertisers: tuple[str, ...] = ()
    min_relevance: float = 0.0
    ads_per_session: int | None = None
    turns_between: int = 0
    allowed_formats: tuple[Format, ...] = _ALL_FORMATS
    may_turn_off: bool = False

    def with_values(self, given: Mapping[str, Any]) -> "AdSettings":
        """The same with stored or told values in place. Raises BadRequest that names one."""
        known = {field.name for field in fields(self)}
        unknown = given.keys() - known
        if unknown:
            raise BadRequest(f"Ad settings have no {min(unknown)}.", param=min(unknown))
        return replace(self, **{name: _read(name, value) for name, value in given.items()})


def policy_of(settings: AdSettings) -> dict[str, Any]:
    """The part of the settings that is stored as the app's policy."""
    return {name: value for name, value in asdict(settings).items() if name in _POLICY}


def _read(name: str, value: Any) -> Any:
    try:
        if name in {"formats", "allowed_formats"}:
            return tuple(map(Format, _texts(value)))
        if name == "delivery":
            return Delivery(value)
        if name in _TEXTS:
            return _texts(value)
    except ValueError:
        raise _wrong(name, "one of the words that docs/settings.md lists") from None
    return _number_or_flag(name, value)


def _number_or_flag(name: str, value: Any) -> Any:
    if name in {"enabled", "may_turn_off"}:
        if not isinstance(value, bool):
            raise _wrong(name, "true or false")
        return value
    if name == "min_relevance":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise _wrong(name, "a number between 0 and 1")
        return float(value)
    if value is None and name == "ads_per_session":
        return None
    if type(value) is not int or not 0 <= value <= 1_000:
        raise _wrong(name, "a whole number from 0 to 1000")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise ValueError
    return tuple(value)


def _wrong(name: str, expected: str) -> BadRequest:
    return BadRequest(f"{name} must be {expected}.", param=name)
