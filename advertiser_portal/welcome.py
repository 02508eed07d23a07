"""What a newcomer finds: an advertiser of their own, with no money and no campaign yet.

The name and the domain are held to the catalog's rules before a letter is sent, so that the link in
it cannot fail for them.
"""

from adserver.catalog.advertiser import advertiser_domain, advertiser_name
from adserver.catalog.commands import create_advertiser
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest
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
