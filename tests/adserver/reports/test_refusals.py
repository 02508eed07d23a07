"""Reasons are counted the same for who pays and who earns, and each is described."""

import re
from datetime import timedelta
from pathlib import Path

from adserver.events.click_rules import Unbilled
from adserver.events.reclassify import credit
from adserver.events.visitors import Machine
from adserver.reports.breakdown import Owner
from adserver.reports.refusals import refusals
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.adserver.events.click_world import a_world
from tollfree_sdk.contract import Step

DOCS = Path(__file__).resolve().parents[3] / "docs"


async def test_both_sides_see_the_same_reasons(database: Database, clock: FrozenClock) -> None:
    world = await a_world(database, clock)
    billed, undelivered = await world.an_ad(), await world.an_ad(delivered=False)
    await world.click(billed, user_agent="Googlebot/2.1")
    for decision in (billed, undelivered):
        await world.click(decision)
    async with database.writing() as tx:
        await credit(tx, billed, Step.CLICK, Unbilled.CLICK_RATE, clock=clock)
    since, until = clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1)

    async with database.reading() as session:
        told = [
            await refusals(session, owner, since=since, until=until)
            for owner in (Owner("advertiser", world.advertiser_id), Owner("publisher", "zero"))
        ]
    await world.desk.close()

    assert told[0] == told[1] == {"not_delivered": 1, "click_rate": 1, "crawler": 1}


def test_every_reason_is_described_and_no_other() -> None:
    text = (DOCS / "unbilled.md").read_text(encoding="utf-8")

    described = re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE)
    assert set(described) == {*Unbilled, *Machine}
