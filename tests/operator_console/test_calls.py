"""The operators' page of calls: what fails, what is slow, what costs most, and for operators only."""

import httpx
import pytest

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.money import Micros
from tests.advertiser_portal.houses import House
from tests.api.monitoring.test_calls import a_row, written
from tests.operator_console.entering import enter

pytestmark = pytest.mark.parametrize("engine_kind", ["sqlite"])


async def test_names_failing_upstreams_and_costly_prompts(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    await written(
        database,
        [
            a_row(clock, upstream="groq", status=502, first_token_ms=None),
            a_row(clock, upstream="groq", prompt_group="fp-0011", cost_micros=Micros(1_500_000)),
            a_row(clock, upstream="mistral", first_token_ms=41.0, total_ms=913.0),
        ],
    )
    await enter(browser)

    page = (await browser.get("/operator/calls?span=hour")).text

    assert "50.0 %" in page
    assert "502 × 1" in page
    assert "41 / 41 / 41 / 41" in page
    assert "fp-0011" in page
    assert "1.5000" in page


async def test_is_empty_where_there_was_no_call(
    browser: httpx.AsyncClient, strideworks: House
) -> None:
    await enter(browser)

    assert "There was no call." in (await browser.get("/operator/calls?span=never")).text


async def test_is_no_page_for_advertisers(browser: httpx.AsyncClient, strideworks: House) -> None:
    await enter(browser, strideworks.email)

    assert (await browser.get("/operator/calls")).status_code == 403
