"""What serving would say to one creative that is not served yet, and what it could expect.

The same gates, the same search and the same filters as for a turn, over an index of this creative
alone and with money enough, so that what is left to answer is whether it fits. Nothing is recorded.
One preview is computed at a time, so that people who type do not slow turns down.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from adserver.catalog.publisher import PUBLISHER_ZERO, Publisher
from adserver.catalog.queries import LiveCreative
from adserver.decision.budget import BudgetBook, Funds, books_of
from adserver.decision.decide import decide
from adserver.decision.frequency import NOTHING_SEEN
from adserver.decision.gates import Asked
from adserver.decision.judging import Scene
from adserver.decision.landscape import Landscape, Offered, landscape
from adserver.decision.market import MarketBook
from adserver.decision.scenes import arranged
from adserver.decision.settings import DecisionSettings
from adserver.decision.vocabulary import Offer
from adserver.intent.hearing import Hearing
from adserver.matching.creative_vectors import CreativeVectors
from adserver.matching.index import CreativeIndex
from kernel.clock import Clock
from kernel.money import Micros
from language.embedder import Embedder
from tollfree_sdk.contract import AdRequest, Turn


@dataclass(frozen=True, slots=True)
class PreviewMatch:
    """How one conversation came out: ``PreviewMatch(0.81, None)`` would show the ad."""

    relevance: float | None
    reason: str | None


class MatchPreview:
    """Tries one creative against conversations."""

    def __init__(
        self,
        embedder: Embedder,
        budget: BudgetBook,
        clock: Clock,
        settings: DecisionSettings,
        market: MarketBook | None = None,
    ) -> None:
        self._embedder, self._budget, self._clock = embedder, budget, clock
        self._market = market
        self._settings, self._hearing = settings, Hearing(embedder)
        self._one_at_a_time = asyncio.Lock()

    async def match(
        self, creative: LiveCreative, conversations: Sequence[Sequence[Turn]]
    ) -> list[PreviewMatch]:
        """One answer for each conversation, in order."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._match, creative, conversations)

    async def forecast(
        self, creative: LiveCreative, fits: Sequence[float], tried: int
    ) -> Landscape | None:
        """What to expect of an ad that fitted so in `tried` questions; None without a market."""
        if self._market is None:
            return None
        market = await self._market.about(creative.category)
        offered = Offered(_offer(creative), tuple(fits), tried, creative.daily_budget)
        return await asyncio.to_thread(
            landscape, market.turns, offered, days=market.days, settings=self._settings
        )

    def _match(
        self, creative: LiveCreative, conversations: Sequence[Sequence[Turn]]
    ) -> list[PreviewMatch]:
        kept, vectors = CreativeVectors(self._embedder).embed([creative])
        index = CreativeIndex(kept, vectors, model_id=self._embedder.model_id)
        funds = Funds(creative.campaign_id, creative.advertiser_id, Micros(2**61))
        books = books_of(self._clock.monotonic(), [funds])
        scene = Scene(index, arranged(index), books, self._budget)
        return [self._one(scene, tuple(turns)) for turns in conversations]

    def _one(self, scene: Scene, turns: tuple[Turn, ...]) -> PreviewMatch:
        publisher = Publisher(PUBLISHER_ZERO, "Tollfree")
        asked = Asked(AdRequest(turns), publisher, self._clock.now(), 0, NOTHING_SEEN)
        verdict = decide(asked, scene, self._hearing, settings=self._settings, explain_all=True)
        nearest = next(iter(verdict.candidates), None)
        fit = None if nearest is None else nearest.relevance
        if verdict.outcome.winner is not None:
            return PreviewMatch(fit, None)
        return PreviewMatch(fit, (nearest and nearest.filter) or verdict.outcome.reason or "error")


def _offer(creative: LiveCreative) -> Offer:
    wanted = creative.targeting
    return Offer(
        number=creative.number,
        creative_id=creative.creative_id,
        creative_version=creative.version,
        campaign_id=creative.campaign_id,
        advertiser_id=creative.advertiser_id,
        category=creative.category,
        language=creative.language,
        bid=creative.bid,
        bid_type=creative.bid_type,
        countries=frozenset(wanted.countries),
        languages=frozenset(wanted.languages),
    )
