"""The contract as JSON, both ways.

Strict where money or disclosure depends on it, tolerant of members it does not know, so that
either side may be newer. Raises ContractError that says which member was wrong.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tollfree_sdk.contract import (
    VERSION,
    Ad,
    AdDecision,
    AdRequest,
    Advertiser,
    Format,
    Label,
    NoFill,
    PlacedAd,
    TollfreeField,
    Turn,
)

_MOST = 2**62


class ContractError(ValueError):
    """A message that does not speak the contract; its text names the member, never the content."""


def request_to_json(request: AdRequest) -> dict[str, Any]:
    """The body of ``POST /ads/v1/decisions``."""
    body = asdict(request)
    body["v"] = VERSION
    body["conversation"] = [{"role": turn.role, "text": turn.text} for turn in request.conversation]
    return body


def request_from_json(body: Mapping[str, Any]) -> AdRequest:
    """Read a request; raises ContractError."""
    try:
        return AdRequest(
            conversation=tuple(
                Turn(_text(turn, "role"), _text(turn, "text")) for turn in body["conversation"]
            ),
            app=_optional(body, "app"),
            session=_optional(body, "session"),
            end_user=_optional(body, "end_user"),
            placement=_optional(body, "placement"),
            formats=tuple(Format(name) for name in body.get("formats", ("unit",))),
            country=_optional(body, "country"),
            language=_optional(body, "language"),
            consent=_flag(body, "consent", default=True),
            minor=_flag(body, "minor", default=False),
            test=_flag(body, "test", default=False),
            keywords=_texts(body, "keywords"),
            blocked_categories=_texts(body, "blocked_categories"),
            blocked_domains=_texts(body, "blocked_domains"),
            blocked_advertisers=_texts(body, "blocked_advertisers"),
            floor_micros=_count(body, "floor_micros") or 0,
            min_relevance=_share(body, "min_relevance"),
            ads_per_session=_count(body, "ads_per_session"),
            turns_between=_count(body, "turns_between") or 0,
        )
    except ContractError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ContractError(f"The ad request is malformed ({type(error).__name__}).") from None


def decision_to_json(decision: AdDecision) -> dict[str, Any]:
    """The answer of ``POST /ads/v1/decisions``."""
    return {
        "v": VERSION,
        "decision_id": decision.decision_id,
        "ad": None if decision.ad is None else _ad_to_json(decision.ad),
        "no_fill_reason": decision.no_fill_reason,
        "decided_in_ms": decision.decided_in_ms,
    }


def decision_from_json(body: Mapping[str, Any]) -> AdDecision:
    """Read a decision; raises ContractError for one that could not be disclosed."""
    try:
        found, reason = body.get("ad"), body.get("no_fill_reason")
        return AdDecision(
            decision_id=_optional(body, "decision_id"),
            ad=None if found is None else _ad_from_json(found),
            no_fill_reason=None if reason is None else NoFill(reason),
            decided_in_ms=float(body.get("decided_in_ms", 0.0)),
        )
    except ContractError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ContractError(f"The ad decision is malformed ({type(error).__name__}).") from None


def field_to_json(field: TollfreeField) -> dict[str, Any]:
    """The `tollfree` object as it stands in an answer."""
    return {
        "v": VERSION,
        "decision_id": field.decision_id,
        "ads": [_placed_to_json(placed) for placed in field.ads],
        "no_fill_reason": field.no_fill_reason,
        "organic_sha256": field.organic_sha256,
        "decided_in_ms": field.decided_in_ms,
    }


def _placed_to_json(placed: PlacedAd) -> dict[str, Any]:
    body = _ad_to_json(placed.ad)
    del body["facts"]
    return body | {
        "text": placed.text,
        "markdown": placed.markdown,
        "html": placed.html,
        "spans": [asdict(span) for span in placed.spans],
    }


def _ad_to_json(ad: Ad) -> dict[str, Any]:
    return {
        "format": ad.format,
        "label": ad.label,
        "advertiser": {"name": ad.advertiser.name, "domain": ad.advertiser.domain},
        "title": ad.title,
        "body": ad.body,
        "cta": ad.cta,
        "click_url": ad.click_url,
        "why_url": ad.why_url,
        "relevance": ad.relevance,
        "facts": list(ad.facts),
    }


def _ad_from_json(body: Mapping[str, Any]) -> Ad:
    advertiser = body["advertiser"]
    return Ad(
        format=Format(body["format"]),
        label=Label(body["label"]),
        advertiser=Advertiser(_text(advertiser, "name"), _text(advertiser, "domain")),
        title=_text(body, "title"),
        body=_text(body, "body"),
        cta=_text(body, "cta"),
        click_url=_text(body, "click_url"),
        why_url=_text(body, "why_url"),
        relevance=float(body["relevance"]),
        facts=_texts(body, "facts"),
    )


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body[name]
    if not isinstance(value, str):
        raise ContractError(f"{name} must be a string.")
    return value


def _optional(body: Mapping[str, Any], name: str) -> str | None:
    return None if body.get(name) is None else _text(body, name)


def _flag(body: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise ContractError(f"{name} must be true or false.")
    return value


def _count(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < _MOST:
        raise ContractError(f"{name} must be a whole number, not negative.")
    return value


def _share(body: Mapping[str, Any], name: str) -> float:
    value = body.get(name, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ContractError(f"{name} must be a number between 0 and 1.")
    return float(value)


def _texts(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = body.get(name, ())
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise ContractError(f"{name} must be a list of strings.")
    return tuple(values)
