"""Every flow ends in one state, whatever the order, doubles and drops of its events.

A short form: bench/till.py goes through all permutations, or 2,000 shuffles.
"""

import itertools

import pytest

from kernel.money import ZERO
from ledger.verify import verify
from tests.advertiser_portal.billing.flows import FLOWS
from tests.advertiser_portal.billing.shuffles import every_order


@pytest.mark.parametrize("name", FLOWS)
async def test_a_flow_ends_in_one_state_however_we_are_told(bench, name) -> None:
    told = await every_order(bench, FLOWS[name], shuffles=3)

    assert (told.other_ends, told.trials > 1) == (0, True)
    async with bench.database.reading() as session:
        assert await verify(session) == []


async def test_a_difference_would_be_noticed(bench) -> None:
    lives = itertools.count(1)

    async def forgetful(bench):
        async for _ in FLOWS["refund"](bench):
            yield
        if next(lives) == 3:
            await bench.spend(1)

    told = await every_order(bench, forgetful, shuffles=3)

    assert (told.trials, told.other_ends) == (4, 1)
    assert await bench.money("suspense") == ZERO
