"""What the campaign editor sends, and what it means.

Reads text as people write it: amounts with a dollar sign, lists separated by commas or lines, local
times in the campaign's own zone. Whatever cannot be read is a BadRequest that names its field; the
catalog then checks the meaning.
"""

import re
import zoneinfo
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel

from adserver.catalog.campaign import BidType, Campaign, CampaignStatus, CampaignTerms
from adserver.catalog.targeting import Targeting, targeting
from kernel.errors import BadRequest
from kernel.money import Micros
from web import formats

_SEPARATOR: Final = re.compile(r"[,;\n]")
_LOCAL: Final = "%Y-%m-%dT%H:%M"


class CampaignForm(BaseModel):
    """The fields, as typed. Nothing is refused before it can be said in words."""

    name: str = ""
    bid_type: str = "cpc"
    bid: str = "0.50"
    total_budget: str = ""
    daily_budget: str = "20"
    time_zone: str = "UTC"
    starts_at: str = ""
    ends_at: str = ""
    countries: str = ""
    languages: str = ""
    keywords: str = ""
    negative_keywords: str = ""
    excluded_brands: str = ""
    categories: list[str] = []
    frequency_impressions: str = ""
    frequency_hours: str = "24"
    attribution_days: str = "30"
    formats: list[str] = []

    def terms(self, now: datetime) -> CampaignTerms:
        """The terms; an empty start is now."""
        return CampaignTerms(
            name=" ".join(self.name.split()),
            bid=_amount(self.bid, "bid") or Micros(0),
            total_budget=_amount(self.total_budget, "total_budget"),
            daily_budget=_amount(self.daily_budget, "daily_budget"),
            time_zone=self.time_zone.strip(),
            starts_at=self._moment("starts_at") or now,
            ends_at=self._moment("ends_at"),
            bid_type=self._bid_type(),
            attribution_days=_whole(self.attribution_days, "attribution_days"),
        )

    def targeting(self) -> Targeting:
        """Whom it is for. Raises BadRequest."""
        names = ("countries", "languages", "keywords", "negative_keywords", "excluded_brands")
        values: dict[str, Any] = {name: listed(getattr(self, name)) for name in names}
        if self.frequency_impressions.strip():
            values["frequency"] = {
                "impressions": _whole(self.frequency_impressions, "frequency_impressions"),
                "hours": _whole(self.frequency_hours, "frequency_hours"),
            }
        return targeting({**values, "formats": self.formats, "categories": self.categories})

    def as_campaign(self, advertiser_id: str, now: datetime) -> Campaign:
        """The campaign that these fields describe, for a look at it before it exists."""
        terms, wanted = self.terms(now), self.targeting()
        return Campaign("preview", advertiser_id, CampaignStatus.DRAFT, terms, wanted)

    def _bid_type(self) -> BidType:
        try:
            return BidType(self.bid_type)
        except ValueError:
            raise BadRequest(
                "Pay for clicks, impressions or conversions.", param="bid_type"
            ) from None

    def _moment(self, name: str) -> datetime | None:
        text = str(getattr(self, name)).strip()
        if not text:
            return None
        try:
            zone = zoneinfo.ZoneInfo(self.time_zone.strip())
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise BadRequest(
                "Give the time zone by its IANA name, such as Europe/Berlin.", param="time_zone"
            ) from None
        try:
            local = datetime.strptime(text[:16], _LOCAL)  # noqa: DTZ007  the zone follows
        except ValueError:
            raise BadRequest("Give day and time such as 2026-12-01T09:00.", param=name) from None
        return local.replace(tzinfo=zone).astimezone(UTC)


def form_of(campaign: Campaign) -> CampaignForm:
    """The form that shows a campaign as it is."""
    terms, wanted = campaign.terms, campaign.targeting
    zone = zoneinfo.ZoneInfo(terms.time_zone)
    return CampaignForm(
        name=terms.name,
        bid=_typed(terms.bid),
        total_budget=_typed(terms.total_budget),
        daily_budget=_typed(terms.daily_budget),
        time_zone=terms.time_zone,
        starts_at=terms.starts_at.astimezone(zone).strftime(_LOCAL),
        ends_at="" if terms.ends_at is None else terms.ends_at.astimezone(zone).strftime(_LOCAL),
        countries=", ".join(wanted.countries),
        languages=", ".join(wanted.languages),
        keywords="\n".join(wanted.keywords),
        negative_keywords="\n".join(wanted.negative_keywords),
        excluded_brands="\n".join(wanted.excluded_brands),
        categories=list(wanted.categories),
        frequency_impressions=str(wanted.frequency.impressions) if wanted.frequency else "",
        frequency_hours=str(wanted.frequency.hours) if wanted.frequency else "24",
        attribution_days=str(terms.attribution_days),
        bid_type=terms.bid_type.value,
        formats=list(wanted.formats),
    )


def listed(text: str) -> list[str]:
    """``listed("DE, at;CH")`` is ``["DE", "at", "CH"]``; empty parts are left out."""
    return [part.strip() for part in _SEPARATOR.split(text) if part.strip()]


def _whole(text: str, param: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) < 10):
        raise BadRequest("Give a whole number.", param=param)
    return int(plain)


def _amount(text: str, param: str) -> Micros | None:
    plain = text.strip().removeprefix("$").replace(",", "").strip()
    if not plain:
        return None
    try:
        amount = Micros.from_units(plain)
    except ValueError:
        raise BadRequest("Give an amount in dollars such as 12.50.", param=param) from None
    if not 0 < amount.amount <= 10**15:
        raise BadRequest("Give an amount between one micro and a billion dollars.", param=param)
    return amount


def _typed(amount: Micros | None) -> str:
    if amount is None:
        return ""
    units, _, rest = formats.exact(amount).partition(".")
    return f"{units}.{rest.rstrip('0').ljust(2, '0')}"
