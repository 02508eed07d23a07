"""Beside which conversations an ad would stand, and what it may expect, before anybody pays for it.

The samples are written for this purpose; no conversation of a reader is ever shown. What decides is
handed in: the same path that serves, over this one creative. A match here says that the subject
fits; what is shown at which bid is read from the auctions that were held lately, in ranges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from adserver.catalog.advertiser import Advertiser
from adserver.catalog.campaign import Campaign
from adserver.catalog.creative import CreativeCopy
from adserver.catalog.queries import LiveCreative
from advertiser_portal.probing_questions import PROBES
from advertiser_portal.sample_conversations import SAMPLES, Sample
from kernel.money import Micros
from tollfree_sdk.contract import Turn


class Match(Protocol):
    """How one conversation came out; `reason` is None for one that matches."""

    @property
    def relevance(self) -> float | None: ...

    @property
    def reason(self) -> str | None: ...


class Range(Protocol):
    """80 of 100 outcomes lie between `low` and `high`."""

    @property
    def low(self) -> float: ...

    @property
    def middle(self) -> float: ...

    @property
    def high(self) -> float: ...


class Point(Protocol):
    """What a day brings at one bid; `cost` is in micros."""

    @property
    def bid(self) -> Micros: ...

    @property
    def is_own(self) -> bool: ...

    @property
    def wins(self) -> float: ...

    @property
    def impressions(self) -> Range: ...

    @property
    def clicks(self) -> Range: ...

    @property
    def cost(self) -> Range: ...


class Forecast(Protocol):
    """Seen in so many turns of so many days; `reach` is None where they are too few."""

    @property
    def turns(self) -> int: ...

    @property
    def days(self) -> float: ...

    @property
    def reach(self) -> Range | None: ...

    @property
    def points(self) -> Sequence[Point]: ...


class Matcher(Protocol):
    """Decides for one creative as serving would, and looks back at recent auctions."""

    async def match(
        self, creative: LiveCreative, conversations: Sequence[Sequence[Turn]]
    ) -> Sequence[Match]: ...

    async def forecast(
        self, creative: LiveCreative, fits: Sequence[float], tried: int
    ) -> Forecast | None: ...


@dataclass(frozen=True)
class Line:
    """One sample and how it came out."""

    sample: Sample
    percent: int | None
    reason: str | None


@dataclass(frozen=True)
class Panel:
    """Samples that match, best first, and those that do not, nearest first; what to expect."""

    matching: tuple[Line, ...]
    others: tuple[Line, ...]
    forecast: Forecast | None = None


# In words, for those that an advertiser can understand and some can mend.
_REASONS: Final = {
    "relevance": "Too far from your copy and questions",
    "below_relevance": "Too far from your copy and questions",
    "no_match": "Too far from your copy and questions",
    "negative_keyword": "One of your negative keywords",
    "not_commercial": "Nobody is looking for an offer here",
    "sensitive_topic": "We show no ads beside this subject",
    "language": "Another language",
    "unsupported_language": "Another language",
    "country": "Another country",
    "topic": "Another subject than you chose",
    "rival": "A rival was shown just before",
    "floor": "Your bid is below the lowest price",
    "below_floor": "Your bid is below the lowest price",
}


async def panel_of(matcher: Matcher, creative: LiveCreative) -> Panel:
    """The panel for a creative as it is typed."""
    probes = [Sample((question,)) for question in PROBES.get(creative.category, ())]
    samples = list({sample.said: sample for sample in (*probes, *SAMPLES)}.values())
    found = await matcher.match(creative, [sample.turns for sample in samples])
    fits = [one.relevance or 0.0 for one in found[: len(probes)] if one.reason is None]
    lines = [
        Line(
            sample,
            None if match.relevance is None else round(100 * match.relevance),
            None if match.reason is None else _REASONS.get(match.reason, "It does not fit"),
        )
        for sample, match in zip(samples, found, strict=True)
    ]
    lines.sort(key=lambda line: -1 if line.percent is None else -line.percent - 1)
    return Panel(
        tuple(line for line in lines if line.reason is None),
        tuple(line for line in lines if line.reason is not None),
        await matcher.forecast(creative, fits, len(probes)),
    )


def preview_of(
    copy: CreativeCopy, advertiser: Advertiser, campaign: Campaign, *, at: datetime
) -> LiveCreative:
    """The creative as it would be served now; the schedule is left aside, the subject is asked."""
    terms = campaign.terms
    return LiveCreative(
        creative_id="preview",
        number=1,
        version=1,
        campaign_id=campaign.campaign_id,
        advertiser_id=advertiser.advertiser_id,
        organisation_id=advertiser.organisation_id,
        advertiser_name=advertiser.name,
        advertiser_domain=advertiser.domain,
        title=copy.title,
        body=copy.body,
        cta=copy.cta,
        landing_url=copy.landing_url,
        display_domain=advertiser.domain,
        facts=copy.facts,
        example_prompts=copy.example_prompts,
        keywords=copy.keywords,
        category=copy.category,
        language=copy.language,
        is_house=False,
        bid=terms.bid,
        bid_type=terms.bid_type,
        total_budget=None,
        daily_budget=terms.daily_budget,
        time_zone=terms.time_zone,
        starts_at=at,
        ends_at=None,
        targeting=campaign.targeting,
    )
