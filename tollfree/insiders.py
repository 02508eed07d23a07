"""Who must not click an ad for money: members of the organisations that pay for it or earn by it.

A member who is signed in here carries a cookie; their clicks lead on as everybody's and cost nothing.
The question is asked only of clicks that carry one.
"""

from collections.abc import Mapping

from adserver.catalog.queries import organisation_of
from adserver.events.click_rules import Decided
from api.access.apps import owner_of
from kernel.clock import Clock
from kernel.database import Database
from web.sessions import visitor_of


class Insiders:
    """Reads cookies as the portals set them, under `cookie`."""

    def __init__(self, database: Database, clock: Clock, cookie: str) -> None:
        self._database, self._clock, self._cookie = database, clock, cookie

    async def signed_in(self, cookies: Mapping[str, str]) -> frozenset[str]:
        """The organisations of whoever is signed in; nobody's without our cookie."""
        token = cookies.get(self._cookie)
        if not token:
            return frozenset()
        async with self._database.reading() as session:
            visitor = await visitor_of(session, token[:200], clock=self._clock)
        if visitor is None:
            return frozenset()
        return frozenset(member.organisation.id for member in visitor.memberships)

    async def owners(self, decided: Decided) -> frozenset[str]:
        """The organisations of the advertiser and of the app."""
        async with self._database.reading() as session:
            payer = await organisation_of(session, decided.advertiser_id or "")
            earner = await owner_of(session, decided.app_id or "")
        return frozenset(one for one in (payer, earner) if one is not None)
