"""Money by script: asked for once, shown to the micro, refused kindly."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from advertiser_portal.billing.promos import make_code
from fakestripe.resources import checkout
from kernel.money import Micros
from tests.advertiser_portal.billing.till_world import CARD
from tests.advertiser_portal.houses import TOP_UP, House, a_house, a_token, portal_app
from web.roles import Role

B = "/api/advertiser/v1/billing"
KEY = {"idempotency-key": "nightly 1"}
RULE = {"threshold_micros": 20_000_000, "amount_micros": 50_000_000}
RULE |= {"monthly_cap_micros": 200_000_000}


@pytest.fixture
async def shoes(bench) -> House:
    house = await a_house(bench.database, bench.clock, "Strideworks")
    bench.advertiser = house.advertiser_id
    return house


def _program(bench, secret: str) -> httpx.AsyncClient:
    app = portal_app(bench.database, bench.clock, public_url="http://testserver", till=bench.till)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://testserver",
        headers={"authorization": f"Bearer {secret}"},
    )


@pytest.fixture
async def program(bench, shoes: House) -> AsyncIterator[httpx.AsyncClient]:
    secret = await a_token(bench.database, bench.clock, shoes, Role.BILLING)
    async with _program(bench, secret) as client:
        yield client


async def test_funds_are_asked_for_once_and_paid_on_the_page(bench, program) -> None:
    asked = {"amount_micros": 120_000_000, "save_card": True}
    first = await program.post(f"{B}/top-ups", json=asked, headers=KEY)
    again = await program.post(f"{B}/top-ups", json=asked, headers=KEY)
    one = f"{B}/top-ups/{first.json()['id']}"
    before = (await program.get(one)).json()
    checkout.complete(bench.fake.platform, bench.made("checkout.session")[0]["id"], number=CARD)
    await bench.hear()
    after = (await program.get(one)).json()
    wallet = (await program.get(B)).json()
    payment = (await program.get(f"{B}/payments")).json()["data"][0]
    receipt = await program.get(payment["receipt_path"])

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() == before
    assert (again.headers["idempotent-replayed"], len(bench.made("checkout.session"))) == (
        "true",
        1,
    )
    assert (before["status"], after["status"], after["url"]) == ("open", "paid", None)
    assert "/hosted/checkout/" in before["url"]
    assert wallet["available_micros"] == TOP_UP.amount + 120_000_000
    assert wallet["card"]["last4"] == CARD[-4:]
    assert wallet["daily_cap"]["left_micros"] == 500_000_000
    assert (payment["net_micros"], receipt.content[:5]) == (120_000_000, b"%PDF-")


async def test_a_lost_answer_is_given_again_when_the_processor_is_back(bench, program) -> None:
    await bench.customer()
    bench.fake.platform.faults.arm("fail_after_commit", path="/v1/checkout/sessions")
    asked = {"amount_micros": 50_000_000}

    lost = await program.post(f"{B}/top-ups", json=asked, headers=KEY)
    again = await program.post(f"{B}/top-ups", json=asked, headers=KEY)

    assert (lost.status_code, again.status_code) == (503, 201)
    assert again.json()["url"]
    assert len(bench.made("checkout.session")) == 1


async def test_movements_come_in_pages_that_add_up(bench, program) -> None:
    for units in (20, 30, 40):
        await bench.pay(units)
        await bench.spend(5)

    whole = (await program.get(f"{B}/transactions")).json()
    pages, after = [], ""
    while after is not None:
        page = (await program.get(f"{B}/transactions", params={"after": after, "limit": 2})).json()
        pages, after = pages + page["data"], page["next"]
    wrong = await program.get(f"{B}/transactions", params={"after": "1 OR 1=1"})
    payments = (await program.get(f"{B}/payments", params={"limit": 2})).json()
    rest = (await program.get(f"{B}/payments", params={"after": payments["next"]})).json()

    assert (pages, whole["next"]) == (whole["data"], None)
    assert len(pages) == 7
    assert pages[0]["balance_micros"] == (await bench.wallet()).amount
    assert sum(line["change_micros"] for line in pages) == (await bench.wallet()).amount
    assert wrong.status_code == 400
    assert [len(payments["data"]), len(rest["data"]), rest["next"]] == [2, 1, None]


async def test_recharge_is_set_changed_and_stopped(bench, program) -> None:
    early = await program.put(f"{B}/recharge", json=RULE)
    await bench.pay(20, save_card=True)

    on = await program.put(f"{B}/recharge", json=RULE)
    wrong = await program.put(f"{B}/recharge", json=RULE | {"monthly_cap_micros": 1_000_000})
    off = await program.delete(f"{B}/recharge")

    assert (early.status_code, wrong.status_code) == (400, 400)
    assert "Save a card first" in early.json()["error"]["message"]
    assert on.json()["enabled"]
    assert not off.json()["recharge"]["enabled"]


async def test_a_code_and_a_refund_happen_once_for_a_key(bench, program) -> None:
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
    await bench.pay(80)

    codes = [await program.post(f"{B}/promo-codes", json={"code": "welcome-25"}, headers=KEY)]
    codes += [await program.post(f"{B}/promo-codes", json={"code": "welcome-25"}, headers=KEY)]
    named = {"idempotency-key": "refund 1"}
    backs = [
        await program.post(f"{B}/refunds", json={"amount_micros": 30_000_000}, headers=named)
        for _ in range(2)
    ]
    await bench.hear()
    refunded = (await program.get(f"{B}/refunds")).json()["data"]
    wallet = (await program.get(B)).json()

    assert [one.status_code for one in codes + backs] == [201] * 4
    assert codes[0].json() == codes[1].json()
    assert wallet["promotional"][0]["left_micros"] == 25_000_000
    assert [(one["status"], one["cash_micros"]) for one in refunded] == [("paid", 30_000_000)]
    assert len(bench.made("refund")) == 1


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
async def test_who_may_not_pay_may_look(bench, shoes, role) -> None:
    secret = await a_token(bench.database, bench.clock, shoes, role)
    async with _program(bench, secret) as program:
        seen = await program.get(B)
        refused = await program.post(f"{B}/top-ups", json={"amount_micros": 50_000_000})

    assert (seen.status_code, refused.status_code) == (200, 403)


async def test_every_call_is_described_with_its_answer(program) -> None:
    described = (await program.get("/api/advertiser/v1/openapi.json")).json()

    billing = {path: said for path, said in described["paths"].items() if "/billing" in path}
    assert len(billing) == 9
    for said in billing.values():
        for operation in said.values():
            assert operation["description"]
            assert any(code.startswith("2") for code in operation["responses"])
