"""Publishers set up payouts on the processor's page and see what they were paid."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from adserver.catalog.commands import create_publisher
from developer_portal.routes import routes
from fakestripe.resources import accounts
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from tests.advertiser_portal.billing.till_world import Bench, open_till
from tests.developer_portal.test_keys import signed_in
from tests.web import forms
from web.front_desk import front_desk
from web.roles import Role

pytestmark = pytest.mark.parametrize("engine_kind", ["sqlite"])


@pytest.fixture
async def bench(database: Database, clock: FrozenClock) -> AsyncIterator[Bench]:
    opened = open_till(database, clock)
    yield opened
    await opened.till.gateway.close()


@pytest.fixture
async def browser(bench: Bench) -> AsyncIterator[httpx.AsyncClient]:
    front = front_desk(
        database=bench.database,
        clock=bench.clock,
        shared_state=InProcessState(bench.clock),
        signing=SigningKeys({1: b"a key of thirty-two bytes or more"}),
        public_url="http://testserver",
    )

    async def forget(_digest: str) -> None:
        pass

    app = FastAPI()
    app.include_router(routes(front, forget, bench.till))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


async def _publisher(bench: Bench, organisation_id: str) -> str:
    async with bench.database.writing() as tx:
        made = await create_publisher(
            tx,
            name="Paperplane",
            key_digest=None,
            organisation_id=organisation_id,
            clock=bench.clock,
        )
    return made.publisher_id


async def _pressed(browser: httpx.AsyncClient, publisher_id: str) -> httpx.Response:
    page = await browser.get("/developer/payouts")
    address = f"/developer/payouts/{publisher_id}/account"
    return await browser.post(address, data={"csrf": forms.token_in(page)})


async def test_a_publisher_sets_up_payouts_is_paid_and_takes_the_statement_along(
    browser, bench, engine_kind
) -> None:
    publisher = await _publisher(bench, await signed_in(browser, bench.database, bench.clock))
    assert "Payouts are not set up" in (await browser.get("/developer/payouts")).text

    away = [await _pressed(browser, publisher) for _ in range(2)]
    assert all("/hosted/onboarding/" in page.text for page in away)
    (account,) = bench.made("v2.core.account")
    accounts.onboard(bench.fake.platform, account["id"])
    await browser.get(f"/developer/payouts/{publisher}/back")
    assert "Payouts are active" in (await browser.get("/developer/payouts")).text

    bench.deposit(1_000)
    await bench.earned(60, publisher)
    assert "$60.00" in (await browser.get("/developer/payouts")).text
    await bench.till.pay_publishers()

    page = (await browser.get("/developer/payouts")).text
    assert "On the way to your bank" in page
    address = re.search(r"/developer/payouts/statements/\w+", page)
    assert address is not None
    statement = await browser.get(address[0])
    assert statement.content.startswith(b"%PDF-")


async def test_an_expired_link_leads_to_a_fresh_one(browser, bench, engine_kind) -> None:
    publisher = await _publisher(bench, await signed_in(browser, bench.database, bench.clock))
    first = await _pressed(browser, publisher)
    bench.later(minutes=11)

    again = await browser.get(f"/developer/payouts/{publisher}/again")

    assert "/hosted/onboarding/" in again.text
    assert again.text != first.text


async def test_who_may_not_be_paid_sees_earnings_and_no_button(browser, bench, engine_kind) -> None:
    house = await signed_in(browser, bench.database, bench.clock, Role.VIEWER)
    publisher = await _publisher(bench, house)
    stranger = await _publisher(bench, "org_other")

    page = (await browser.get("/developer/payouts")).text

    assert "Paperplane" in page
    assert "Set up payouts" not in page
    assert stranger not in page
    assert (await browser.get(f"/developer/payouts/{publisher}/again")).status_code == 403
    assert bench.made("v2.core.account") == []
