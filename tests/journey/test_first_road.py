"""The main job, end to end: a question, a free answer, a labelled ad, one paid click.

With the official client against the real program, on one machine and as on many.
"""

import asyncio
import hashlib
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import sqlalchemy as sa

from adserver.catalog import stops
from adserver.events.tables import DecisionRow, StepRow
from api.tables import ApiKey
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.money import Micros
from kernel.secret_keys import digest_of
from ledger.account import cash
from ledger.balances import balance
from ledger.tables import LedgerGroup
from ledger.verify import verify
from tests.journey.conftest import RunningRoad, Visit

SHOES = "What are the best running shoes for flat feet?"


def ask(road: RunningRoad, question: str, **given: Any) -> Any:
    return road.client().chat.completions.create(
        model="demo", messages=[{"role": "user", "content": question}], **given
    )


def ad_answer(road: RunningRoad) -> Any:
    """An answer with an ad. The machine may be busy, so a decision that was late is asked again."""
    for _ in range(10):
        answer = ask(road, f"{SHOES} {road.canary()}")
        if answer.tollfree["ads"]:
            return answer
        assert answer.tollfree["no_fill_reason"] in {"timeout", "overloaded", "frequency_cap"}
    raise AssertionError("No ad in ten answers.")


class TestAQuestionAboutRunningShoes:
    def test_is_answered_with_a_labelled_ad(self, road: RunningRoad) -> None:
        answer = ad_answer(road)

        content, (ad,) = answer.choices[0].message.content, answer.tollfree["ads"]
        assert ad["label"] == "Sponsored"
        assert ad["advertiser"]["name"] in {"Strideworks", "Fellmark"}
        (span,) = ad["spans"]
        shown = content[span["start"] : span["end"]]
        assert ad["label"] in shown
        assert ad["advertiser"]["name"] in shown
        assert ad["click_url"] in shown

    def test_keeps_the_answer_byte_for_byte(self, road: RunningRoad) -> None:
        answer = ad_answer(road)

        content, (ad,) = answer.choices[0].message.content, answer.tollfree["ads"]
        (span,) = ad["spans"]
        organic = content[: span["start"]] + content[span["end"] :]
        digest = hashlib.sha256(organic.encode()).hexdigest()
        assert digest == answer.tollfree["organic_sha256"]

    def test_streams_the_ad_before_the_finish(self, road: RunningRoad) -> None:
        chunks = list(ask(road, f"{SHOES} {road.canary()}", stream=True))

        finishing = [chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        (ad,) = finishing[0].tollfree["ads"]
        assert f"{ad['label']}" in text
        assert ad["advertiser"]["name"] in text

    def test_is_paid_for_by_one_click_however_often_it_is_clicked(
        self, road: RunningRoad, visit: Visit
    ) -> None:
        answer = ad_answer(road)
        (ad,) = answer.tollfree["ads"]
        decision_id = answer.tollfree["decision_id"]

        first = visit(ad["click_url"])
        with ThreadPoolExecutor(8) as many:
            again = list(many.map(visit, [ad["click_url"]] * 40))

        assert {visited.status_code for visited in [first, *again]} == {302}
        assert ad["advertiser"]["domain"] in first.headers["location"]
        assert f"tf_click={decision_id}" in first.headers["location"]
        assert first.headers["cache-control"] == "no-store"
        assert _charges(road, decision_id) == 1

    def test_has_a_page_that_says_why(self, road: RunningRoad) -> None:
        (ad,) = ad_answer(road).tollfree["ads"]

        page = httpx.get(ad["why_url"])

        assert page.status_code == 200
        assert ad["advertiser"]["name"] in page.text
        assert "<script" not in page.text


class TestOtherQuestions:
    def test_about_grief_carry_no_ad(self, road: RunningRoad) -> None:
        answer = ask(road, f"My mother died last week and I cannot stop crying. {road.canary()}")

        assert answer.tollfree["ads"] == []
        assert answer.tollfree["no_fill_reason"] == "sensitive_topic"

    def test_about_a_for_loop_carry_no_ad(self, road: RunningRoad) -> None:
        answer = ask(road, f"How do I write a for-loop in Python? {road.canary()}")

        assert answer.tollfree["ads"] == []
        assert answer.tollfree["no_fill_reason"] == "not_commercial"


class TestTheBooks:
    def test_the_portal_and_the_ledger_agree(self, road: RunningRoad, visit: Visit) -> None:
        (ad,) = ad_answer(road).tollfree["ads"]
        visit(ad["click_url"])
        time.sleep(2.5)  # The settlement and the last batch of rows.

        page = _portal(road)
        spent, available, problems = _books(road)

        assert problems == []
        assert spent > Micros(0)
        assert spent.text() in page
        assert available.text() in page

    def test_no_spend_exceeds_what_was_decided(self, road: RunningRoad) -> None:
        prices = _clicked_prices(road)

        assert prices
        assert all(charged == decided for charged, decided in prices)


def _portal(road: RunningRoad) -> str:
    """The overview as the demo's advertiser sees it."""
    login = road.told["advertiser"]
    with httpx.Client(base_url=road.address, follow_redirects=True) as browser:
        form = browser.get("/advertiser/sign-in").text
        token = re.search(r'name="csrf" value="([^"]+)"', form)
        assert token is not None
        signed_in = browser.post(
            "/advertiser/sign-in",
            data={"csrf": token[1], "next": "/advertiser/"} | login,
        )
        assert signed_in.status_code == 200
        return signed_in.text


def _charges(road: RunningRoad, decision_id: str) -> int:
    async def count(database: Database) -> int:
        async with database.reading() as session:
            return (
                await session.scalar(
                    sa.select(sa.func.count())
                    .select_from(LedgerGroup)
                    .where(LedgerGroup.ref_id == decision_id)
                )
            ) or 0

    return _in_database(road, count)


def _books(road: RunningRoad) -> tuple[Micros, Micros, list[Any]]:
    """What the demo's advertiser has spent and has left, and what is wrong in the ledger."""

    async def look(database: Database) -> tuple[Micros, Micros, list[Any]]:
        async with database.reading() as session:
            found = await session.execute(
                sa.select(DecisionRow.advertiser_id, sa.func.sum(StepRow.price_micros))
                .join(StepRow, StepRow.decision_id == DecisionRow.id)
                .where(StepRow.billable)
                .group_by(DecisionRow.advertiser_id)
            )
            spends = dict(found.all())
            advertiser_id = await session.scalar(
                sa.text("SELECT id FROM advertiser WHERE name = 'Strideworks'")
            )
            wallet = await balance(session, cash(advertiser_id))
            spent = spends.get(advertiser_id, 0)
            amount = spent if isinstance(spent, Micros) else Micros(int(spent))
            return amount, wallet.available, list(await verify(session))

    return _in_database(road, look)


def _clicked_prices(road: RunningRoad) -> list[tuple[Micros, Micros]]:
    async def look(database: Database) -> list[tuple[Micros, Micros]]:
        async with database.reading() as session:
            rows = await session.execute(
                sa.select(StepRow.price_micros, DecisionRow.price_micros)
                .join(DecisionRow, StepRow.decision_id == DecisionRow.id)
                .where(StepRow.billable)
            )
            return [(charged, decided) for charged, decided in rows]

    return _in_database(road, look)


def _in_database(road: RunningRoad, look: Any) -> Any:
    async def opened() -> Any:
        database = Database(road.told["database_url"])
        try:
            return await look(database)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, opened()).result()


