"""A day of labelled traffic against the real desk, watch and books, and what it came to."""

import sqlalchemy as sa

from adserver.events.clicks import ClickDesk
from adserver.events.reclassify import find_out
from adserver.events.record import DecisionEvent, StepEvent, write_decisions, write_steps
from adserver.events.tables import InvalidRow
from adserver.events.traffic_watch import Watch
from kernel.clock import FrozenClock
from kernel.ids import new_id
from kernel.money import Micros
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from ledger import journal
from ledger.postings import top_up
from tests.adserver.events.click_world import TOKENS, World
from tests.adserver.events.traffic_cast import Act, Tally, a_day, play
from tollfree_sdk.contract import Step


async def a_played_day(world: World, clock: FrozenClock, *, people: int, seed: int) -> Tally:
    """Play the day, then find out what the day shows; returns what became of everybody's clicks."""
    watch = Watch(InProcessState(clock), SigningKeys({1: b"k" * 32}), clock)
    desk = ClickDesk(world.database, TOKENS, clock, deadline_ms=60_000, watch=watch)
    tally, since = Tally(), clock.now()
    async with world.database.writing() as tx:
        # Money is no reason to refuse anybody on this day.
        await journal.post(tx, top_up(world.advertiser_id, Micros(10**11), "day"), clock=clock)
    who, unclicked = dict[str, str](), list[str]()

    async def follow(act: Act) -> bool:
        if not act.clicks:
            unclicked.append(act.app)
            await watch.asked("dec_unclicked", f"zero/{act.app}", act.prompt)
            return False
        decision = await world.an_ad(app_id=act.app)
        who[decision] = act.who
        await watch.asked(decision, f"zero/{act.app}", act.prompt)
        clock.advance(seconds=act.after_s)
        outcome = await desk.follow(
            world.token(decision), user_agent=act.user_agent, address=act.address
        )
        return outcome.billed

    await play(a_day(seed, people=people), follow, tally)
    await desk.close()
    await _show(world, unclicked)
    clock.advance(seconds=1)
    await find_out(world.database, since, clock.now(), clock=clock)
    async with world.database.reading() as session:
        for decision in await session.scalars(sa.select(InvalidRow.decision_id)):
            tally.given_back[who[decision]] += 1
    return tally


async def _show(world: World, apps: list[str]) -> None:
    """The ads that nobody clicked, delivered by these apps."""
    events = [DecisionEvent(new_id("dec"), world.clock.now(), "zero", app_id=app) for app in apps]
    for start in range(0, len(events), 1_000):
        some = events[start : start + 1_000]
        async with world.database.writing() as tx:
            await write_decisions(tx, some)
            steps = [StepEvent(one.decision_id, Step.DELIVERED, one.at) for one in some]
            await write_steps(tx, steps)
