"""After a kill at any point around any kind of write to Stripe there is one object and no more."""

import pytest

from advertiser_portal.billing.stripe_calls import WRITES
from ledger.verify import verify
from tests.advertiser_portal.billing.kills import KINDS, POINTS, killed_and_resumed


def test_every_kind_of_write_is_killed() -> None:
    assert set(KINDS) == set(WRITES)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_write_that_is_killed_at_any_point_is_done_once(bench, kind) -> None:
    wrong = [await killed_and_resumed(bench, kind, point, minutes=1) for point in POINTS]
    # Later than the processor remembers keys.
    wrong += [await killed_and_resumed(bench, kind, point, hours=30) for point in ("sent", "done")]

    assert [one for one in wrong if one] == []
    async with bench.database.reading() as session:
        assert await verify(session) == []
