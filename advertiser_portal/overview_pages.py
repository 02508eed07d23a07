"""The pages an advertiser reads: the overview and one campaign, whole or as a live fragment.

A live fragment carries the digest of what it shows. While that is the same, a poll is answered
with "nothing new" and the page keeps its focus; when it moves, the region is replaced as a whole.
"""

from typing import Final

from fastapi import Request
from fastapi.responses import Response

from advertiser_portal.comparing import comparison_of
from advertiser_portal.comparison import Comparison, chance
from advertiser_portal.fixes import LABELS
from advertiser_portal.overview import CampaignLine, Overview, overview_of
from advertiser_portal.periods import Period, period_of
from advertiser_portal.traffic import NO_TRAFFIC, Traffic, creative_traffic_of
from kernel.errors import NotFound
from web.front_desk import Member
from web.pages import Pages
from web.roles import Act

# What a page may announce after a change; the address carries the name only, never the text.
NOTES: Final = {
    "joined": "Welcome. Your address is confirmed and you are signed in.",
    "paused": "The campaign is paused. It is no longer shown, and clicks cost nothing.",
    "resumed": "The campaign is live again.",
    "started": "The campaign is live.",
    "ended": "The campaign is over.",
    "saved": "The new terms hold from now on.",
    "launched": "The campaign is launched. Its ads are shown as soon as they are approved and funded.",
    "mended": "Done. The change holds from now on.",
    "duplicated": "This is the copy, a draft. Look it over, then start it.",
    "drafted": "The creative is kept as a draft. Hand it in when it is ready.",
    "submitted": "The creative is handed in.",
}


class OverviewPages:
    """Handlers that read."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    async def overview(self, request: Request, period: str = "", note: str = "") -> Response:
        """The whole overview, or a friendly page while there is no advertiser."""
        member = await self._front.member(request, Act.SEE)
        shown = await self.read(member, period_of(period))
        if shown is None:
            return self._pages.page(request, "no_advertiser.html")
        return self._pages.page(
            request,
            "overview.html",
            overview=shown,
            periods=list(Period),
            fixes=LABELS,
            note=NOTES.get(note),
        )

    async def overview_live(self, request: Request, period: str = "", seen: str = "") -> Response:
        """The overview's numbers, if they have changed."""
        member = await self._front.member(request, Act.SEE)
        shown = await self.read(member, period_of(period))
        if shown is None:
            raise NotFound("There is no advertiser here yet.")
        if shown.digest == seen:
            return self._pages.unchanged()
        return self.overview_fragment(request, shown)

    async def campaign(
        self, request: Request, campaign_id: str, period: str = "", note: str = ""
    ) -> Response:
        """One campaign with its terms and creatives."""
        member = await self._front.member(request, Act.SEE)
        shown = await self.theirs(member, period_of(period))
        line = shown.line(campaign_id)
        return self._pages.page(
            request,
            "campaign.html",
            overview=shown,
            line=line,
            by_creative=await self._by_creative(shown),
            comparison=await self._comparison(line),
            chance=chance,
            no_traffic=NO_TRAFFIC,
            fixes=LABELS,
            periods=list(Period),
            note=NOTES.get(note),
        )

    async def campaign_live(
        self, request: Request, campaign_id: str, period: str = "", seen: str = ""
    ) -> Response:
        """One campaign's numbers, if anything has changed."""
        member = await self._front.member(request, Act.SEE)
        shown = await self.theirs(member, period_of(period))
        line = shown.line(campaign_id)
        if shown.digest == seen:
            return self._pages.unchanged()
        return self._pages.page(
            request, "campaign_live.html", overview=shown, line=line, fixes=LABELS, note=None
        )

    def overview_fragment(
        self, request: Request, shown: Overview, *, note: str | None = None
    ) -> Response:
        """The overview's live region."""
        return self._pages.page(
            request, "overview_live.html", overview=shown, fixes=LABELS, note=note
        )

    def campaign_fragment(
        self, request: Request, shown: Overview, campaign_id: str, *, note: str | None = None
    ) -> Response:
        """A campaign's live region."""
        line = shown.line(campaign_id)
        return self._pages.page(
            request, "campaign_live.html", overview=shown, line=line, fixes=LABELS, note=note
        )

    async def _by_creative(self, shown: Overview) -> dict[str, Traffic]:
        now = self._front.clock.now()
        async with self._front.database.reading() as session:
            return await creative_traffic_of(
                session,
                shown.advertiser.advertiser_id,
                since=shown.period.since(now),
                until=now,
            )

    async def _comparison(self, line: CampaignLine) -> Comparison:
        async with self._front.database.reading() as session:
            return await comparison_of(session, line.campaign, at=self._front.clock.now())

    async def read(self, member: Member, period: Period) -> Overview | None:
        """What this member's organisation sees."""
        async with self._front.database.reading() as session:
            return await overview_of(
                session,
                member.membership.organisation.id,
                period=period,
                at=self._front.clock.now(),
            )

    async def theirs(self, member: Member, period: Period) -> Overview:
        """The same, for pages that need an advertiser. Raises NotFound."""
        shown = await self.read(member, period)
        if shown is None:
            raise NotFound("There is no advertiser here yet.")
        return shown
