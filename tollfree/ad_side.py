"""Build the ad server: index, budgets, engine, clicks, and what runs beside them."""

import asyncio
from dataclasses import dataclass
from typing import Final

from adserver.catalog import queries
from adserver.catalog.commands import open_publisher_zero
from adserver.catalog.publisher import PUBLISHER_ZERO, Publisher
from adserver.catalog.stops import StopBoard
from adserver.decision.budget import BudgetBook
from adserver.decision.engine import AdEngine
from adserver.decision.frequency import Frequency
from adserver.decision.hidden import HiddenAdvertisers
from adserver.decision.learned import Learned
from adserver.decision.readers import Readers
from adserver.decision.settings import DecisionSettings
from adserver.events.beacons import BeaconDesk
from adserver.events.clicks import ClickDesk
from adserver.events.impressions import ImpressionDesk
from adserver.events.record import DecisionEvent, StepEvent, write_decisions, write_steps
from adserver.events.tokens import ClickTokens
from adserver.events.traffic_watch import Network, Watch
from adserver.http.why import WhyDesk
from adserver.matching.kept_vectors import KeptVectors
from adserver.matching.snapshots import IndexKeeper
from kernel.group_commit import GroupCommit
from tollfree import sample_vectors
from tollfree.crew import Crew, every
from tollfree.foundations import Foundations
from tollfree.insiders import Insiders
from web.cookies import Cookies

# Long and short, so that the model, the lexicons and the auction have all been used.
_REHEARSAL: Final = (
    "Which running shoes are good for flat feet?",
    "I would like to plan a week of camping with two children and a dog, and I need a tent.",
)


@dataclass(frozen=True)
class AdSide:
    """The ad server of this process."""

    engine: AdEngine
    index: IndexKeeper
    budget: BudgetBook
    learned: Learned
    stops: StopBoard
    clicks: ClickDesk
    impressions: ImpressionDesk
    beacons: BeaconDesk
    insiders: Insiders
    why: WhyDesk
    tokens: ClickTokens
    publisher_zero: Publisher
    decisions: GroupCommit[DecisionEvent]
    steps: GroupCommit[StepEvent]

    async def warm_up(self) -> None:
        """Do once what every turn does, so that the first one is as fast as the rest."""
        await self.index.refresh()
        self.clicks.know(self.index.newest)
        await self.learned.refresh()
        await self.budget.refresh()
        await self.stops.refresh()
        for text in _REHEARSAL:
            await asyncio.to_thread(self.engine.match, text)

    def start(self, crew: Crew) -> None:
        crew.start("decisions", self.decisions.run)
        crew.start("steps", self.steps.run)
        crew.start("index", self._follow_catalog)
        crew.start("budget", self.budget.run)
        crew.start("stops", self.stops.run)
        crew.start("learned", self.learned.run)

    async def close(self) -> None:
        """Write what is decided and delivered; after this nothing more may be asked."""
        await self.clicks.close()
        await self.impressions.close()
        await self.engine.close()
        await self.decisions.close()
        await self.steps.close()

    async def _follow_catalog(self) -> None:
        async def follow() -> None:
            if await self.index.refresh():
                self.clicks.know(self.index.newest)

        await every(0.5, follow)


async def build_ad_side(
    grounds: Foundations,
    settings: DecisionSettings,
    *,
    programs_pay: bool,
    data_centres: tuple[Network, ...] = (),
) -> AdSide:
    """Build it; publisher zero is opened in the database if it is not there yet."""
    database, clock = grounds.database, grounds.clock
    zero = await _publisher_zero(grounds)
    index, learned, budget = _ranked_by(grounds, settings)
    tokens, stops = ClickTokens(grounds.signing), StopBoard(database)
    hidden = HiddenAdvertisers(grounds.shared_state)
    cookie = Cookies(secure=grounds.public_url.startswith("https://")).session_name
    insiders = Insiders(database, clock, cookie)
    # Trying things out looks like a farm: one person on one machine, asking the same again.
    watch = None if programs_pay else _watch(grounds, insiders, data_centres)
    decisions = GroupCommit[DecisionEvent](database, write_decisions, max_delay_ms=20)
    steps = GroupCommit[StepEvent](database, write_steps, max_delay_ms=20)
    engine = AdEngine(
        index=index,
        embedder=grounds.embedder,
        budget=budget,
        frequency=Frequency(grounds.shared_state, clock),
        decisions=decisions,
        steps=steps,
        tokens=tokens,
        clock=clock,
        public_url=grounds.public_url,
        settings=settings,
        stops=stops,
        watch=watch,
        learned=learned,
        readers=Readers(grounds.shared_state, clock),
        hidden=hidden,
    )
    clicks = ClickDesk(database, tokens, clock, programs_pay=programs_pay, watch=watch, board=stops)
    impressions = ImpressionDesk(database, clock)
    beacons = BeaconDesk(database, steps, impressions, clock, watch=watch)
    return AdSide(
        engine=engine,
        index=index,
        budget=budget,
        learned=learned,
        stops=stops,
        clicks=clicks,
        impressions=impressions,
        beacons=beacons,
        insiders=insiders,
        why=WhyDesk(database, clock, hidden),
        tokens=tokens,
        publisher_zero=zero,
        decisions=decisions,
        steps=steps,
    )


def _watch(grounds: Foundations, insiders: Insiders, networks: tuple[Network, ...]) -> Watch:
    """What looks for invalid traffic."""
    return Watch(
        grounds.shared_state,
        grounds.signing,
        grounds.clock,
        data_centres=networks,
        owners=insiders.owners,
    )


def _ranked_by(
    grounds: Foundations, settings: DecisionSettings
) -> tuple[IndexKeeper, Learned, BudgetBook]:
    """What decisions read: the creatives, what clicks have taught, and the books."""
    database, clock, good_for_s = grounds.database, grounds.clock, settings.budgets_good_for_s
    installed = sample_vectors.folder_in(grounds.model_folder)
    kept = KeptVectors(grounds.data / "vectors", installed=installed)
    learned = Learned(database)
    index = IndexKeeper(database, grounds.embedder, clock, kept=kept)
    budget = BudgetBook(database, index, clock, good_for_s=good_for_s, learned=learned)
    return index, learned, budget


async def _publisher_zero(grounds: Foundations) -> Publisher:
    async with grounds.database.reading() as session:
        found = await queries.publisher(session, PUBLISHER_ZERO)
    if found is not None:
        return found
    async with grounds.database.writing() as tx:
        return await open_publisher_zero(tx, clock=grounds.clock)
