"""A creative that is not served yet, tried against conversations on the path that serves."""

from dataclasses import replace

import pytest

from adserver.catalog.queries import LiveCreative
from adserver.catalog.targeting import Targeting
from adserver.decision.budget import BudgetBook
from adserver.decision.preview import MatchPreview
from adserver.decision.settings import DecisionSettings
from adserver.matching.snapshots import IndexKeeper
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from language.lexical import LexicalEmbedder
from tollfree_sdk.contract import Turn

pytestmark = pytest.mark.parametrize("engine_kind", ["sqlite"])


@pytest.fixture
def preview(database: Database, clock: FrozenClock) -> MatchPreview:
    embedder = LexicalEmbedder()
    books = BudgetBook(database, IndexKeeper(database, embedder, clock), clock)
    return MatchPreview(embedder, books, clock, DecisionSettings())


@pytest.fixture
def shoe(clock: FrozenClock) -> LiveCreative:
    return LiveCreative(
        creative_id="preview",
        number=1,
        version=1,
        campaign_id="cmp_1",
        advertiser_id="adv_1",
        organisation_id="org_1",
        advertiser_name="Strideworks",
        advertiser_domain="strideworks.example",
        title="Running shoes for flat feet",
        body="Firm where the arch needs it.",
        cta="See the shoe",
        landing_url="https://strideworks.example/",
        display_domain="strideworks.example",
        facts=(),
        example_prompts=("Which running shoes are good for flat feet?",),
        keywords=("running shoes",),
        category="running",
        language="en",
        is_house=False,
        bid=Micros(450_000),
        total_budget=None,
        daily_budget=None,
        time_zone="UTC",
        starts_at=clock.now(),
        ends_at=None,
        targeting=Targeting(),
    )


def said(text: str) -> tuple[Turn, ...]:
    return (Turn("user", text),)


async def test_says_for_each_conversation_whether_the_ad_would_stand_there(
    preview: MatchPreview, shoe: LiveCreative
) -> None:
    near, far, none, sad = await preview.match(
        shoe,
        [
            said("Which running shoes are best for flat feet?"),
            said("Which coffee grinder should I buy?"),
            said("Write a haiku about autumn."),
            said("My grandmother died yesterday and I cannot stop crying."),
        ],
    )

    assert near.reason is None
    assert near.relevance is not None
    assert near.relevance > 0.5
    assert far.reason == "relevance"
    assert none.reason is not None
    assert sad.reason == "sensitive_topic"


async def test_heeds_negative_keywords(preview: MatchPreview, shoe: LiveCreative) -> None:
    picky = replace(shoe, targeting=Targeting(negative_keywords=("used",)))

    (found,) = await preview.match(
        picky, [said("Where do I buy used running shoes for flat feet?")]
    )

    assert found.reason == "negative_keyword"
