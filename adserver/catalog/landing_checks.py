"""Look again at landing pages that were approved, at random, and take back those that moved away.

An advertiser could have a page approved and then let it lead to somebody else's. A page that ends at
another registrable domain than its advertiser's ends its creative, with the reason for both to
see; a page that cannot be reached is noted and left alone, because the web is like that.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from adserver.catalog.campaign import CampaignStatus
from adserver.catalog.creative import ReviewState
from adserver.catalog.creative_commands import reject_creative
from adserver.catalog.tables import AdvertiserRow, CampaignRow, CreativeRow, LandingCheckRow
from kernel.clock import Clock
from kernel.database import Database
from kernel.egress import EgressRefused, Fetches

_NOT_AGAIN_FOR: Final = timedelta(days=1)
_MOST_BYTES: Final = 2_000_000
_PATIENCE_S: Final = 10.0
# Under these a name is registered one label further down, as in shop.co.uk.
_SECOND_LEVELS: Final = frozenset({"ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"})


@dataclass(frozen=True, slots=True)
class _Due:
    creative_id: str
    url: str
    domain: str


async def check_some(database: Database, fetches: Fetches, clock: Clock, *, count: int = 10) -> int:
    """Look at up to `count` pages that were not looked at today; returns how many moved away."""
    moved = 0
    for due in await _drawn(database, clock, count):
        host, outcome = await _look(fetches, due)
        async with database.writing() as tx:
            known = await tx.get(LandingCheckRow, due.creative_id)
            row = known or LandingCheckRow(creative_id=due.creative_id)
            row.at, row.domain, row.outcome = clock.now(), host[:120], outcome
            tx.add(row)
            if outcome == "moved":
                reason = f"The landing page now leads to {host}, not to {due.domain}."
                await reject_creative(tx, due.creative_id, reason=reason, clock=clock)
                moved += 1
    return moved


def registrable(host: str) -> str:
    """The part of a host that somebody registers: ``shop.acme.co.uk`` → ``acme.co.uk``."""
    labels = host.casefold().rstrip(".").split(".")
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS
    return ".".join(labels[-3:] if deep else labels[-2:])


async def _drawn(database: Database, clock: Clock, count: int) -> list[_Due]:
    async with database.reading() as session:
        rows = await session.execute(
            sa.select(CreativeRow.id, CreativeRow.approved_url, AdvertiserRow.domain)
            .join(CampaignRow, CampaignRow.id == CreativeRow.campaign_id)
            .join(AdvertiserRow, AdvertiserRow.id == CampaignRow.advertiser_id)
            .outerjoin(LandingCheckRow, LandingCheckRow.creative_id == CreativeRow.id)
            .where(
                CreativeRow.review_state == ReviewState.APPROVED,
                CreativeRow.approved_url.is_not(None),
                CampaignRow.status == CampaignStatus.LIVE,
                LandingCheckRow.at.is_(None) | (LandingCheckRow.at < clock.now() - _NOT_AGAIN_FOR),
            )
            # At random, so that nobody can tell when the next look comes.
            .order_by(sa.func.random())
            .limit(count)
        )
        return [_Due(row.id, row.approved_url or "", row.domain) for row in rows]


async def _look(fetches: Fetches, due: _Due) -> tuple[str, str]:
    """Where a page ends, and what that means."""
    try:
        page = await fetches.fetch(due.url, max_bytes=_MOST_BYTES, timeout_s=_PATIENCE_S)
    except EgressRefused:
        return urlsplit(due.url).hostname or "", "unreachable"
    host = urlsplit(page.url).hostname or ""
    return host, "same" if registrable(host) == registrable(due.domain) else "moved"
