"""Signing keys are changed while readers click: nobody fails, nobody is charged twice."""

import asyncio

from adserver.events.clicks import ClickDesk
from adserver.events.tokens import ClickTokens
from kernel.clock import FrozenClock
from kernel.money import Micros
from kernel.signing import SigningKeys
from tests.adserver.events.click_world import BROWSER, PRICE, World

OLD, NEW = b"o" * 32, b"n" * 32


async def test_no_click_fails_while_a_key_is_replaced_and_a_removed_key_ends(
    world: World, clock: FrozenClock
) -> None:
    # As an operator does it: first both keys, the new one signing; the old one goes a day later.
    before = ClickTokens(SigningKeys({1: OLD}))
    during = ClickTokens(SigningKeys({1: OLD, 2: NEW}, current=2))
    after = ClickTokens(SigningKeys({2: NEW}, current=2))
    number = world.creative.number
    links = [before.mint(await world.an_ad(), number) for _ in range(12)]
    desks = [
        ClickDesk(world.database, keys, clock, deadline_ms=30_000) for keys in (before, during)
    ]

    async def reader(place: int) -> bool:
        # Processes change over one after the other: some still know the old key only.
        desk = desks[0] if place < 6 else desks[1]
        return (await desk.follow(links[place], user_agent=BROWSER)).billed

    billed = await asyncio.gather(*(reader(place) for place in range(12)))
    fresh = during.mint(await world.an_ad(), number)
    later = ClickDesk(world.database, after, clock)
    outcomes = [await later.follow(link, user_agent=BROWSER) for link in (fresh, links[0])]
    for desk in (*desks, later):
        await desk.close()

    assert all(billed)
    assert outcomes[0].billed
    assert (outcomes[1].url, outcomes[1].reason) == (None, "bad_token")
    assert await world.spent() == Micros(PRICE.amount * 13)
