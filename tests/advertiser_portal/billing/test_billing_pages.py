"""The billing pages as a browser without a screen uses them."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from advertiser_portal.billing import webhooks
from advertiser_portal.billing.promos import make_code
from advertiser_portal.routes import routes
from fakestripe.resources import checkout
from kernel.http import RequestIds, install_error_handlers
from kernel.money import Micros
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from tests.advertiser_portal.billing.till_world import CARD
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


async def test_coming_back_from_the_payment_page_waits_for_our_own_books(
    bench, browser, shoes
) -> None:
    await _sign_in(browser, shoes.email)
    await _act(browser, "add-funds", amount="120")
    back = bench.made("checkout.session")[0]["success_url"].removeprefix(PORTAL)

    waiting = await browser.get(back)
    assert "on its way" in waiting.text
    assert "$50.00" in (await browser.get("/advertiser/billing?note=paid")).text

    checkout.complete(bench.fake.platform, bench.made("checkout.session")[0]["id"], number=CARD)
    await bench.hear()
    assert (await browser.get(back)).headers["location"].endswith("note=paid")
    stranger = back.rsplit("/", 1)[0] + "/op_of_somebody"
    assert (await browser.get(stranger)).status_code == 404


async def test_amounts_that_cannot_be_are_refused_kindly(bench, browser, shoes) -> None:
    await _sign_in(browser, shoes.email)

    for amount in ("", "abc", "-5", "0", "1", "99999999", "12.345", "1e400", "NaN"):
        answer = await _act(browser, "add-funds", amount=amount)
        assert 400 <= answer.status_code < 500, amount

    assert bench.made("checkout.session") == []


async def test_a_promo_code_is_redeemed_on_the_page_once(bench, browser, shoes) -> None:
    async with bench.database.writing() as tx:
        until = bench.clock.now() + timedelta(days=9)
        await make_code(
            tx,
            "WELCOME-25",
            amount=Micros.from_units(25),
            uses=5,
            good_until=until,
            clock=bench.clock,
        )
    await _sign_in(browser, shoes.email)

    answers = [
        await _act(browser, "promo", code=code) for code in ("welcome-25", "welcome-25", "x")
    ]

    assert answers[0].headers["location"].endswith("note=promo")
    assert [answer.status_code for answer in answers[1:]] == [409, 400]
    page = (await browser.get("/advertiser/billing")).text
    assert "$25.00" in page
    assert "Spent first" in page


async def test_receipts_and_transactions_are_files_of_their_owner(bench, browser, shoes) -> None:
    await _sign_in(browser, shoes.email)
    bench.advertiser = shoes.advertiser_id
    payment = await bench.pay(120, tax=True)

    receipt = await browser.get(f"/advertiser/billing/receipts/{payment}")
    file = await browser.get("/advertiser/billing/transactions.csv")

    assert receipt.content.startswith(b"%PDF-")
    assert receipt.headers["content-disposition"] == 'attachment; filename="R-000001.pdf"'
    lines = list(csv.DictReader(io.StringIO(file.text)))
    assert [line["balance"] for line in lines] == ["50.000000", "170.000000"]
    assert f"receipts/{payment}" in (await browser.get("/advertiser/billing")).text
    bench.advertiser = "adv_other"
    other = await bench.pay(20)
    assert (await browser.get(f"/advertiser/billing/receipts/{other}")).status_code == 404


async def test_a_till_that_adds_tax_says_so_and_asks_for_it(bench, browser, shoes) -> None:
    bench.till.tax = True
    await _sign_in(browser, shoes.email)

    assert "Tax, where it is due" in (await browser.get("/advertiser/billing")).text
    await _act(browser, "add-funds", amount="120")

    assert bench.made("checkout.session")[0]["automatic_tax"]["enabled"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
async def test_who_may_not_pay_sees_the_balance_and_no_button(bench, browser, shoes, role) -> None:
    await a_member(bench.database, bench.clock, shoes, role, email="eve@strideworks.example")
    await _sign_in(browser, "eve@strideworks.example")

    page = await browser.get("/advertiser/billing")
    assert "$50.00" in page.text
    assert "add-funds" not in page.text
    for act in ("add-funds", "card", "recharge", "recharge/off", "refund", "promo"):
        answer = await _act(browser, act, amount="50", threshold="1", monthly_cap="50", code="x")
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