class TestAnAppThatTheOperatorStops:
    def test_is_refused_by_the_running_server_until_it_goes_on(self, road: RunningRoad) -> None:
        app_id = asyncio.run(_app_of(road))

        asyncio.run(_stop(road, app_id))
        try:
            refused = _first_with(road, 403)
        finally:
            asyncio.run(_resume(road, app_id))

        assert refused.json()["error"]["code"] == "app_stopped"
        assert _first_with(road, 200).json()["data"]


def _first_with(road: RunningRoad, status: int) -> httpx.Response:
    """The first answer with this status: servers look at what is stopped four times a second."""
    headers = {"authorization": f"Bearer {road.told['api_key']}"}
    for _ in range(200):
        answer = httpx.get(f"{road.told['base_url']}/models", headers=headers)
        if answer.status_code == status:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"No answer with status {status} in ten seconds.")


async def _app_of(road: RunningRoad) -> str:
    database = Database(road.told["database_url"])
    digest = digest_of(road.told["api_key"])
    async with database.reading() as session:
        app_id = await session.scalar(sa.select(ApiKey.app_id).where(ApiKey.digest == digest))
    await database.close()
    assert app_id is not None
    return app_id


async def _stop(road: RunningRoad, app_id: str) -> None:
    database = Database(road.told["database_url"])
    async with database.writing() as tx:
        await stops.stop(tx, stops.Scope.APP, app_id, reason="abuse", clock=SystemClock())
    await database.close()


async def _resume(road: RunningRoad, app_id: str) -> None:
    database = Database(road.told["database_url"])
    async with database.writing() as tx:
        await stops.resume(tx, stops.Scope.APP, app_id)
    await database.close()
