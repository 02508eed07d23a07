"""The operators' page of payments: what the till cannot mend, and the one thing to press."""

import httpx
import pytest
import sqlalchemy as sa

from advertiser_portal.billing.tables import BalanceTransaction, StripeEvent, StripeOperation
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import House
from tests.operator_console.entering import enter
from tests.web import forms
from web.tables import PersonRow

pytestmark = pytest.mark.parametrize("engine_kind", ["sqlite"])


async def troubled(database: Database, clock: FrozenClock) -> None:
    """An event given up, a write that stays open, a movement that nobody explains."""
    at = clock.now()
    async with database.writing() as tx:
        tx.add_all(
            [
                StripeEvent(
                    event_id="evt_dead",
                    type="payment_intent.succeeded",
                    object_id="pi_lost",
                    received_at=at,
                    next_try_at=at,
                    attempts=15,
                    last_error="LookupError",
                    dead_at=at,
                ),
                StripeOperation(
                    id="op_open",
                    kind="bank_payout",
                    owner_id="pub_1",
                    idempotency_key="k",
                    params={},
                    state="unknown",
                    created_at=at,
                ),
                BalanceTransaction(
                    id="txn_odd",
                    type="stripe_fee",
                    amount_cents=-700,
                    fee_cents=0,
                    source="fee_odd",
                    created_at=at,
                    explained_by="suspense:txn_odd",
                ),
            ]
        )
    clock.advance(hours=2)


async def test_it_names_what_needs_a_person_and_queues_events_again(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    await troubled(database, clock)
    await enter(browser)

    page = await browser.get("/operator/payments")
    pressed = await browser.post("/operator/payments/again", data={"csrf": forms.token_in(page)})
    after = (await browser.get("/operator/payments?note=again")).text

    for shown in ("evt_dead", "LookupError", "op_open", "bank payout", "txn_odd", "-$7.00"):
        assert shown in page.text
    assert pressed.status_code == 303
    assert "evt_dead" not in after
    assert "op_open" in after
    async with database.reading() as session:
        event = await session.get_one(StripeEvent, "evt_dead")
    assert (event.dead_at, event.attempts) == (None, 0)


async def test_it_is_empty_when_nothing_needs_anybody(
    browser: httpx.AsyncClient, strideworks: House
) -> None:
    await enter(browser)

    assert "Nothing needs you." in (await browser.get("/operator/payments")).text


async def test_it_is_no_page_for_advertisers_and_no_button_for_who_was_an_operator(
    browser: httpx.AsyncClient, database: Database, strideworks: House
) -> None:
    await enter(browser)
    page = await browser.get("/operator/payments")
    async with database.writing() as tx:
        await tx.execute(sa.update(PersonRow).values(is_operator=False))

    pressed = await browser.post("/operator/payments/again", data={"csrf": forms.token_in(page)})
    browser.cookies.clear()
    await enter(browser, strideworks.email)
    shown = await browser.get("/operator/payments")

    assert (pressed.status_code, shown.status_code) == (403, 403)
