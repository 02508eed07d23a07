# ruff: noqa: ANN001, ANN201, ANN202, E402, S101
"""Make the pictures in docs/screens: pages of all portals over a busy, invented house.

    python bench/screens.py [--out docs/screens] [--model DIR] [--only NAME]

Needs Chromium and Pillow. Everything shown is invented by a seeded draw, so that a picture changes
only with its page; without `--model` the match panel is decided by the simple matcher. Pictures are
brought down to 160 colours, which text and flat areas do not mind.
"""

import argparse
import asyncio
import io
import random
import shutil
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from PIL import Image
from playwright.async_api import async_playwright

# A bench is started as a file; the tests' showroom stands beside its folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adserver.catalog import commands, queries
from adserver.catalog.campaign import CampaignTerms
from adserver.catalog.targeting import Targeting
from adserver.decision.budget import BudgetBook
from adserver.decision.market import MarketBook
from adserver.decision.preview import MatchPreview
from adserver.decision.settings import DecisionSettings
from adserver.events.record import DecisionEvent, StepEvent, write_decisions, write_steps
from adserver.events.tables import StepRow
from adserver.matching.snapshots import IndexKeeper
from adserver.reports.rollup import catch_up
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.ids import new_id
from kernel.money import Micros
from language.embedder import load_embedder
from language.lexical import LexicalEmbedder
from ledger.charging import Split
from ledger.journal import charge
from tests.advertiser_portal.belongings import everything_of
from tests.advertiser_portal.houses import BID, a_house
from tests.advertiser_portal.neighbours import a_neighbour
from tests.advertiser_portal.town import every_portal
from tests.browser.serving import CHROMIUM, FLAGS, served
from tests.browser.showroom import Showroom, a_creative_waits, an_operator
from tests.rig.postgres import migrate_apart
from tollfree_sdk.contract import Step
from web.letters import Outbox
from web.roles import Role

P, DEV, OPS = "/advertiser", "/developer", "/operator"
# name, who looks, address, scheme, width
SHOTS = (
    ("landing", "nobody", "/", "light", 1280),
    ("sign-in", "nobody", f"{P}/sign-in", "light", 1280),
    ("overview", "member", f"{P}/?period=30d", "light", 1280),
    ("overview-dark", "member", f"{P}/?period=30d", "dark", 1280),
    ("overview-phone", "member", f"{P}/?period=30d", "dark", 375),
    ("campaigns", "member", f"{P}/campaigns?period=30d", "light", 1280),
    ("campaign", "member", f"{P}/campaigns/{{campaign_id}}?period=30d", "light", 1280),
    ("creative", "member", f"{P}/creatives/{{creative_id}}", "light", 1280),
    ("creative-phone", "member", f"{P}/creatives/{{creative_id}}", "light", 375),
    ("wizard", "member", f"{P}/start/{{wizard_id}}/page", "light", 1280),
    ("report", "member", f"{P}/reports?period=30d&by=day&compare=yes", "light", 1280),
    ("report-dark", "member", f"{P}/reports?period=30d&by=campaign", "dark", 1280),
    ("billing", "member", f"{P}/billing", "light", 1280),
    ("api", "member", f"{P}/api", "light", 1280),
    ("account", "member", f"{P}/account", "light", 1280),
    ("keys", "member", f"{DEV}/", "light", 1280),
    ("keys-phone", "member", f"{DEV}/", "dark", 375),
    ("ads", "member", f"{DEV}/ads", "light", 1280),
    ("app-ads", "member", f"{DEV}/ads/apps/{{app_id}}", "light", 1280),
    ("payouts", "member", f"{DEV}/payouts", "light", 1280),
    ("start", "nobody", f"{DEV}/start", "dark", 1280),
    ("calls", "operator", f"{OPS}/calls", "light", 1280),
    ("review", "operator", f"{OPS}/", "light", 1280),
)
CAMPAIGNS = (("Spring: flat feet", 0.019, 46), ("Trail", 0.012, 24), ("Kids go running", 0.007, 11))


def _trace(dice):
    """An auction that two rivals took part in."""
    rivals = [
        {
            "number": 70 + at,
            "creative": f"crt_r{at}",
            "version": 1,
            "campaign": f"cmp_r{at}",
            "advertiser": f"adv_r{at}",
            "similarity": 0.6,
            "relevance": 0.6,
            "quality": 1.1,
            "click_rate": 0.012,
            "drawn": 0.012,
            "certainty": 4.0,
            "conversion_rate": 0.0,
            "bid_type": "cpc",
            "reserve": 10_000,
            "bid": round(dice.lognormvariate(12.75, 0.5)),
            "pace": 1.0,
            "room": 10**9,
            "filter": None,
        }
        for at in range(2)
    ]
    return {
        "v": 2,
        "seed": dice.randrange(10**6),
        "reserve": 10_000,
        "floors": {"relevance": 0.4},
        "gate": None,
        "language": "en",
        "candidates": rivals,
    }


