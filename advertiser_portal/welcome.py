"""What a newcomer finds, an advertiser without money or campaign; and what is left at the end.

The name and the domain are held to the catalog's rules before a letter is sent, so that the link in
it cannot fail for them.
"""

from dataclasses import asdict
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog import queries
from adserver.catalog.advertiser import advertiser_domain, advertiser_name
from adserver.catalog.campaign import CampaignStatus
from adserver.catalog.commands import create_advertiser, end_campaign
from advertiser_portal.api.wire import CreativeAnswer, terms_json
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest, Conflict
from kernel.money import ZERO
from ledger.account import cash
from ledger.balances import balance
from web.audit_log import changes_of
from web.sign_up import Newcomer
from web.sign_up_pages import SignUpForm


class AdvertiserWelcome:
    """The advertiser portal's part in joining."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def check(self, form: SignUpForm) -> SignUpForm:
        """Name and domain as the catalog writes them. Raises BadRequest."""
        try:
            name = advertiser_name(form.organisation)
        except BadRequest as error:
            raise BadRequest(error.message, param="organisation") from None
        domain = advertiser_domain(form.domain.strip().removeprefix("https://").rstrip("/"))
        return form.model_copy(update={"organisation": name, "domain": domain})

    async def settle(self, tx: WriteSession, newcomer: Newcomer) -> None:
        """Add the advertiser."""
        await create_advertiser(
            tx,
            organisation_id=newcomer.organisation.id,
            name=newcomer.organisation.name,
            domain=newcomer.domain,
            clock=self._clock,
        )


class AdvertiserFarewell:
    """The advertiser portal's part in an export, and in closing an organisation."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def export(self, session: AsyncSession, organisation_id: str) -> dict[str, Any]:
        """Advertisers, campaigns with their copy, and the whole audit log."""
        advertisers = []
        for one in await queries.advertisers_of(session, organisation_id):
            creatives = await queries.creatives_by_campaign(session, one.advertiser_id)
            campaigns = [
                {
                    "id": campaign.campaign_id,
                    "status": campaign.status.value,
                    **terms_json(campaign),
                    "creatives": [
                        CreativeAnswer.of(creative).model_dump(mode="json")
                        for creative in creatives.get(campaign.campaign_id, ())
                    ],
                }
                for campaign in await queries.campaigns_of(session, one.advertiser_id)
            ]
            advertisers.append(
                {
                    "id": one.advertiser_id,
                    "name": one.name,
                    "domain": one.domain,
                    "campaigns": campaigns,
                }
            )
        changes = await changes_of(session, organisation_id, limit=100_000)
        return {"advertisers": advertisers, "changes": [asdict(change) for change in changes]}

    async def close(self, tx: WriteSession, organisation_id: str) -> None:
        """End every campaign. Raises Conflict while there is money to be given back."""
        for one in await queries.advertisers_of(tx, organisation_id):
            if (await balance(tx, cash(one.advertiser_id))).posted > ZERO:
                raise Conflict("There is still a balance. Refund it on the billing page first.")
            for campaign in await queries.campaigns_of(tx, one.advertiser_id):
                if campaign.status is not CampaignStatus.ENDED:
                    await end_campaign(tx, campaign.campaign_id, clock=self._clock)
