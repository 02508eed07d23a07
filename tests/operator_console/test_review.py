"""The review queue over HTTP: who may decide, what is decided, about which version."""

import re
from dataclasses import replace

import httpx

from adserver.catalog import commands, queries
from adserver.catalog.creative import CreativeCopy
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import House
from tests.operator_console.entering import enter
from tests.web import forms


async def submitted(database: Database, clock: FrozenClock, house: House, title: str) -> str:
    """A creative in review."""
    async with database.writing() as tx:
        copy = replace(await copy_of(database, house), title=title)
        made = await commands.create_creative(
            tx, campaign_id=house.campaign_id, copy=copy, clock=clock
        )
        await commands.submit_creative(
            tx, made.creative_id, auto_approve_after_lint=False, clock=clock
        )
    return made.creative_id


async def copy_of(database: Database, house: House) -> CreativeCopy:
    async with database.reading() as session:
        found = await queries.creative(session, house.creative_id)
    assert found is not None
    return found.copy


async def state(database: Database, creative_id: str) -> tuple[str, str | None]:
    async with database.reading() as session:
        found = await queries.creative(session, creative_id)
    assert found is not None
    return found.review_state.value, found.review_reason


async def decide(browser: httpx.AsyncClient, creative_id: str, **fields: str) -> httpx.Response:
    page = await browser.get("/operator/")
    version = re.search(r'name="version" value="(\d+)"', page.text)
    known = {"version": version.group(1)} if version else {}
    return await browser.post(
        f"/operator/creatives/{creative_id}",
        data={"csrf": forms.token_in(page), **known, **fields},
    )


async def test_the_queue_shows_the_oldest_with_what_lint_says_and_approves_it(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    first = await submitted(database, clock, strideworks, "The best shoe of all")
    second = await submitted(database, clock, strideworks, "Another shoe")
    await enter(browser)

    page = await browser.get("/operator/")
    answer = await decide(browser, first, act="approve")
    after = await browser.get(answer.headers["location"])

    assert "2 creatives wait" in page.text
    assert "is a claim that needs proof" in page.text
    assert "Strideworks" in page.text
    assert await state(database, first) == ("approved", None)
    assert await state(database, second) == ("in_review", None)
    assert "1 creative waits" in after.text
    assert "Another shoe" in after.text


async def test_a_rejection_needs_a_reason_which_the_advertiser_reads(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    creative_id = await submitted(database, clock, strideworks, "A shoe")
    await enter(browser)

    refused = await decide(browser, creative_id, act="reject")
    answer = await decide(browser, creative_id, act="reject", reason="claim", words="Show a test.")

    assert refused.status_code == 422
    assert answer.status_code == 303
    assert await state(database, creative_id) == (
        "rejected",
        "A claim needs proof that we did not find on the landing page. Show a test.",
    )


async def test_copy_that_changed_after_it_was_opened_is_not_approved(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    creative_id = await submitted(database, clock, strideworks, "A shoe")
    await enter(browser)
    page = await browser.get("/operator/")
    copy = await copy_of(database, strideworks)
    async with database.writing() as tx:
        await commands.edit_creative(tx, creative_id, replace(copy, title="Quite another"))
        await commands.submit_creative(tx, creative_id, auto_approve_after_lint=False, clock=clock)

    answer = await browser.post(
        f"/operator/creatives/{creative_id}",
        data={"csrf": forms.token_in(page), "version": "1", "act": "approve"},
    )

    assert answer.status_code == 422
    assert "The copy has changed" in answer.text
    assert "Quite another" in answer.text
    assert (await state(database, creative_id))[0] == "in_review"


async def test_the_console_is_for_operators(
    browser: httpx.AsyncClient, database: Database, clock: FrozenClock, strideworks: House
) -> None:
    creative_id = await submitted(database, clock, strideworks, "A shoe")
    stranger = await browser.get("/operator/")
    await enter(browser, strideworks.email)

    page = await browser.get("/operator/")
    answer = await decide(browser, creative_id, act="approve", version="1")

    assert stranger.headers["location"].startswith("/operator/sign-in")
    assert page.status_code == answer.status_code == 403
    assert "A shoe" not in page.text
    assert (await state(database, creative_id))[0] == "in_review"
