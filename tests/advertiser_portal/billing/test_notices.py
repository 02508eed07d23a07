"""Letters about money: written with their cause, in words, to whoever may pay."""

import pytest

from advertiser_portal.billing import notices
from kernel import outbox
from tests.advertiser_portal.houses import a_house, a_member
from tollfree.billing_letters import letters_by
from web.letters import Outbox
from web.roles import Role

DETAILS = dict.fromkeys(("amount", "code", "threshold", "cap", "payment"), "$12.00")


@pytest.mark.parametrize("about", notices._WORDS)
def test_every_notice_has_words_and_a_page_that_helps(about) -> None:
    subject, text = notices.letter(about, DETAILS, public_url="https://portal.example")

    assert subject
    assert "{" not in text
    assert "https://portal.example/" in text


async def test_a_notice_reaches_those_who_may_pay_once_its_cause_is_true(database, clock) -> None:
    house = await a_house(database, clock, "Strideworks")
    for role in (Role.BILLING, Role.EDITOR, Role.VIEWER):
        await a_member(database, clock, house, role, email=f"{role.value}@strideworks.example")
    post = Outbox()
    handlers = letters_by(post, "https://portal.example")

    with pytest.raises(ZeroDivisionError):
        await _told_and_undone(database, clock, house.advertiser_id)
    assert await outbox.drain(database, handlers, clock=clock) == 0
    async with database.writing() as tx:
        await notices.tell(tx, "dispute_opened", house.advertiser_id, clock=clock, amount="$5.00")
        await notices.tell(tx, "dispute_opened", "adv_gone", clock=clock, amount="$5.00")
    assert await outbox.drain(database, handlers, clock=clock) == 2

    assert {letter.to for _, letter in post.letters()} == {
        "ada@strideworks.example",
        "billing@strideworks.example",
    }
    assert all("$5.00" in letter.text for _, letter in post.letters())


async def _told_and_undone(database, clock, advertiser_id: str) -> None:
    async with database.writing() as tx:
        await notices.tell(tx, "dispute_opened", advertiser_id, clock=clock, amount="$5.00")
        raise ZeroDivisionError
