"""How keys look, and that nothing stored is one."""

import random

import pytest
import sqlalchemy as sa

from api.access.keys import (
    AdSettings,
    KeyKind,
    create_app,
    create_key,
    list_keys,
    looks_like_a_key,
    new_key,
    revoke_key,
)
from api.tables import ApiKey
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import NotFound
from kernel.secret_keys import digest_of
from kernel.secret_keys import new_key as new_secret_key
from tollfree_sdk.contract import Delivery


class TestAKey:
    @pytest.mark.parametrize("kind", list(KeyKind))
    def test_says_what_it_is_and_carries_a_checksum(self, kind: KeyKind) -> None:
        secret, digest = new_key(kind)

        assert secret.startswith(f"tf_{kind}_")
        assert looks_like_a_key(secret)
        assert digest == digest_of(secret)
        assert secret not in digest

    def test_is_never_made_twice(self) -> None:
        assert len({new_key(KeyKind.LIVE)[0] for _ in range(1_000)}) == 1_000

    def test_mistyped_in_any_way_is_recognised_as_mistyped(self) -> None:
        secret, _ = new_key(KeyKind.LIVE)
        draw = random.Random(3)

        for _ in range(20_000):
            at = draw.randrange(len(secret))
            wrong = secret[:at] + draw.choice("abcXYZ019_-'\x00 é") + secret[at + 1 :]
            assert wrong == secret or not looks_like_a_key(wrong)

    @pytest.mark.parametrize("wrong", ["", "tf_live_", "sk-1234", "' OR 1=1 --"])
    def test_of_another_house_is_none(self, wrong: str) -> None:
        assert not looks_like_a_key(wrong)

    def test_of_a_publisher_is_none(self) -> None:
        assert not looks_like_a_key(new_secret_key("tf_pub_")[0])


class TestTheKeysOfAnApp:
    async def test_are_stored_as_digests_only(self, database: Database, clock: FrozenClock) -> None:
        async with database.writing() as tx:
            app_id = await create_app(tx, organisation_id="org_1", name="Shop", clock=clock)
            key = await create_key(tx, app_id, clock=clock)

        async with database.reading() as session:
            row = (await session.execute(sa.select(ApiKey.__table__))).one()
        assert not any(isinstance(value, str) and looks_like_a_key(value) for value in row)
        assert row.digest == digest_of(key.secret)
        assert key.secret not in repr(key)

    async def test_are_listed_with_the_name_of_their_app(
        self, database: Database, clock: FrozenClock
    ) -> None:
        ads = AdSettings(delivery=Delivery.FIELD)
        async with database.writing() as tx:
            app_id = await create_app(
                tx, organisation_id="org_1", name="Shop", clock=clock, ads=ads
            )
            other = await create_app(tx, organisation_id="org_2", name="Other", clock=clock)
            key = await create_key(tx, app_id, kind=KeyKind.TEST, clock=clock)
            await create_key(tx, other, clock=clock)
            await revoke_key(tx, key.key_id, clock=clock)

        async with database.reading() as session:
            listed = await list_keys(session, organisation_id="org_1")

        assert [(one.key_id, one.app_name, one.kind) for one in listed] == [
            (key.key_id, "Shop", KeyKind.TEST)
        ]
        assert listed[0].revoked_at == clock.now()
        assert key.secret.startswith(listed[0].shown.rstrip("…"))

    async def test_cannot_be_made_or_revoked_for_nobody(
        self, database: Database, clock: FrozenClock
    ) -> None:
        async with database.writing() as tx:
            with pytest.raises(NotFound):
                await create_key(tx, "app_none", clock=clock)
            with pytest.raises(NotFound):
                await revoke_key(tx, "key_none", clock=clock)
