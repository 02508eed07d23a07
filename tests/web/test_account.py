"""One person's account: code generator, passkeys, tokens, sessions, export and leaving."""

import json
import re
from base64 import b32decode

import httpx
import pytest
import sqlalchemy as sa

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import BadRequest, Conflict, NotFound
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from tests.web import forms
from tests.web.residents import EMAIL, a_person
from web import account
from web.account_tables import RecoveryCodeRow, SecondFactorRow
from web.organisations import add_member, create_organisation
from web.passkeys import Passkeys
from web.people import Person, confirmed_person
from web.roles import Role
from web.second_factor import SecondFactors, code_at, is_on, recovery_codes_left
from web.sessions import open_session, visitor_of
from web.tables import PersonRow, SignInSessionRow

pytestmark = pytest.mark.parametrize("engine_kind", ["sqlite"])
KEYS = SigningKeys({1: b"a key of thirty-two bytes or more"})


@pytest.fixture
async def ada(database: Database, clock: FrozenClock) -> Person:
    async with database.writing() as tx:
        return await confirmed_person(tx, email="ada@x.example", password_hash="none", clock=clock)


def shown(secret: str, clock: FrozenClock, *, steps: int = 0) -> str:
    """What the generator shows now."""
    step = int(clock.now().timestamp()) // 30 + steps
    return code_at(b32decode(secret), step)


