"""The operator's file of upstreams and models, in TOML.

    [upstreams.fast]
    url = "https://api.example.com/v1"
    key = "groq"                    # by the provider's name in the environment, or key_file = "…"
    rpm = 30                        # its limits, shared by all workers: rpm, rpd, tpm, tpd
    terms = ["no-resale"]           # or "no-ads": never asked for an answer that carries an ad
    images = "inline"               # we fetch what a request links to; "link" passes addresses on
    note = "no training on inputs"  # for people
    on_disconnect = "drain"         # it bills to the end anyway; else "cancel"

    [upstreams.claude]
    translate = "anthropic"         # a format of its own: litellm's word for the provider
    key_file = "/run/secrets/claude"

    [[models]]
    name = "small"
    legs = [
      { upstream = "fast", model = "llama-8b", weight = 3, price = { input = "0.05", output = "0.08" } },
      { upstream = "other", model = "mini", tier = 1 },
    ]

Prices are dollars for a million tokens, written as text. Refuses what it does not know, so that a
typing error is told at once and not found in a bill. Pure.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from api.upstream.bounds import TERMS, Bounds
from api.upstream.litellm_upstream import LitellmUpstream, TranslatedSettings
from api.upstream.prices import FREE, Price
from api.upstream.relay import RelaySettings, RelayTimeouts, RelayUpstream
from api.upstream.routing import Leg, ModelAlias
from kernel.errors import SettingsInvalid
from kernel.money import Micros

KeyOf = Callable[[str], str | None]
AnySettings = RelaySettings | TranslatedSettings
AnyUpstream = RelayUpstream | LitellmUpstream
_Relays = Mapping[str, tuple[AnySettings, Bounds]]

_UPSTREAM: Final = frozenset(
    "url translate key key_file terms note reports_usage connections connect_seconds "
    "silence_seconds total_seconds on_disconnect images rpm rpd tpm tpd".split()
)
_MODEL: Final = frozenset({"name", "owned_by", "legs"})
_LEG: Final = frozenset({"upstream", "model", "tier", "weight", "price"})
_PRICE: Final = frozenset(field.name for field in fields(Price))


@dataclass(frozen=True, slots=True)
class PlannedLeg:
    """One leg, with the settings of its upstream."""

    upstream: AnySettings
    model: str
    price: Price
    tier: int
    weight: float
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class PlannedModel:
    name: str
    owned_by: str
    legs: tuple[PlannedLeg, ...]


def read_plan(text: str, key_of: KeyOf) -> tuple[PlannedModel, ...]:
    """The models in a file. Raises SettingsInvalid that says where it is wrong."""
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"it is not TOML: {error}") from None
    _only(written, frozenset({"upstreams", "models"}), "the file")
    relays = {
        name: _bounded(name, _table(given, f"upstreams.{name}"), key_of)
        for name, given in _table(written.get("upstreams"), "upstreams").items()
    }
    models = written.get("models")
    if not isinstance(models, list) or not models:
        raise _wrong("it has no [[models]]")
    planned = tuple(_model(_table(given, "models"), relays) for given in models)
    if len({model.name for model in planned}) != len(planned):
        raise _wrong("two models have the same name")
    return planned


def aliases_of(
    planned: Sequence[PlannedModel], known: Mapping[AnySettings, AnyUpstream]
) -> list[ModelAlias]:
    """The aliases of a plan; upstreams that are `known` already keep their connections."""
    upstreams: dict[AnySettings, AnyUpstream] = dict(known)

    def leg_of(leg: PlannedLeg) -> Leg:
        upstream = upstreams.setdefault(leg.upstream, _built(leg.upstream))
        return Leg(upstream, leg.model, leg.price, leg.tier, leg.weight, leg.bounds)

    aliases = []
    for model in planned:
        first, *others = map(leg_of, model.legs)
        aliases.append(
            ModelAlias(
                model.name,
                first.upstream,
                first.model,
                owned_by=model.owned_by,
                price=first.price,
                others=tuple(others),
                tier=first.tier,
                weight=first.weight,
                bounds=first.bounds,
            )
        )
    return aliases


def _built(settings: AnySettings) -> AnyUpstream:
    if isinstance(settings, TranslatedSettings):
        return LitellmUpstream(settings)
    return RelayUpstream(settings)


def _bounded(name: str, given: Mapping[str, Any], key_of: KeyOf) -> tuple[AnySettings, Bounds]:
    return _upstream(name, given, key_of), _bounds(given, f"upstreams.{name}")


def _bounds(given: Mapping[str, Any], where: str) -> Bounds:
    terms = given.get("terms", [])
    if not isinstance(terms, list) or not TERMS.issuperset(map(str, terms)):
        raise _wrong(f"{where}.terms must be a list of {', '.join(sorted(TERMS))}")
    # A library that fetches for itself is never given an address.
    images = given.get("images", "inline" if given.get("translate") else "link")
    if images not in ("link", "inline") or (images == "link" and given.get("translate")):
        raise _wrong(f'{where}.images must be "inline", or "link" where nothing is translated')
    limits = {name: given[name] for name in ("rpm", "rpd", "tpm", "tpd") if name in given}
    for name, limit in limits.items():
        if type(limit) is not int or limit < 1:
            raise _wrong(f"{where}.{name} must be a whole number above 0")
    return Bounds(**limits, carries_ads=not terms, images=images)


def _upstream(name: str, given: Mapping[str, Any], key_of: KeyOf) -> AnySettings:
    where = f"upstreams.{name}"
    _only(given, _UPSTREAM, where)
    translated = given.get("translate")
    url = "" if translated and "url" not in given else _text(given, "url", where)
    if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
        raise _wrong(f"{where}.url is not an address such as https://api.example.com/v1")
    source = given.get("key") or given.get("key_file")
    key = key_of(str(source)) if source else None
    if source and not key:
        raise _wrong(f"{where} names the key {str(source)!r}, and there is none")
    if translated:
        limits, ending = _timeouts(given, where), _on_disconnect(given, where)
        return TranslatedSettings(name, str(translated), key, url or None, limits, ending)
    return RelaySettings(
        name,
        url.rstrip("/"),
        key,
        reports_usage=given.get("reports_usage", True) is not False,
        timeouts=_timeouts(given, where),
        connections=int(_number(given, "connections", 1_000, where)),
        on_disconnect=_on_disconnect(given, where),
    )


def _on_disconnect(given: Mapping[str, Any], where: str) -> Literal["cancel", "drain"]:
    match given.get("on_disconnect", "cancel"):
        case "cancel":
            return "cancel"
        case "drain":
            return "drain"
        case _:
            raise _wrong(f'{where}.on_disconnect must be "cancel" or "drain"')


def _timeouts(given: Mapping[str, Any], where: str) -> RelayTimeouts:
    limits = RelayTimeouts()
    return RelayTimeouts(
        connect=_number(given, "connect_seconds", limits.connect, where),
        silence=_number(given, "silence_seconds", limits.silence, where),
        total=_number(given, "total_seconds", limits.total, where),
    )


def _model(given: Mapping[str, Any], relays: _Relays) -> PlannedModel:
    name = _text(given, "name", "models")
    _only(given, _MODEL, f"the model {name}")
    legs = given.get("legs")
    if not isinstance(legs, list) or not legs:
        raise _wrong(f"the model {name} has no legs")
    planned = tuple(_leg(_table(leg, f"a leg of {name}"), relays, name) for leg in legs)
    # The alias's first leg stands for it in rows of calls that reached nobody.
    ordered = tuple(sorted(planned, key=lambda leg: leg.tier))
    return PlannedModel(name, str(given.get("owned_by", "tollfree")), ordered)


def _leg(given: Mapping[str, Any], relays: _Relays, model: str) -> PlannedLeg:
    where = f"a leg of {model}"
    _only(given, _LEG, where)
    upstream = _text(given, "upstream", where)
    if upstream not in relays:
        raise _wrong(f"{where} names the upstream {upstream!r}, and there is none")
    tier, weight = given.get("tier", 0), _number(given, "weight", 1.0, where)
    if type(tier) is not int:
        raise _wrong(f"{where}: tier must be a whole number")
    settings, bounds = relays[upstream]
    name, price = _text(given, "model", where), _price(given, where)
    return PlannedLeg(settings, name, price, tier, weight, bounds)


def _price(given: Mapping[str, Any], where: str) -> Price:
    if "price" not in given:
        return FREE
    written = _table(given["price"], f"{where}: price")
    _only(written, _PRICE, f"{where}: price")
    try:
        return Price(**{name: Micros.from_units(amount) for name, amount in written.items()})
    except (TypeError, ValueError) as error:
        raise _wrong(f"{where}: price: {error}") from None


def _table(given: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise _wrong(f"{where} must be a table")
    return given


def _only(given: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    unknown = sorted(given.keys() - known)
    if unknown:
        raise _wrong(f"{where} has {unknown[0]!r}; known are {', '.join(sorted(known))}")


def _text(given: Mapping[str, Any], name: str, where: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(f"{where}: {name} is missing")
    return value


def _number(given: Mapping[str, Any], name: str, default: float, where: str) -> float:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise _wrong(f"{where}: {name} must be a number above 0")
    return float(value)


def _wrong(what: str) -> SettingsInvalid:
    return SettingsInvalid(
        f"The file of upstreams cannot be used: {what}.", param="TOLLFREE_UPSTREAMS"
    )
