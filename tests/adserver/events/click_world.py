"""An advertiser with an ad that was decided and delivered, and a desk that follows its link."""

from dataclasses import dataclass
from typing import Any

from adserver.catalog import commands
from adserver.catalog.creative import Creative
from adserver.events.clicks import ClickDesk, ClickOutcome
from adserver.events.record import DecisionEvent, StepEvent, write_decisions, write_steps
from adserver.events.tables import StepRow
from adserver.events.tokens import ClickTokens
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.ids import new_id
from kernel.money import Micros
from kernel.signing import SigningKeys
from ledger.balances import balance
from ledger.verify import verify
from tests.adserver.catalog.builders import a_campaign, a_creative, an_advertiser
from tollfree_sdk.contract import Step

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"


PRICE = Micros(350_000)


TOKENS = ClickTokens(SigningKeys({1: b"k" * 32}))


@dataclass
class World:
    """One live ad and the desk that follows its links."""

    database: Database
    clock: FrozenClock
    desk: ClickDesk
    creative: Creative
    advertiser_id: str

    async def an_ad(
        self,
        *,
        delivered: bool = True,
        test: bool = False,
        publisher_id: str = "zero",
        **given: Any,
    ) -> str:
        """Decide for the ad; returns the decision's id."""
        event = DecisionEvent(
            new_id("dec"),
            self.clock.now(),
            publisher_id,
            test=test,
            advertiser_id=self.advertiser_id,
            campaign_id=self.creative.campaign_id,
            creative_id=self.creative.creative_id,
            creative_number=self.creative.number,
            **({"price": PRICE} | given),
        )
        async with self.database.writing() as tx:
            await write_decisions(tx, [event])
            if delivered:
                await write_steps(
                    tx, [StepEvent(event.decision_id, Step.DELIVERED, self.clock.now())]
                )
        return event.decision_id

    def token(self, decision_id: str) -> str:
        return TOKENS.mint(decision_id, self.creative.number)

    async def click(self, decision_id: str, **headers: str | None) -> ClickOutcome:
        return await self.desk.follow(
            self.token(decision_id), **({"user_agent": BROWSER} | headers)
        )

    async def spent(self) -> Micros:
        async with self.database.reading() as session:
            wallet = await balance(session, f"adv:{self.advertiser_id}:cash")
            assert await verify(session) == []
        return Micros(50_000_000) - wallet.available

    async def click_row(self, decision_id: str) -> StepRow | None:
        async with self.database.reading() as session:
            return await session.get(StepRow, (decision_id, "click"))

    def goes_on(self, outcome: ClickOutcome, decision_id: str) -> bool:
        return outcome.url == (
            f"https://strideworks.example/shoes/arden?c=1&tf_click={decision_id}#sizes"
        )


async def a_world(database: Database, clock: FrozenClock, **terms: object) -> World:
    advertiser = await an_advertiser(database, clock)
    campaign = await a_campaign(database, clock, advertiser, **terms)
    creative = await a_creative(database, clock, campaign)
    async with database.writing() as tx:
        await commands.open_publisher_zero(tx, clock=clock)
    desk = ClickDesk(database, TOKENS, clock, deadline_ms=30_000)
    return World(database, clock, desk, creative, advertiser.advertiser_id)