@pytest.mark.parametrize(
    ("seconds", "code"),
    # RFC 6238, appendix B, the last six digits.
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(engine_kind: str, seconds: int, code: str) -> None:
    assert code_at(b"12345678901234567890", seconds // 30) == code


class TestTheCodeGenerator:
    async def test_is_asked_for_once_it_is_confirmed_and_takes_each_code_once(
        self, database: Database, clock: FrozenClock, ada: Person
    ) -> None:
        factors = SecondFactors(KEYS, clock)
        async with database.writing() as tx:
            secret = (await factors.begin(tx, ada)).secret
            assert not await is_on(tx, ada.id)
            with pytest.raises(BadRequest):
                await factors.confirm(tx, ada, "000000")
            codes = await factors.confirm(tx, ada, shown(secret, clock))
            assert await is_on(tx, ada.id)

            assert not await factors.accepts(tx, ada.id, shown(secret, clock))
            clock.advance(seconds=30)
            assert await factors.accepts(tx, ada.id, shown(secret, clock))
            assert not await factors.accepts(tx, ada.id, shown(secret, clock))
            assert not await factors.accepts(tx, ada.id, shown(secret, clock, steps=9))

            assert len(set(codes)) == 10
            assert await factors.accepts(tx, ada.id, codes[0].upper())
            assert not await factors.accepts(tx, ada.id, codes[0])
            assert await recovery_codes_left(tx, ada.id) == 9

    async def test_leaves_no_secret_in_the_database(
        self, database: Database, clock: FrozenClock, ada: Person
    ) -> None:
        factors = SecondFactors(KEYS, clock)
        async with database.writing() as tx:
            secret = (await factors.begin(tx, ada)).secret
            codes = await factors.confirm(tx, ada, shown(secret, clock))
        async with database.reading() as session:
            factor = await session.get_one(SecondFactorRow, ada.id)
            kept = {factor.salt, *await session.scalars(sa.select(RecoveryCodeRow.digest))}

        assert secret.encode() != factor.salt.encode()
        assert b32decode(secret).hex() not in kept
        assert not kept & set(codes)

    async def test_stands_between_the_password_and_the_session(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        resident = await a_person(database, clock)
        factors = SecondFactors(KEYS, clock)
        async with database.writing() as tx:
            secret = (await factors.begin(tx, resident)).secret
            await factors.confirm(tx, resident, shown(secret, clock))
        clock.advance(seconds=60)

        half = await forms.sign_in(browser)
        note = re.search(r'name="pending" value="([^"]+)"', half.text)
        assert note is not None
        assert (await browser.get("/trial/")).status_code == 303
        sent = {"pending": note[1], "csrf": forms.token_in(half)}
        wrong = await browser.post("/trial/sign-in/code", data={**sent, "code": "000000"})
        forged = await browser.post(
            "/trial/sign-in/code",
            data={**sent, "pending": note[1][:-2] + "AA", "code": shown(secret, clock)},
        )
        right = await browser.post(
            "/trial/sign-in/code", data={**sent, "code": shown(secret, clock)}
        )

        assert (wrong.status_code, forged.status_code, right.status_code) == (422, 422, 303)
        assert (await browser.get("/trial/")).status_code == 200

    async def test_cannot_be_finished_in_another_browser(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        resident = await a_person(database, clock)
        factors = SecondFactors(KEYS, clock)
        async with database.writing() as tx:
            secret = (await factors.begin(tx, resident)).secret
            await factors.confirm(tx, resident, shown(secret, clock))
        clock.advance(seconds=60)
        half = await forms.sign_in(browser)
        note = re.search(r'name="pending" value="([^"]+)"', half.text)
        assert note is not None
        browser.cookies.clear()
        csrf = forms.token_in(await browser.get("/trial/sign-in"))

        answer = await browser.post(
            "/trial/sign-in/code",
            data={"pending": note[1], "code": shown(secret, clock), "csrf": csrf},
        )

        assert answer.status_code == 422
        assert (await browser.get("/trial/")).status_code == 303


class TestPasskeys:
    @pytest.mark.parametrize(
        "answer",
        ["", "{}", "[]", "null", '{"id":"x","rawId":"x","type":"public-key"}', "x" * 5_000],
    )
    async def test_that_answer_nonsense_are_refused(
        self, database: Database, clock: FrozenClock, ada: Person, answer: str
    ) -> None:
        passkeys = Passkeys(InProcessState(clock), clock, "http://localhost")
        async with database.writing() as tx:
            await passkeys.registration(tx, ada, binding="cookie")
            with pytest.raises(BadRequest):
                await passkeys.add(tx, ada, answer, name="x", binding="cookie")
            await passkeys.authentication(binding="cookie")
            with pytest.raises(BadRequest):
                await passkeys.person_of(tx, answer, binding="cookie")

    async def test_get_a_challenge_that_is_gone_after_one_try_and_after_five_minutes(
        self, database: Database, clock: FrozenClock, ada: Person
    ) -> None:
        state = InProcessState(clock)
        passkeys = Passkeys(state, clock, "http://localhost")
        first = json.loads(await passkeys.authentication(binding="cookie"))
        second = json.loads(await passkeys.authentication(binding="cookie"))
        clock.advance(minutes=6)

        async with database.writing() as tx:
            with pytest.raises(BadRequest):
                await passkeys.person_of(tx, "{}", binding="cookie")
        assert first["challenge"] != second["challenge"]
        assert first["userVerification"] == "required"


class TestSessions:
    async def test_are_ended_one_by_one_and_by_their_owner_only(
        self, database: Database, clock: FrozenClock, ada: Person
    ) -> None:
        async with database.writing() as tx:
            other = await confirmed_person(
                tx, email="b@x.example", password_hash="none", clock=clock
            )
            here = await open_session(tx, ada.id, clock=clock, user_agent="here")
            there = await open_session(tx, ada.id, clock=clock, user_agent="there")
            listed = await account.sessions_of(tx, ada.id, clock.now())
            assert {one.user_agent for one in listed} == {"here", "there"}
            lost = next(one.session_id for one in listed if one.user_agent == "there")
            with pytest.raises(NotFound):
                await account.end_one_session(tx, other.id, lost, clock=clock)

            await account.end_one_session(tx, ada.id, lost, clock=clock)

            assert await visitor_of(tx, there, clock=clock) is None
            assert await visitor_of(tx, here, clock=clock) is not None

    async def test_planted_in_a_browser_are_not_the_ones_that_signing_in_opens(
        self, browser: httpx.AsyncClient, database: Database, clock: FrozenClock
    ) -> None:
        await a_person(database, clock)
        browser.cookies.set("tf_session", "planted-by-somebody-else", domain="testserver.local")

        await forms.sign_in(browser)

        kept = {cookie.value for cookie in browser.cookies.jar if cookie.name == "tf_session"}
        async with database.reading() as session:
            assert await visitor_of(session, "planted-by-somebody-else", clock=clock) is None
            found = [await visitor_of(session, value or "", clock=clock) for value in kept]
        assert any(one is not None and one.person.email == EMAIL for one in found)


class TestLeaving:
    async def test_erases_what_names_the_person_and_keeps_what_happened(
        self, database: Database, clock: FrozenClock, ada: Person
    ) -> None:
        async with database.writing() as tx:
            house = await create_organisation(tx, name="House", clock=clock)
            await add_member(tx, organisation_id=house.id, person_id=ada.id, clock=clock)
            token = await open_session(tx, ada.id, clock=clock, address="192.0.2.1")
            before = json.dumps(await account.exported(tx, ada))

            await account.erase(tx, ada, clock=clock)

            assert await visitor_of(tx, token, clock=clock) is None
            row = await tx.get_one(PersonRow, ada.id)
            addresses = set(await tx.scalars(sa.select(SignInSessionRow.address)))
        assert "ada@x.example" in before
        assert "192.0.2.1" in before
        assert (row.email, row.password_hash) == (f"{ada.id}@erased.invalid", None)
        assert addresses == {""}

    async def test_waits_while_others_have_no_other_owner(
        self, database: Database, clock: FrozenClock, ada: Person
    ) -> None:
        async with database.writing() as tx:
            house = await create_organisation(tx, name="House", clock=clock)
            other = await confirmed_person(
                tx, email="b@x.example", password_hash="none", clock=clock
            )
            for one, role in ((ada, Role.OWNER), (other, Role.VIEWER)):
                await add_member(
                    tx, organisation_id=house.id, person_id=one.id, role=role, clock=clock
                )

            with pytest.raises(Conflict):
                await account.erase(tx, ada, clock=clock)
