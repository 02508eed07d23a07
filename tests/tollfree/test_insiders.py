"""Members do not earn or pay by clicking their own ads; networks of machines are read from a file."""

import ipaddress
from pathlib import Path

import pytest

from adserver.events.click_rules import Decided
from api.access import keys
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import SettingsInvalid
from kernel.money import Micros
from tests.adserver.catalog.builders import an_advertiser
from tollfree.data_centres import data_centres_in
from tollfree.insiders import Insiders
from web import organisations, people, sessions


async def test_whoever_is_signed_in_belongs_to_the_payer_or_the_app(
    database: Database, clock: FrozenClock
) -> None:
    async with database.writing() as tx:
        person = await people.create_person(
            tx, email="ada@shop.example", password="correct horse battery", clock=clock
        )
        ours = await organisations.create_organisation(tx, name="Shop", clock=clock)
        await organisations.add_member(
            tx, organisation_id=ours.id, person_id=person.id, clock=clock
        )
        app_id = await keys.create_app(tx, organisation_id=ours.id, name="Chat", clock=clock)
        token = await sessions.open_session(tx, person.id, clock=clock)
    advertiser = await an_advertiser(database, clock, organisation_id="org_payer")
    decided = Decided(
        "zero",
        advertiser.advertiser_id,
        "cmp_1",
        1,
        False,
        Micros(1),
        clock.now(),
        app_id,  # noqa: FBT003
    )
    insiders = Insiders(database, clock, "tf_session")

    signed_in = await insiders.signed_in({"tf_session": token, "other": "x"})
    strangers = [await insiders.signed_in(cookies) for cookies in ({}, {"tf_session": "forged"})]

    assert signed_in == {ours.id}
    assert strangers == [frozenset(), frozenset()]
    assert await insiders.owners(decided) == {"org_payer", ours.id}


def test_networks_are_read_one_on_each_line(tmp_path: Path) -> None:
    file = tmp_path / "networks"
    file.write_text("# hosting\n192.0.2.7/24  # a company\n\n2001:db8::/32\n")

    assert data_centres_in(file) == (
        ipaddress.ip_network("192.0.2.0/24"),
        ipaddress.ip_network("2001:db8::/32"),
    )
    assert data_centres_in(None) == ()


@pytest.mark.parametrize("text", ["somewhere\n", None])
def test_a_file_that_is_no_list_of_networks_is_named(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "networks"
    if text is not None:
        file.write_text(text)

    with pytest.raises(SettingsInvalid, match="TOLLFREE_DATA_CENTRES"):
        data_centres_in(file)
