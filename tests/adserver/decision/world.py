"""A small ad network on a real database: advertisers with money, creatives, an engine.

What a test does not name is harmless: bids of $0.50, wallets of $20, no limits but the wallet. Call
`open` after the last change to the catalog or the books.
"""

import asyncio
import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from adserver.catalog import commands
from adserver.catalog.campaign import BidType, CampaignTerms
from adserver.catalog.creative import CreativeCopy
from adserver.catalog.publisher import PUBLISHER_ZERO, Publisher
from adserver.catalog.targeting import targeting
from adserver.decision.budget import BudgetBook
from adserver.decision.engine import AdEngine
from adserver.decision.frequency import Frequency
from adserver.decision.hidden import HiddenAdvertisers
from adserver.decision.settings import DecisionSettings
from adserver.events.record import write_decisions, write_steps
from adserver.events.tables import DecisionRow
from adserver.events.tokens import ClickTokens
from adserver.matching.snapshots import IndexKeeper
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.group_commit import GroupCommit
from kernel.money import Micros
from kernel.shared_state import InProcessState, SharedState
from kernel.signing import SigningKeys
from language.embedder import Embedder, LexicalEmbedder
from ledger.journal import post
from ledger.postings import top_up
from tollfree_sdk.contract import AdDecision, AdRequest, Turn

PUBLIC_URL = "http://ads.test"
KEYS = SigningKeys({1: b"k" * 32})
ZERO = Publisher(PUBLISHER_ZERO, "Tollfree API")
PATIENT = DecisionSettings(deadline_ms=5_000)
FACTS = ("Free returns for 60 days.", "Ships worldwide.", "Made since 1998.")
SHOES = "What are the best running shoes for flat feet?"


def asking(*said: str, **given: Any) -> AdRequest:
    """A request whose user turns are `said`, with an answer between each two."""
    turns = []
    for text in said:
        turns += [Turn("user", text), Turn("assistant", "Here is what I know about it.")]
    return AdRequest(tuple(turns[:-1]), **given)


def domain_of(name: str) -> str:
    return f"{'-'.join(re.findall('[a-z0-9]+', name.lower()))}.example"


class World:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        settings: DecisionSettings = PATIENT,
        state: SharedState | None = None,
        embedder: Embedder | None = None,
    ) -> None:
        self.database, self.clock = database, clock
        self.embedder = embedder or LexicalEmbedder()
        self.index = IndexKeeper(database, self.embedder, clock)
        self.budget = BudgetBook(database, self.index, clock)
        self.decisions = GroupCommit(database, write_decisions)
        self.steps = GroupCommit(database, write_steps)
        self.tokens = ClickTokens(KEYS)
        self.settings = settings
        shared = state or InProcessState(clock)
        self.frequency = Frequency(shared, clock)
        self.hidden = HiddenAdvertisers(shared, patience_ms=5_000)
        self.engine = self.engine_with()

    def engine_with(self, **other: Any) -> AdEngine:
        """An engine of this world with some of its parts replaced."""
        parts: dict[str, Any] = {
            "index": self.index,
            "embedder": self.embedder,
            "budget": self.budget,
            "frequency": self.frequency,
            "hidden": self.hidden,
            "decisions": self.decisions,
            "steps": self.steps,
            "tokens": self.tokens,
            "clock": self.clock,
            "public_url": PUBLIC_URL,
            "settings": self.settings,
        }
        return AdEngine(**{**parts, **other})

    def frequency_over(self, state: Any) -> Frequency:
        return Frequency(state, self.clock)

    async def advertiser(self, name: str = "Strideworks", *, wallet: int = 20_000_000) -> str:
        domain = domain_of(name)
        async with self.database.writing() as tx:
            made = await commands.create_advertiser(
                tx, organisation_id=f"org_{name}", name=name, domain=domain, clock=self.clock
            )
            if wallet:
                await post(
                    tx,
                    top_up(made.advertiser_id, Micros(wallet), key=f"top-up:{made.advertiser_id}"),
                    clock=self.clock,
                )
        return made.advertiser_id

    async def creative(
        self,
        advertiser: str | None = None,
        *,
        name: str = "Strideworks",
        title: str = "Strideworks Arc 3 running shoes",
        body: str = "Stability running shoes made for flat feet.",
        prompts: tuple[str, ...] = (
            "best running shoes for flat feet",
            "which running shoes have good arch support",
            "running shoes for a first marathon",
        ),
        category: str = "running",
        language: str = "en",
        bid: int = 500_000,
        wallet: int = 20_000_000,
        total: int | None = None,
        daily: int | None = None,
        bid_type: BidType = BidType.CPC,
        house: bool = False,
        reviewed: bool = True,
        starts_in: timedelta = timedelta(days=-1),
        **wanted: Any,
    ) -> tuple[str, str]:
        """An approved creative in a live campaign of its own: campaign id and creative id."""
        advertiser = advertiser or await self.advertiser(name, wallet=wallet)
        terms = CampaignTerms(
            name=f"{name} spring",
            bid=Micros(bid),
            bid_type=bid_type,
            total_budget=None if total is None else Micros(total),
            daily_budget=None if daily is None else Micros(daily),
            time_zone="UTC",
            starts_at=self.clock.now() + starts_in,
        )
        copy = CreativeCopy(
            title=title,
            body=body,
            cta="See the range",
            landing_url=f"https://{domain_of(name)}/range",
            category=category,
            example_prompts=prompts,
            language=language,
            facts=FACTS,
        )
        async with self.database.writing() as tx:
            campaign = await commands.create_campaign(
                tx,
                advertiser_id=advertiser,
                terms=terms,
                targeting=targeting(wanted),
                clock=self.clock,
            )
            await commands.start_campaign(tx, campaign.campaign_id, clock=self.clock)
            made = await commands.create_creative(
                tx, campaign_id=campaign.campaign_id, copy=copy, is_house=house, clock=self.clock
            )
            await self._review(tx, made.creative_id, reviewed=reviewed)
        return campaign.campaign_id, made.creative_id

    async def _review(self, tx: WriteSession, creative: str, *, reviewed: bool) -> None:
        await commands.submit_creative(
            tx, creative, auto_approve_after_lint=False, clock=self.clock
        )
        if reviewed:
            await commands.approve_creative(tx, creative, clock=self.clock)

    async def open(self) -> AdEngine:
        """Read catalog and books; the engine sees them from now on."""
        await self.index.refresh()
        await self.budget.refresh()
        return self.engine

    async def settle(self) -> None:
        """Let what follows a decision happen, and make it durable; more may be decided after it."""
        await asyncio.gather(*self.engine._afterwards)
        await self.decisions._flush()

    async def write_down(self) -> None:
        """Make everything recorded so far durable; nothing can be recorded afterwards."""
        await self.engine.close()
        await self.decisions.close()
        await self.steps.close()


async def decided(engine: AdEngine, request: AdRequest, publisher: Publisher = ZERO) -> AdDecision:
    return await engine.decide(request, publisher=publisher)


async def rows(database: Database) -> list[Any]:
    """The recorded decisions, oldest first."""
    async with database.reading() as session:
        found = await session.execute(sa.select(DecisionRow.__table__).order_by(DecisionRow.id))
        return list(found)
