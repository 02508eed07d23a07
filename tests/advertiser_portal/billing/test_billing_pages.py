"""The billing pages as a browser without a screen uses them, and the address that Stripe calls."""

import json
import re
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from advertiser_portal.billing import webhooks
from advertiser_portal.routes import routes
from fakestripe.events import signature
from fakestripe.resources import checkout
from kernel.http import RequestIds, install_error_handlers
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from tests.advertiser_portal.houses import PASSWORD, House, a_house, a_member
from web import assets
from web.front_desk import front_desk
from web.roles import Role

PORTAL = "https://portal.example"


@pytest.fixture
async def browser(bench) -> AsyncIterator[httpx.AsyncClient]:
    front = front_desk(
        database=bench.database,
        clock=bench.clock,
        shared_state=InProcessState(bench.clock),
        signing=SigningKeys({1: b"a key of thirty-two bytes or more"}),
        public_url=PORTAL,
    )
    bench.till.test_money = True
    app = FastAPI()
    app.add_middleware(RequestIds)
    install_error_handlers(app)
    app.include_router(assets.routes(front.assets))
    app.include_router(routes(front, bench.till))
    app.include_router(webhooks.routes(bench.till))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=PORTAL) as client:
        yield client


@pytest.fixture
async def shoes(bench) -> House:
    return await a_house(bench.database, bench.clock, "Strideworks")


async def _post(browser: httpx.AsyncClient, page: str, path: str, **form: str) -> httpx.Response:
    shown = await browser.get(page)
    name, value = re.search(r'type="hidden" name="([^"]+)" value="([^"]+)"', shown.text).groups()
    return await browser.post(path, data=form | {name: value}, headers={"origin": PORTAL})


async def _sign_in(browser: httpx.AsyncClient, email: str) -> None:
    answer = await _post(
        browser, "/advertiser/sign-in", "/advertiser/sign-in", email=email, password=PASSWORD
    )
    assert answer.status_code == 303, answer.text


async def _act(browser: httpx.AsyncClient, act: str, **form: str) -> httpx.Response:
    return await _post(browser, "/advertiser/billing", f"/advertiser/billing/{act}", **form)


async def test_funds_are_added_a_card_is_saved_and_money_goes_back(bench, browser, shoes) -> None:
    await _sign_in(browser, shoes.email)
    away = await _act(browser, "add-funds", amount="120", save_card="true")
    session = re.search(r"/hosted/checkout/(\w+)", away.text)[1]
    checkout.complete(bench.fake.platform, session, number="4242424242424242")
    await bench.hear()

    page = (await browser.get("/advertiser/billing?note=paid")).text
    assert "$170.00" in page
    assert "ending in 4242" in page
    assert "Test money" in page

    refunded = await _act(browser, "refund", amount="20")
    assert refunded.headers["location"].endswith("note=refund")
    assert "$150.00" in (await browser.get("/advertiser/billing")).text


async def test_coming_back_from_the_payment_page_credits_nothing(bench, browser, shoes) -> None:
    await _sign_in(browser, shoes.email)
    await _act(browser, "add-funds", amount="120")

    page = (await browser.get("/advertiser/billing?note=paid")).text

    assert "$50.00" in page


@pytest.mark.parametrize(
    "amount", ["", "abc", "-5", "0", "1", "99999999", "12.345", "1e400", "NaN"]
)
async def test_an_amount_that_cannot_be_is_refused_kindly(bench, browser, shoes, amount) -> None:
    await _sign_in(browser, shoes.email)

    answer = await _act(browser, "add-funds", amount=amount)

    assert 400 <= answer.status_code < 500
    assert bench.fake.platform.objects.every("checkout.session") == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
async def test_who_may_not_pay_sees_the_balance_and_no_button(bench, browser, shoes, role) -> None:
    await a_member(bench.database, bench.clock, shoes, role, email="eve@strideworks.example")
    await _sign_in(browser, "eve@strideworks.example")

    page = await browser.get("/advertiser/billing")
    assert "$50.00" in page.text
    assert "add-funds" not in page.text
    for act in ("add-funds", "card", "recharge", "recharge/off", "refund"):
        answer = await _act(browser, act, amount="50", threshold="1", monthly_cap="50")
        assert answer.status_code == 403
    assert bench.fake.platform.objects.every("customer") == []


async def test_automatic_recharge_needs_a_card_and_a_cap_that_holds_it(browser, shoes) -> None:
    await _sign_in(browser, shoes.email)

    without_card = await _act(browser, "recharge", threshold="10", amount="50", monthly_cap="100")
    too_small_a_cap = await _act(browser, "recharge", threshold="10", amount="50", monthly_cap="40")

    assert "Save a card first" in without_card.text
    assert "smaller than one recharge" in too_small_a_cap.text


async def test_nobody_confirms_the_payment_of_another(bench, browser, shoes) -> None:
    await _sign_in(browser, shoes.email)

    answer = await browser.get("/advertiser/billing/confirm/pi_of_somebody")

    assert answer.status_code == 404


async def test_a_signed_event_is_taken_once_and_a_forged_one_never(bench, browser) -> None:
    body = json.dumps(
        {
            "id": "evt_1",
            "object": "event",
            "type": "payout.paid",
            "data": {"object": {"id": "po_1"}},
        }
    ).encode()
    now = int(time.time())
    good = {"stripe-signature": signature(body, "whsec_first", now)}

    first = await browser.post("/hooks/stripe", content=body, headers=good)
    again = await browser.post("/hooks/stripe", content=body, headers=good)
    forged = await browser.post(
        "/hooks/stripe", content=body, headers={"stripe-signature": signature(body, "x", now)}
    )
    unsigned = await browser.post("/hooks/stripe", content=body)

    assert (first.json()["new"], again.json()["new"]) == (True, False)
    assert (forged.status_code, unsigned.status_code) == (403, 403)
