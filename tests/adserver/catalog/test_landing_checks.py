"""Landing pages are looked at again, and one that moved away ends its creative."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from adserver.catalog import queries
from adserver.catalog.landing_checks import check_some, registrable
from adserver.catalog.queries import landing_of
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.egress import EgressRefused, Fetched
from tests.adserver.catalog.builders import COPY, a_creative


class Web:
    """Pages that lead to `end`, or nowhere."""

    def __init__(self, end: str | None) -> None:
        self.end, self.asked = end, list[str]()

    async def fetch(
        self, url: str, *, max_bytes: int, timeout_s: float, accept: Sequence[str] = ()
    ) -> Fetched:
        del max_bytes, timeout_s, accept
        self.asked.append(url)
        if self.end is None:
            raise EgressRefused("timeout", "The page did not answer in time.")
        return Fetched(self.end, 200, "text/html", b"")


@pytest.fixture
def engine_kind() -> str:
    """The engine makes no difference to where a page leads."""
    return "sqlite"


@pytest.mark.parametrize(
    ("end", "moved"),
    [
        ("https://www.strideworks.example/shoes", 0),
        (None, 0),
        ("https://casino.example/", 1),
        ("https://strideworks.example.evil.example/", 1),
    ],
)
async def test_only_a_page_that_ends_elsewhere_ends_its_creative(
    end: str | None, moved: int, database: Database, clock: FrozenClock
) -> None:
    creative = await a_creative(database, clock)
    web = Web(end)

    counted = [await check_some(database, web, clock) for _ in range(2)]

    # Looked at once a day, whatever came of it.
    assert (counted, web.asked) == ([moved, 0], [COPY.landing_url])
    async with database.reading() as session:
        live = await queries.live_creatives(session, clock.now())
        seen = await queries.creative(session, creative.creative_id)
        landing = await landing_of(session, creative.number)
    assert len(live) == 1 - moved
    assert landing is not None
    assert (landing.approved_url is None) == bool(moved)
    assert seen is not None
    assert ("now leads to" in (seen.review_reason or "")) == bool(moved)


async def test_a_page_is_looked_at_again_another_day(
    database: Database, clock: FrozenClock
) -> None:
    await a_creative(database, clock)
    web = Web("https://strideworks.example/")

    await check_some(database, web, clock)
    clock.advance(days=1, seconds=1)
    await check_some(database, web, clock)

    assert len(web.asked) == 2


def test_the_registrable_part_is_what_somebody_registers() -> None:
    same = ["shop.acme.co.uk", "acme.co.uk", "www.ACME.co.uk."]

    assert all(registrable(one) == registrable(other) for one, other in pairwise(same))
    assert registrable("a.b.acme.example") == "acme.example"
    assert registrable("acme.co.uk") != registrable("other.co.uk")
