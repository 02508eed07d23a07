"""What the forms about ads send, and what it means.

Reads text as people write it; whatever cannot be read is a BadRequest that names its field. What an
app or a key may choose is decided by `api.access.ad_settings`, not here.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from api.access.ad_settings import AdSettings, told_of
from kernel.errors import BadRequest
from tollfree_sdk.contract import Format

_SEPARATOR: Final = re.compile(r"[,;\n]")
_LISTS: Final = ("blocked_domains", "blocked_advertisers")


class AppAdsForm(BaseModel):
    """The fields of an app, as typed. A box that is not ticked is not sent."""

    enabled: str = ""
    delivery: str = "content"
    first: str = "unit"
    formats: list[str] = []
    allowed_formats: list[str] = []
    may_turn_off: str = ""
    blocked_categories: list[str] = []
    blocked_domains: str = ""
    blocked_advertisers: str = ""
    min_relevance: str = ""
    ads_per_session: str = ""
    turns_between: str = ""

    @classmethod
    def of(cls, settings: AdSettings) -> "AppAdsForm":
        """The form as it is first shown."""
        told = told_of(settings)
        return cls(
            enabled="on" if settings.enabled else "",
            delivery=told["delivery"],
            first=(told["formats"] or ["unit"])[0],
            formats=told["formats"],
            allowed_formats=told["allowed_formats"],
            may_turn_off="on" if settings.may_turn_off else "",
            blocked_categories=told["blocked_categories"],
            **_typed(told),
        )

    def values(self) -> dict[str, Any]:
        """What the fields say, in the words of the settings. Raises BadRequest."""
        return {
            "enabled": bool(self.enabled),
            "delivery": self.delivery,
            "formats": _in_order(self.first, self.formats),
            "allowed_formats": self.allowed_formats,
            "may_turn_off": bool(self.may_turn_off),
            "blocked_categories": self.blocked_categories,
            "blocked_domains": _listed(self.blocked_domains),
            "blocked_advertisers": _listed(self.blocked_advertisers),
            "min_relevance": _share(self.min_relevance) or 0.0,
            "ads_per_session": _whole(self.ads_per_session, "ads_per_session"),
            "turns_between": _whole(self.turns_between, "turns_between") or 0,
        }


class KeyAdsForm(BaseModel):
    """The fields of a key; what is empty stays as the app has it."""

    enabled: str = ""
    delivery: str = ""
    first: str = ""
    formats: list[str] = []
    blocked_categories: list[str] = []
    blocked_domains: str = ""
    blocked_advertisers: str = ""
    min_relevance: str = ""
    ads_per_session: str = ""
    turns_between: str = ""

    @classmethod
    def of(cls, own: Mapping[str, Any]) -> "KeyAdsForm":
        """The form as it is first shown."""
        return cls(
            enabled={True: "on", False: "off"}.get(own.get("enabled", ""), ""),
            delivery=own.get("delivery", ""),
            first=(own.get("formats") or [""])[0],
            formats=own.get("formats") or [],
            blocked_categories=own.get("blocked_categories", []),
            **_typed(own),
        )

    def values(self) -> dict[str, Any]:
        """What the fields say, in the words of the settings; None is as the app has it."""
        return {
            "enabled": {"on": True, "off": False}.get(self.enabled),
            "delivery": self.delivery or None,
            "formats": _in_order(self.first, self.formats) if self.first else None,
            "blocked_categories": self.blocked_categories or None,
            "blocked_domains": _listed(self.blocked_domains) or None,
            "blocked_advertisers": _listed(self.blocked_advertisers) or None,
            "min_relevance": _share(self.min_relevance),
            "ads_per_session": _whole(self.ads_per_session, "ads_per_session"),
            "turns_between": _whole(self.turns_between, "turns_between"),
        }


def _typed(told: Mapping[str, Any]) -> dict[str, str]:
    """Numbers and lists as a person would type them."""
    numbers = {
        name: "" if told.get(name) is None else f"{told[name]:g}"
        for name in ("min_relevance", "ads_per_session", "turns_between")
    }
    return numbers | {name: "\n".join(told.get(name, ())) for name in _LISTS}


def _in_order(first: str, formats: list[str]) -> list[str]:
    """The wanted format ahead of the others, which keep their order."""
    others = [one.value for one in Format if one.value in formats and one.value != first]
    return [first, *others]


def _listed(text: str) -> list[str]:
    return [part.strip() for part in _SEPARATOR.split(text) if part.strip()]


def _share(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise BadRequest("Write a number between 0 and 1.", param="min_relevance") from None


def _whole(text: str, name: str) -> int | None:
    if not text.strip():
        return None
    try:
        return int(text.strip())
    except ValueError:
        raise BadRequest("Write a whole number, or leave it empty.", param=name) from None