async def _campaigns(database, clock, house):
    """Three campaigns, the first with two ads."""
    async with database.writing() as tx:
        known = await queries.creative(tx, house.creative_id)
        made = [(house.campaign_id, house.creative_id, *CAMPAIGNS[0][1:])]
        second = replace(
            known.copy,
            title="Arch One: try it for sixty days",
            body="Run in it, rain or shine. Send it back if your feet disagree.",
        )
        for name, rate, a_day in (*CAMPAIGNS[1:], ("", 0.011, 40)):
            campaign_id = house.campaign_id
            if name:
                terms = CampaignTerms(name, BID, None, Micros(12_000_000), "UTC", clock.now())
                campaign = await commands.create_campaign(
                    tx,
                    advertiser_id=house.advertiser_id,
                    terms=terms,
                    targeting=Targeting(),
                    clock=clock,
                )
                campaign_id = campaign.campaign_id
                await commands.start_campaign(tx, campaign_id, clock=clock)
            copy = replace(known.copy, title=f"{name}: light and sure") if name else second
            one = await commands.create_creative(
                tx, campaign_id=campaign_id, copy=copy, clock=clock
            )
            await commands.submit_creative(
                tx, one.creative_id, auto_approve_after_lint=True, clock=clock
            )
            made.append((campaign_id, one.creative_id, rate, a_day))
    return made


async def _traffic(database, clock, house, ads):
    """Thirty days, more at weekends; clicks are charged between half the bid and the bid."""
    dice = random.Random(20_261_123)  # noqa: S311  invented numbers, not secrets
    start = clock.now() - timedelta(days=29)
    for day in range(30):
        decisions, clicks = [], []
        for campaign_id, creative_id, rate, a_day in ads:
            weekend = 1.5 if (start + timedelta(days=day)).weekday() > 4 else 1.0
            for _ in range(round(a_day * weekend * dice.uniform(0.7, 1.3) * (0.6 + day / 60))):
                at = start + timedelta(days=day, minutes=dice.randrange(-600, 0))
                event = DecisionEvent(
                    new_id("dec"),
                    at,
                    "zero",
                    app_id="app_1",
                    advertiser_id=house.advertiser_id,
                    campaign_id=campaign_id,
                    creative_id=creative_id,
                    creative_number=1,
                    creative_version=1,
                    format=dice.choice(("unit", "unit", "unit", "mention")),
                    topic="running",
                    country=dice.choice(("DE", "DE", "US", "GB", "AT")),
                    bid=BID,
                    price=BID,
                    relevance=0.8,
                    trace=_trace(dice),
                )
                decisions.append(event)
                if dice.random() < 3 * rate:
                    clicks.append((event, Micros(dice.randrange(225_000, 450_000))))
        async with database.writing() as tx:
            await write_decisions(tx, decisions)
            await write_steps(
                tx, [StepEvent(one.decision_id, Step.DELIVERED, one.at) for one in decisions]
            )
            for event, price in clicks:
                clicked = FrozenClock(event.at)
                tx.add(
                    StepRow(
                        decision_id=event.decision_id,
                        step=Step.CLICK.value,
                        at=event.at,
                        billable=True,
                        price_micros=price,
                    )
                )
                await charge(
                    tx,
                    key=f"click:{event.decision_id}",
                    payer=house.advertiser_id,
                    limits=(),
                    price=price,
                    split=Split("zero", 7_000),
                    ref=event.decision_id,
                    clock=clicked,
                )
    await catch_up(database, clock)


async def take(out, model, only):
    """Furnish, serve, look, keep."""
    folder = Path(tempfile.mkdtemp(prefix="screens-"))
    url = f"sqlite:///{folder / 'screens.db'}"
    migrate_apart(url)
    database, clock = Database(url), FrozenClock()
    house = await a_house(database, clock, "Strideworks")
    ads = await _campaigns(database, clock, house)
    await _traffic(database, clock, house, ads)
    await a_creative_waits(database, clock, house)
    embedder = load_embedder(Path(model)) if model else LexicalEmbedder()
    books = BudgetBook(database, IndexKeeper(database, embedder, clock), clock)
    market = MarketBook(database, clock)
    matcher = MatchPreview(embedder, books, clock, DecisionSettings(), market)
    built = []

    def build(address):
        town = every_portal(database, clock, public_url=address, post=Outbox(), matcher=matcher)
        built.append(town)
        return town.app

    async with served(build) as address, async_playwright() as playwright:
        _, member = await a_neighbour(database, clock, house, Role.OWNER)
        sessions = {"member": member, "operator": await an_operator(database, clock)}
        ids = await everything_of(built[0].bench, house, clock, mark="Strideworks")
        room = Showroom(address, built[0], house, ids, sessions)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, who, path, scheme, width in SHOTS:
            if only and only != name:
                continue
            context = await room.context(browser, who)
            page = await context.new_page()
            await page.set_viewport_size({"width": width, "height": 900 if width > 400 else 812})
            await page.emulate_media(color_scheme=scheme)
            await page.goto(address + path.format(**ids))
            await page.wait_for_timeout(200)
            picture = await page.screenshot(full_page=True)
            await context.close()
            _keep(picture, out / f"{name}.png")
        await browser.close()
    await built[0].bench.till.gateway.close()
    await database.close()
    shutil.rmtree(folder)


def _keep(picture, path) -> None:
    """Cut what is far below, and bring the colours down."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image = image.crop((0, 0, image.width, min(image.height, 1_500)))
    image = image.quantize(160, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    sys.stderr.write(f"{path.stat().st_size // 1024:5} kB  {path.name}\n")
    assert path.stat().st_size <= 150_000, path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/screens"))
    parser.add_argument("--model")
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(asked.out, asked.model, asked.only))


if __name__ == "__main__":
    main()
