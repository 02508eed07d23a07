"""The ad network alone: a process that serves the SDK and no chat.

Decisions, events, clicks, "Why this ad?" and publishers' settings, on the same database as the rest.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tollfree.ad_side import AdSide, build_ad_side
from tollfree.addresses import ad_network
from tollfree.compose import Plan, lay_for
from tollfree.crew import Crew
from tollfree.doorway import App
from tollfree.foundations import Foundations
from tollfree.upkeep import start_upkeep

_CLOSING_SECONDS = 2.0


@dataclass(frozen=True)
class AdNetworkProcess:
    """Everything of a running process."""

    grounds: Foundations
    ads: AdSide
    app: App

    def shut_down(self) -> None:
        """Nothing here stays open."""


@asynccontextmanager
async def opened_ads(plan: Plan) -> AsyncIterator[AdNetworkProcess]:
    """Build and start it; stop and close it when the block ends."""
    grounds = await asyncio.to_thread(lay_for, plan)
    crew = Crew()
    try:
        ads = await build_ad_side(grounds, plan.decisions, programs_pay=plan.programs_pay)
        await ads.warm_up()
        ads.start(crew)
        if plan.work_inside:
            start_upkeep(grounds.database, grounds.clock, crew)
        try:
            yield AdNetworkProcess(grounds, ads, ad_network(grounds, ads))
        finally:
            await _close(ads)
    finally:
        await crew.stop()
        await grounds.close()


async def _close(ads: AdSide) -> None:
    try:
        async with asyncio.timeout(_CLOSING_SECONDS):
            await ads.close()
    except TimeoutError:
        return
