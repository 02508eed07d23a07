"""What travels over the advertiser API: requests that are checked, answers that are documented.

Money is whole micros, times are ISO 8601 with their zone, a missing limit is null. What a request
leaves out keeps its value; what it names that does not exist is refused.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from adserver.catalog.campaign import BidType, Campaign, CampaignTerms
from adserver.catalog.creative import Creative, CreativeCopy
from adserver.catalog.targeting import Targeting, targeting, targeting_row
from kernel.errors import BadRequest
from kernel.money import Micros


class Wire(BaseModel):
    """Unknown members are errors: a typing mistake must not change nothing in silence."""

    model_config = ConfigDict(extra="forbid")


class FrequencyCap(Wire):
    """At most `impressions` of one campaign in `hours` hours for one conversation."""

    impressions: int = Field(ge=1, le=1_000, examples=[3])
    hours: int = Field(ge=1, le=720, examples=[24])


class TargetingWire(Wire):
    """Where a campaign wants to be seen; an empty list means anywhere."""

    countries: list[str] | None = Field(None, examples=[["DE", "AT"]])
    languages: list[str] | None = Field(None, examples=[["de", "en"]])
    categories: list[str] | None = Field(
        None, description="Topics: keys of GET /categories", examples=[["running"]]
    )
    keywords: list[str] | None = Field(None, description="Intents to steer towards")
    negative_keywords: list[str] | None = Field(None, description="Words that keep ads away")
    excluded_brands: list[str] | None = Field(None, description="Names that keep ads away")
    formats: list[Literal["unit", "mention", "link"]] | None = None
    frequency: FrequencyCap | None = None

    def over(self, before: Targeting) -> Targeting:
        """`before` with what this names. Raises BadRequest."""
        named = _without_nothing(self.model_dump(include=self.model_fields_set))
        if "frequency" in self.model_fields_set:
            # The one member that null takes away: lists are emptied by an empty list.
            named["frequency"] = self.frequency and self.frequency.model_dump()
        return targeting({**targeting_row(before), **named})


class CampaignRequest(Wire):
    """A campaign to create, or the terms to change."""

    name: str | None = Field(None, examples=["Trail spring"])
    bid_type: BidType | None = Field(None, description="What is paid for")
    bid_micros: int | None = Field(None, examples=[450_000])
    total_budget_micros: int | None = Field(None, examples=[200_000_000])
    daily_budget_micros: int | None = Field(None, examples=[20_000_000])
    time_zone: str | None = Field(None, examples=["Europe/Berlin"])
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    attribution_days: int | None = None
    targeting: TargetingWire | None = None

    def over(self, before: CampaignTerms) -> CampaignTerms:
        """`before` with what this names. Raises BadRequest."""
        named = self.model_fields_set
        changes: dict[str, Any] = {}
        for name in ("name", "bid_type", "time_zone", "attribution_days"):
            if name in named and getattr(self, name) is not None:
                changes[name] = getattr(self, name)
        if "bid_micros" in named and self.bid_micros is not None:
            changes["bid"] = Micros(self.bid_micros)
        for limit in ("total_budget", "daily_budget"):
            if f"{limit}_micros" in named:
                amount = getattr(self, f"{limit}_micros")
                changes[limit] = None if amount is None else _positive(amount, f"{limit}_micros")
        if self.starts_at is not None:
            changes["starts_at"] = _aware(self.starts_at, "starts_at")
        if "ends_at" in named:
            changes["ends_at"] = None if self.ends_at is None else _aware(self.ends_at, "ends_at")
        return replace(before, **changes)

    @staticmethod
    def blank(now: datetime) -> CampaignTerms:
        """What a new campaign has before anything is named."""
        return CampaignTerms("", Micros(0), None, None, "UTC", now)


class CreativeRequest(Wire):
    """Copy to create, or the parts of it to change."""

    title: str | None = Field(None, examples=["Arch One: support that does not fight you"])
    body: str | None = None
    cta: str | None = Field(None, examples=["See the shoe"])
    landing_url: str | None = Field(None, examples=["https://strideworks.example/arch-one"])
    category: str | None = Field(None, examples=["running"])
    language: str | None = Field(None, examples=["en"])
    example_prompts: list[str] | None = Field(None, description="3 to 5 questions that it fits")
    facts: list[str] | None = Field(None, description="Claims that a mention may use")
    keywords: list[str] | None = None

    def over(self, before: CreativeCopy) -> CreativeCopy:
        """`before` with what this names."""
        named = _without_nothing(self.model_dump(include=self.model_fields_set))
        lists = {name: tuple(value) for name, value in named.items() if isinstance(value, list)}
        return replace(before, **{**named, **lists})

    @staticmethod
    def blank() -> CreativeCopy:
        """Copy before anything is written."""
        return CreativeCopy("", "", "", "", "", ())


class CampaignAnswer(Wire):
    """A campaign, with its state and the reason for it."""

    id: str
    status: Literal["draft", "live", "paused", "ended"]
    serving: str = Field(examples=["Serving"])
    reason: str = Field(description="Why it is not served, in words; empty while it is")
    name: str
    bid_type: BidType
    bid_micros: int
    total_budget_micros: int | None
    daily_budget_micros: int | None
    spent_total_micros: int | None
    spent_today_micros: int | None
    time_zone: str
    starts_at: datetime
    ends_at: datetime | None
    attribution_days: int
    targeting: dict[str, Any]


class CreativeAnswer(Wire):
    """A creative with its review."""

    id: str
    campaign_id: str
    version: int
    review_state: Literal["draft", "in_review", "approved", "rejected"]
    review_reason: str | None
    title: str
    body: str
    cta: str
    landing_url: str
    category: str
    language: str
    example_prompts: list[str]
    facts: list[str]
    keywords: list[str]

    @classmethod
    def of(cls, creative: Creative) -> Self:
        """As the catalog knows it."""
        copy = creative.copy
        return cls(
            id=creative.creative_id,
            campaign_id=creative.campaign_id,
            version=creative.version,
            review_state=creative.review_state.value,
            review_reason=creative.review_reason,
            title=copy.title,
            body=copy.body,
            cta=copy.cta,
            landing_url=copy.landing_url,
            category=copy.category,
            language=copy.language,
            example_prompts=list(copy.example_prompts),
            facts=list(copy.facts),
            keywords=list(copy.keywords),
        )


def terms_json(campaign: Campaign) -> dict[str, Any]:
    """Terms and targeting as they travel, and as the audit log keeps them."""
    terms = campaign.terms
    return {
        "name": terms.name,
        "bid_type": terms.bid_type.value,
        "bid_micros": terms.bid.amount,
        "total_budget_micros": _amount(terms.total_budget),
        "daily_budget_micros": _amount(terms.daily_budget),
        "time_zone": terms.time_zone,
        "starts_at": terms.starts_at.astimezone(UTC).isoformat(),
        "ends_at": terms.ends_at.astimezone(UTC).isoformat() if terms.ends_at else None,
        "attribution_days": terms.attribution_days,
        "targeting": targeting_row(campaign.targeting),
    }


def _amount(amount: Micros | None) -> int | None:
    return None if amount is None else amount.amount


def _positive(amount: int, param: str) -> Micros:
    if not 0 < amount <= 10**15:
        raise BadRequest("Give whole micros, more than none; null means no limit.", param=param)
    return Micros(amount)


def _aware(at: datetime, param: str) -> datetime:
    if at.tzinfo is None:
        raise BadRequest("Give the time with its zone: 2026-12-01T09:00:00Z.", param=param)
    return at.astimezone(UTC)


def _without_nothing(named: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in named.items() if value is not None}
