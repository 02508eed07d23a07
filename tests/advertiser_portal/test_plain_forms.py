"""Every form of every portal works in a browser without scripts.

Each page of the tour is read as such a browser reads it, and each form is sent as it stands, once
for every button: the answer is a whole page, or leads to one.
"""

from urllib.parse import urlsplit

import httpx
import pytest

from adserver.catalog import commands
from adserver.catalog.creative import CreativeCopy
from kernel.clock import FrozenClock
from tests.advertiser_portal.neighbours import signed_in
from tests.advertiser_portal.plain_forms import Form, forms_in, ways_of
from tests.advertiser_portal.street import Street
from tests.browser.tour import MEMBER, NOBODY, OPERATOR, STOPS
from web.organisations import add_member, create_organisation
from web.people import create_person
from web.roles import Role
from web.sessions import open_session

# What ends the visit, or takes away what other forms still need, is sent last.
_LAST = ("/end", "/revoke", "/rotate", "/forget", "/withdraw", "/bulk", "/leave", "/sign-out")
# Needs a script by its nature, and says so beside its button, which is off until one runs.
_SCRIPTED = ("/account/passkeys", "/sign-in/passkey")


async def _operator(street: Street, clock: FrozenClock) -> str:
    async with street.database.writing() as tx:
        person = await create_person(
            tx, email="olga@tollfree.example", password="x" * 12, clock=clock, is_operator=True
        )
        network = await create_organisation(tx, name="Network", clock=clock)
        await add_member(tx, organisation_id=network.id, person_id=person.id, clock=clock)
        copy = CreativeCopy(
            "A shoe",
            "Firm.",
            "See",
            "https://peakline.example/",
            "running",
            ("One?", "Two?", "Three?"),
        )
        waits = await commands.create_creative(
            tx, campaign_id=street.own["campaign_id"], copy=copy, clock=clock
        )
        await commands.submit_creative(
            tx, waits.creative_id, auto_approve_after_lint=False, clock=clock
        )
        return await open_session(tx, person.id, clock=clock)


@pytest.mark.parametrize("who", [MEMBER, OPERATOR, NOBODY])
async def test_every_form_is_answered_by_a_whole_page(
    street: Street, clock: FrozenClock, who: str
) -> None:
    browser = street.browsers[Role.OWNER]
    if who != MEMBER:
        session = await _operator(street, clock) if who == OPERATOR else ""
        browser = signed_in(street.town.app, session)
    forms: dict[tuple[str, str, str], Form] = {}
    wrong: list[str] = []
    for path, stop in STOPS.items():
        address = path.replace("{rest:path}", "nothing").format(**street.own)
        if stop.who == who:
            page = await browser.get(address + stop.queries[0])
            found, scripted = forms_in(page.text)
            wrong += [f"{address}: a {tag} that needs a script" for tag in scripted]
            forms |= {
                (repr(form.fields), form.method, form.action or address): form for form in found
            }

    sent = 0
    for (_, method, action), form in sorted(
        forms.items(), key=lambda one: one[0][2].endswith(_LAST)
    ):
        if action.endswith(_SCRIPTED):
            continue
        if not form.buttons:
            wrong.append(f"{action}: no button")
        for fields in ways_of(form):
            sent += 1
            answer = await _sent(browser, method, action, fields)
            if answer.status_code not in (200, 400, 422) or "<main" not in answer.text:
                wrong.append(f"{method} {action} {fields[-1:]}: {answer.status_code}")

    assert wrong == []
    assert sent >= {MEMBER: 40, OPERATOR: 3, NOBODY: 5}[who]


async def _sent(
    browser: httpx.AsyncClient, method: str, action: str, fields: list[tuple[str, str]]
) -> httpx.Response:
    """The answer, at the end of the way that it leads."""
    sent: dict[str, list[str]] = {}
    for name, value in fields:
        sent.setdefault(name, []).append(value)
    if method.lower() == "post":
        answer = await browser.post(action, data=sent)
    else:
        answer = await browser.get(urlsplit(action).path, params=sent)
    while answer.is_redirect:
        answer = await browser.get(answer.headers["location"])
    return answer
