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
#: What binds the keys and requests of an app, and is no key's to change.
_OF_THE_APP: Final = frozenset({"allowed_formats", "may_turn_off"})
_EXPECTED: Final = {
    "delivery": f"one of {', '.join(Delivery)}",
    "formats": f"a list of {', '.join(Format)}",
    "allowed_formats": f"a list of {', '.join(Format)}",
}
_MOST_LISTED: Final = 200
_LONGEST: Final = 200


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


def checked_for_app(settings: AdSettings) -> AdSettings:
    """The same, if an app may be set so. Raises BadRequest that names what is wrong."""
    beyond = [one.value for one in settings.formats if one not in settings.allowed_formats]
    if beyond:
        raise BadRequest(
            f"The app's formats name {beyond[0]}, which its allowed_formats do not. Allow it, or "
            "leave it out of formats.",
            param="formats",
        )
    return settings


def checked_for_key(of_app: AdSettings, wishes: Mapping[str, Any]) -> dict[str, Any]:
    """What a key prefers, as it is stored. Raises BadRequest where its app's policy forbids it."""
    own = _OF_THE_APP & wishes.keys()
    if own:
        raise BadRequest(f"{min(own)} is set for the whole app, not for one key.", param=min(own))
    wanted = of_app.with_values(wishes)
    if not wanted.enabled and of_app.enabled and not of_app.may_turn_off:
        raise BadRequest(
            "The app's policy does not let a key switch ads off. Set may_turn_off for the app first.",
            param="enabled",
        )
    if "formats" in wishes:
        checked_for_app(replace(of_app, formats=wanted.formats))
    told = told_of(wanted)
    return {name: told[name] for name in wishes}


def for_key(of_app: AdSettings, wishes: Mapping[str, Any]) -> AdSettings:
    """The settings that hold for a key: its defaults, within what the app's policy is today.

    What an app blocks stays blocked, and its limits only ever get tighter.
    """
    wanted = of_app.with_values(
        {name: value for name, value in wishes.items() if name not in _OF_THE_APP}
    )
    allowed = tuple(one for one in wanted.formats if one in of_app.allowed_formats)
    return replace(
        wanted,
        enabled=of_app.enabled and (wanted.enabled or not of_app.may_turn_off),
        formats=allowed,
        blocked_categories=_both(of_app.blocked_categories, wanted.blocked_categories),
        blocked_domains=_both(of_app.blocked_domains, wanted.blocked_domains),
        blocked_advertisers=_both(of_app.blocked_advertisers, wanted.blocked_advertisers),
        min_relevance=max(of_app.min_relevance, wanted.min_relevance),
        ads_per_session=_fewer(of_app.ads_per_session, wanted.ads_per_session),
        turns_between=max(of_app.turns_between, wanted.turns_between),
    )


def told_of(settings: AdSettings) -> dict[str, Any]:
    """The settings as JSON has them."""
    return {
        name: [str(one) for one in value] if isinstance(value, tuple) else _plain(value)
        for name, value in asdict(settings).items()
    }


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
        raise _wrong(name, _EXPECTED.get(name, "a list of at most 200 short texts")) from None
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
    if not isinstance(value, list | tuple) or len(value) > _MOST_LISTED:
        raise ValueError
    if not all(isinstance(one, str) and 0 < len(one) <= _LONGEST for one in value):
        raise ValueError
    return tuple(dict.fromkeys(value))


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _fewer(one: int | None, other: int | None) -> int | None:
    limits = [limit for limit in (one, other) if limit is not None]
    return min(limits) if limits else None


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Delivery) else value


def _wrong(name: str, expected: str) -> BadRequest:
    return BadRequest(f"{name} must be {expected}.", param=name)
