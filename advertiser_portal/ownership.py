"""Whose is it: every page and every act finds campaigns and creatives through here.

A campaign of somebody else does not exist; asking for it is answered like asking for none.
"""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog import queries
from adserver.catalog.advertiser import Advertiser
from adserver.catalog.campaign import Campaign
from adserver.catalog.creative import Creative
from kernel.errors import NotFound


class Belongs(Protocol):
    """Whoever asks, in an organisation: a member with a browser, or a program with a token."""

    @property
    def organisation_id(self) -> str: ...


async def their_advertiser(session: AsyncSession, member: Belongs) -> Advertiser:
    """The advertiser of the member's organisation. Raises NotFound."""
    found = await queries.advertiser_of(session, member.organisation_id)
    if found is None:
        raise NotFound("There is no advertiser here yet.")
    return found


async def their_campaign(session: AsyncSession, member: Belongs, campaign_id: str) -> Campaign:
    """A campaign of the member's organisation. Raises NotFound."""
    found = await queries.campaign(session, campaign_id)
    own = await queries.advertisers_of(session, member.organisation_id)
    if found is None or found.advertiser_id not in {one.advertiser_id for one in own}:
        raise NotFound("You have no such campaign. It may belong to another organisation.")
    return found


async def their_creative(
    session: AsyncSession, member: Belongs, creative_id: str
) -> tuple[Creative, Campaign]:
    """A creative of the member's organisation, with its campaign. Raises NotFound."""
    found = await queries.creative(session, creative_id)
    if found is None:
        raise NotFound("You have no such creative. It may belong to another organisation.")
    return found, await their_campaign(session, member, found.campaign_id)
