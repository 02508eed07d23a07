# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204
"""The serving path on a given inventory: distil, gates, index, relevance, auction; no HTTP.

One configuration for every row: each site of the catalog is one approved creative of its own
advertiser with the same bid and money enough, default floors, English, no history.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from adserver.catalog.publisher import PUBLISHER_ZERO, Publisher
from adserver.catalog.queries import LiveCreative
from adserver.catalog.targeting import Targeting
from adserver.decision.budget import BudgetBook, Funds, books_of
from adserver.decision.decide import decide
from adserver.decision.frequency import NOTHING_SEEN
from adserver.decision.gates import Asked
from adserver.decision.judging import Scene
from adserver.decision.scenes import arranged
from adserver.decision.settings import DecisionSettings
from adserver.intent.hearing import Hearing
from adserver.matching.creative_vectors import CreativeVectors
from adserver.matching.index import CreativeIndex
from adserver.matching.snapshots import IndexKeeper
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.money import Micros
from tollfree_sdk.contract import AdRequest, Turn

_BID = Micros(500_000)


@dataclass(frozen=True)
class Shown:
    """What one text got: an ad, or the reason for none."""

    ad: str | None
    reason: str | None
    commercial: float | None
    relevance: float | None


class Stage:
    """``Stage(embedder, folder.catalog()).show("best running shoes")``."""

    def __init__(self, embedder, sites):
        self.settings, self.hearing = DecisionSettings(), Hearing(embedder)
        creatives = [creative_of(number, *site) for number, site in enumerate(sites, start=1)]
        kept, vectors = CreativeVectors(embedder).embed(creatives)
        index = CreativeIndex(kept, vectors, model_id=embedder.model_id)
        clock = SystemClock()
        funds = [Funds(one.campaign_id, one.advertiser_id, Micros(2**60)) for one in kept]
        # Nothing is read from this database: the books are given.
        nowhere = Database("sqlite:////nowhere/never-opened.db")
        book = BudgetBook(nowhere, IndexKeeper(nowhere, embedder, clock), clock)
        self._scene = Scene(index, arranged(index), books_of(clock.monotonic(), funds), book)
        self._publisher = Publisher(PUBLISHER_ZERO, "Tollfree")
        self._at = datetime.now(UTC)
        self.reasons = Counter()

    def show(self, *texts):
        """Decide about the last of the user's `texts`."""
        turns = tuple(Turn("user", text) for text in texts)
        asked = Asked(AdRequest(turns), self._publisher, self._at, 0, NOTHING_SEEN)
        verdict = decide(asked, self._scene, self.hearing, settings=self.settings)
        winner = verdict.outcome.winner
        reason = None if winner else str(verdict.outcome.reason)
        self.reasons[reason or "ad"] += 1
        return Shown(
            verdict.creative.title if verdict.creative else None,
            reason,
            verdict.commercial,
            winner.relevance if winner else None,
        )


def creative_of(number, category, name, url, text):
    """A site of the catalog as a creative."""
    domain = urlsplit(url).hostname or "site.example"
    return LiveCreative(
        creative_id=f"crt_{number}",
        number=number,
        version=1,
        campaign_id=f"cmp_{number}",
        advertiser_id=f"adv_{number}",
        organisation_id=f"org_{number}",
        advertiser_name=name,
        advertiser_domain=domain,
        title=name,
        body=text,
        cta="See it",
        landing_url=url,
        display_domain=domain,
        facts=(),
        example_prompts=(),
        keywords=(category,),
        category=category,
        language="en",
        is_house=False,
        bid=_BID,
        total_budget=None,
        daily_budget=None,
        time_zone="UTC",
        starts_at=datetime(2026, 1, 1, tzinfo=UTC),
        ends_at=None,
        targeting=Targeting(),
    )
