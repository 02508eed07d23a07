"""Ad settings of apps and keys: the pages, the two calls of a key, and the command."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.access.key_book import KeyBook
from api.access.keys import create_app, create_key
from api.http import ad_settings
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.http import install_error_handlers
from tests.developer_portal.test_keys import book, browser, first_key, signed_in
from tests.web import forms
from tollfree.__main__ import main
from tollfree_sdk.contract import Delivery, Format
from web.roles import Role

__all__ = ["book", "browser"]


async def sent(browser: httpx.AsyncClient, address: str, **fields: object) -> httpx.Response:
    page = await browser.get(address)
    return await browser.post(address, data={"csrf": forms.token_in(page), **fields})


class TestThePages:
    async def test_set_an_app_and_a_key_within_it(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock, book: KeyBook
    ) -> None:
        await signed_in(browser, database, clock)
        secret, key_id = await first_key(browser)
        app_id = (await book.verify(f"Bearer {secret}")).app_id

        saved = await sent(
            browser,
            f"/developer/ads/apps/{app_id}",
            enabled="on",
            first="unit",
            formats=["unit", "mention"],
            allowed_formats=["unit", "mention"],
            blocked_categories=["dating"],
            blocked_domains="rival.example\nother.example",
            ads_per_session="3",
        )
        kept = await sent(
            browser,
            f"/developer/ads/keys/{key_id}",
            first="mention",
            delivery="both",
            min_relevance="0,4",
            ads_per_session="5",
        )
        holds = (await book.verify(f"Bearer {secret}")).ads
        page = await browser.get("/developer/ads")

        assert (saved.status_code, kept.status_code) == (303, 303)
        assert holds.formats == (Format.MENTION,)
        assert holds.delivery is Delivery.BOTH
        assert holds.blocked_domains == ("rival.example", "other.example")
        assert (holds.min_relevance, holds.ads_per_session) == (0.4, 3)
        assert "dating" in page.text

    async def test_say_what_the_policy_forbids(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        await signed_in(browser, database, clock)
        _, key_id = await first_key(browser)

        refused = await sent(browser, f"/developer/ads/keys/{key_id}", enabled="off")
        wrong = await sent(browser, f"/developer/ads/keys/{key_id}", min_relevance="much")

        assert refused.status_code == 400
        assert "does not let a key switch ads off" in refused.text
        assert 'aria-invalid="true"' in wrong.text

    async def test_are_for_those_who_may_and_own_it(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        async with database.writing() as tx:
            foreign = await create_app(tx, organisation_id="org_other", name="X", clock=clock)
            key = await create_key(tx, foreign, clock=clock)
        await signed_in(browser, database, clock, Role.VIEWER)

        app = await browser.get(f"/developer/ads/apps/{foreign}")
        theirs = await browser.get(f"/developer/ads/keys/{key.key_id}")
        overview = await browser.get("/developer/ads")

        assert (app.status_code, theirs.status_code, overview.status_code) == (404, 404, 200)
        assert foreign not in overview.text


@pytest.fixture
async def program(database: Database, book: KeyBook) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(ad_settings.routes(book, database))
    install_error_handlers(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


class TestTheCalls:
    async def test_read_and_change_the_calling_key_only(
        self, program: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        async with database.writing() as tx:
            app_id = await create_app(tx, organisation_id="org_1", name="Shop", clock=clock)
            one = await create_key(tx, app_id, clock=clock)
            other = await create_key(tx, app_id, clock=clock)
        mine = {"authorization": f"Bearer {one.secret}"}

        changed = await program.put(
            "/v1/ad-settings", headers=mine, json={"formats": ["mention", "unit"]}
        )
        theirs = await program.get(
            "/v1/ad-settings", headers={"authorization": f"Bearer {other.secret}"}
        )
        refused = await program.put("/v1/ad-settings", headers=mine, json={"may_turn_off": True})
        nobody = await program.get("/v1/ad-settings")

        assert changed.json()["settings"]["formats"] == ["mention", "unit"]
        assert changed.json()["own"] == {"formats": ["mention", "unit"]}
        assert theirs.json()["settings"]["formats"] == ["unit"]
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "may_turn_off")
        assert nobody.status_code == 401


def test_the_command_shows_and_sets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path), "--json"]
    assert main(["migrate", "--data", str(tmp_path)]) == 0
    capsys.readouterr()
    main(["keys", "create", *data])
    made = json.loads(capsys.readouterr().out)

    main(
        ["ad-settings", "set", made["app"], "may_turn_off=true", "blocked_domains=a.example", *data]
    )
    capsys.readouterr()
    main(["ad-settings", "set", made["id"], "enabled=false", "delivery=both", *data])
    key = json.loads(capsys.readouterr().out)
    main(["ad-settings", "show", made["app"], *data])
    app = json.loads(capsys.readouterr().out)

    assert key["own"] == {"enabled": False, "delivery": "both"}
    assert key["settings"]["blocked_domains"] == ["a.example"]
    assert app["settings"]["enabled"]
    assert main(["ad-settings", "set", made["id"], "may_turn_off=true", *data]) == 2
