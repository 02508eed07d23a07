"""What an app sets, what a key may prefer within it, and what of both holds."""

from typing import Any

import pytest

from api.access import ad_choices
from api.access.ad_settings import AdSettings, checked_for_key, for_key
from api.access.key_book import KeyBook
from api.access.keys import create_app, create_key
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import BadRequest, NotFound
from tollfree_sdk.contract import Delivery, Format

STRICT = AdSettings(
    allowed_formats=(Format.UNIT,),
    blocked_categories=("dating",),
    min_relevance=0.5,
    ads_per_session=3,
    turns_between=1,
)


class TestAKey:
    def test_only_ever_tightens_what_its_app_set(self) -> None:
        held = for_key(
            STRICT,
            {
                "blocked_categories": ["travel"],
                "min_relevance": 0.2,
                "ads_per_session": 9,
                "turns_between": 4,
                "delivery": "both",
            },
        )

        assert held.blocked_categories == ("dating", "travel")
        assert (held.min_relevance, held.ads_per_session, held.turns_between) == (0.5, 3, 4)
        assert held.delivery is Delivery.BOTH

    @pytest.mark.parametrize(
        ("wishes", "named"),
        [
            ({"formats": ["mention"]}, "formats"),
            ({"enabled": False}, "enabled"),
            ({"allowed_formats": ["unit"]}, "allowed_formats"),
            ({"may_turn_off": True}, "may_turn_off"),
            ({"min_relevance": 2}, "min_relevance"),
            ({"blocked_domains": ["x"] * 201}, "blocked_domains"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_is_refused_what_the_policy_forbids(self, wishes: dict[str, Any], named: str) -> None:
        with pytest.raises(BadRequest) as refused:
            checked_for_key(STRICT, wishes)

        assert refused.value.param == named

    def test_may_switch_ads_off_where_the_app_lets_it(self) -> None:
        lenient = AdSettings(may_turn_off=True)

        assert checked_for_key(lenient, {"enabled": False}) == {"enabled": False}
        assert not for_key(lenient, {"enabled": False}).enabled

    def test_loses_what_its_app_no_longer_allows(self) -> None:
        wishes = {"formats": ["mention", "unit"], "enabled": False, "may_turn_off": True}

        held = for_key(STRICT, wishes)

        assert held.formats == (Format.UNIT,)
        assert (held.enabled, held.may_turn_off) == (True, False)

    def test_cannot_switch_ads_on_that_its_app_switched_off(self) -> None:
        assert not for_key(AdSettings(enabled=False), {"enabled": True}).enabled


class TestAChange:
    async def test_reaches_the_callers_key_and_goes_back(
        self, database: Database, clock: FrozenClock
    ) -> None:
        book = KeyBook(database, clock)
        async with database.writing() as tx:
            app_id = await create_app(tx, organisation_id="org_1", name="Shop", clock=clock)
            made = await create_key(tx, app_id, clock=clock)
            await ad_choices.change_app(tx, app_id, {"blocked_domains": ["rival.example"]})
        bearer = f"Bearer {made.secret}"

        async with database.writing() as tx:
            chosen = await ad_choices.change_key(
                tx, made.key_id, {"formats": ["mention", "unit"], "min_relevance": 0.4}
            )
        preferred = (await book.verify(bearer)).ads
        async with database.writing() as tx:
            await ad_choices.change_key(tx, made.key_id, {"formats": None})
        for digest in chosen.digests:
            await book.forget(digest)
        reset = (await book.verify(bearer)).ads

        assert preferred.formats == (Format.MENTION, Format.UNIT)
        assert preferred.blocked_domains == ("rival.example",)
        assert (reset.formats, reset.min_relevance) == ((Format.UNIT,), 0.4)

    async def test_of_an_app_must_make_sense(self, database: Database, clock: FrozenClock) -> None:
        async with database.writing() as tx:
            app_id = await create_app(tx, organisation_id="org_1", name="Shop", clock=clock)

            with pytest.raises(BadRequest, match="allowed_formats"):
                await ad_choices.change_app(tx, app_id, {"allowed_formats": ["link"]})
            with pytest.raises(NotFound):
                await ad_choices.change_app(tx, app_id, {}, organisation_id="org_2")
            with pytest.raises(NotFound):
                await ad_choices.change_key(tx, "key_none", {})
