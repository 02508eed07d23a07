"""What a demo finds in its database: sample advertisers, two people, an app with a key.

Each part is made where it is missing, in one transaction, so that a first run which was interrupted
goes on where it stopped. Passwords and the key are random per installation and kept in the data
folder only.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from adserver.catalog.seed import seed, seed_advertiser
from api.access import keys
from api.access.key_book import KeyBook
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.errors import Unauthenticated
from tollfree.data_folder import DataFolder
from web import organisations, people

_SEED = Path(__file__).parent / "seed"
_ADVERTISER = "ada@strideworks.example"
_OPERATOR = "operator@tollfree.example"


@dataclass(frozen=True)
class Login:
    """Who signs in, and with what."""

    email: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.email!r}, …)"


@dataclass(frozen=True)
class Household:
    """The credentials that the banner prints."""

    api_key: str
    advertiser: Login
    operator: Login

    def __repr__(self) -> str:
        return "Household(…)"


async def moved_in(database: Database, folder: DataFolder, clock: Clock) -> Household:
    """Make what is missing, and return the credentials."""
    first_time = not folder.has_secrets()
    secrets = folder.secrets()
    owner = Login(_ADVERTISER, secrets.advertiser_password)
    operator = Login(_OPERATOR, secrets.operator_password)
    async with database.writing() as tx:
        organisation_id = await _people(tx, owner, operator, clock)
        if first_time:
            # The database may be older than the folder: then these are its new passwords.
            await _set_passwords(tx, owner, operator)
    kept = folder.api_key()
    if kept is None or not await _works(kept, database, clock):
        kept = await _new_key(database, organisation_id, clock)
        folder.keep_api_key(kept)
    return Household(kept, owner, operator)


async def _people(tx: WriteSession, owner: Login, operator: Login, clock: Clock) -> str:
    """The people and their organisations, then the catalog; returns the demo's organisation."""
    found = await people.person_by_email(tx, owner.email)
    if found is not None:
        # Everything below is written in one transaction: who is here came with all the rest.
        return (await organisations.memberships_of(tx, found.id))[0].organisation.id
    files = [json.loads(path.read_text("utf-8")) for path in sorted(_SEED.glob("*.json"))]
    planned = [seed_advertiser(file) for file in files]
    demo = next(advertiser.name for advertiser in planned if advertiser.is_demo)
    house = next(advertiser.name for advertiser in planned if advertiser.is_house)
    theirs = await _organisation_of(tx, owner, demo, clock)
    ours = await _organisation_of(tx, operator, house, clock, is_operator=True)
    await seed(tx, planned, organisations={demo: theirs, house: ours}, clock=clock)
    return theirs


async def _organisation_of(
    tx: WriteSession, login: Login, name: str, clock: Clock, *, is_operator: bool = False
) -> str:
    """A person with an organisation of their own; returns its id."""
    person = await people.create_person(
        tx, email=login.email, password=login.password, clock=clock, is_operator=is_operator
    )
    made = await organisations.create_organisation(tx, name=name, clock=clock)
    await organisations.add_member(tx, organisation_id=made.id, person_id=person.id, clock=clock)
    return made.id


async def _set_passwords(tx: WriteSession, *logins: Login) -> None:
    for login in logins:
        found = await people.person_by_email(tx, login.email)
        if found is not None:
            await people.set_password(tx, found.id, login.password)


async def _new_key(database: Database, organisation_id: str, clock: Clock) -> str:
    async with database.writing() as tx:
        app_id = await keys.create_app(
            tx, organisation_id=organisation_id, name="Demo app", clock=clock
        )
        made = await keys.create_key(tx, app_id, clock=clock)
    return made.secret


async def _works(key: str, database: Database, clock: Clock) -> bool:
    try:
        await KeyBook(database, clock).verify(f"Bearer {key}")
    except Unauthenticated:
        return False
    return True
