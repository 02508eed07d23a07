"""Two houses side by side, and every door of the portal with what it asks of whoever knocks.

`DOORS` has a row for each route of the application; a route without one fails the tests, so that
nobody adds a door without saying who may open it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import BaseRoute

from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.houses import House
from web.cookies import Cookies
from web.organisations import add_member
from web.people import confirmed_person
from web.roles import Act, Role, may
from web.sessions import open_session

CAMPAIGN = {
    "name": "Taken over",
    "bid": "0.40",
    "daily_budget": "5",
    "time_zone": "UTC",
    "formats": ["unit"],
}
CREATIVE = {
    "title": "Taken over by a neighbour",
    "body": "A text that nobody of this house wrote.",
    "cta": "See",
    "landing_url": "https://strideworks.example/",
    "category": "running",
    "example_prompts": "One question?\nAnother question?\nA third one?",
}
COPY = {**CREATIVE, "example_prompts": ["One question?", "Another question?", "A third one?"]}
P, V = "/advertiser", "/api/advertiser/v1"
DEV, OPS = "/developer", "/operator"


@dataclass(frozen=True)
class Door:
    """What a route asks: an act (None is for everybody), what is sent, how a stranger fares.

    A door for operators of the network stays shut to every house, whatever the role.
    """

    act: Act | None
    sent: dict[str, Any] = field(default_factory=dict)
    stranger: tuple[int, ...] = (404,)
    operators_only: bool = False

    def opens_for(self, role: Role) -> bool:
        """Whether a member of a house with this role may come in."""
        return self.act is None or (not self.operators_only and may(role, self.act))


SEE, EDIT, OWN = Act.SEE, Act.EDIT_CAMPAIGNS, Act.MANAGE_MEMBERS
PAY, APPS = Act.PAY, Act.EDIT_APPS
B = f"{V}/billing"
RULE = {"threshold_micros": 20_000_000, "amount_micros": 50_000_000}
RULE["monthly_cap_micros"] = 100_000_000
WITH_A_BODY = ("POST", "PATCH", "PUT")
_ONE = f"{P}/campaigns/{{campaign_id}}"
DOORS: dict[str, Door] = {
    f"GET {P}/sign-in": Door(None),
    f"POST {P}/sign-in": Door(None),
    f"POST {P}/sign-in/code": Door(None),
    f"POST {P}/sign-in/passkey": Door(None),
    f"POST {P}/sign-out": Door(None),
    f"GET {P}/sign-up": Door(None),
    f"POST {P}/sign-up": Door(None),
    f"GET {P}/confirm/{{token}}": Door(None),
    f"POST {P}/confirm/{{token}}": Door(None),
    f"GET {P}/outbox": Door(None),
    f"GET {P}/invitations/{{token}}": Door(None),
    f"POST {P}/invitations/{{token}}": Door(None),
    f"GET {P}/members": Door(SEE),
    f"POST {P}/members/invite": Door(OWN, {"email": "new@comer.example", "role": "viewer"}),
    f"POST {P}/members/{{person_id}}": Door(OWN, {"role": "viewer"}),
    f"POST {P}/invitations/{{invitation_id}}/withdraw": Door(OWN),
    f"GET {P}/account": Door(SEE),
    f"GET {P}/account/export": Door(SEE),
    f"POST {P}/account/password": Door(SEE),
    f"POST {P}/account/codes": Door(SEE),
    f"POST {P}/account/codes/confirm": Door(SEE),
    f"POST {P}/account/codes/off": Door(SEE),
    f"POST {P}/account/passkeys": Door(SEE),
    f"POST {P}/account/leave": Door(SEE),
    # Forgetting what one does not have changes nothing, and says nothing about whose it is.
    f"POST {P}/account/passkeys/{{passkey_id}}/forget": Door(SEE, stranger=(303,)),
    f"POST {P}/account/sessions/{{session_id}}/end": Door(SEE),
    f"GET {P}/tokens": Door(OWN),
    f"POST {P}/tokens": Door(OWN, {"name": "mine", "role": "viewer"}),
    f"POST {P}/tokens/{{token_id}}/revoke": Door(OWN),
    f"GET {P}/changes": Door(SEE),
    f"GET {P}/changes.csv": Door(SEE),
    f"GET {P}/campaigns": Door(SEE),
    f"GET {P}/campaigns.csv": Door(SEE),
    f"POST {P}/campaigns/bulk": Door(EDIT, {"campaign": "{campaign_id}", "act": "end"}),
    f"GET {P}/campaigns/import": Door(EDIT),
    f"POST {P}/campaigns/import": Door(EDIT, {"table": "name,bid\nImported,0.40"}),
    f"POST {P}/campaigns/views": Door(EDIT, {"name": "Mine", "view": "status=live"}),
    f"POST {P}/campaigns/views/{{view_id}}/forget": Door(EDIT),
    f"GET {P}/campaigns/new": Door(EDIT),
    f"POST {P}/campaigns/new": Door(EDIT, CAMPAIGN),
    f"GET {_ONE}/edit": Door(EDIT),
    f"POST {_ONE}/edit": Door(EDIT, CAMPAIGN),
    f"POST {_ONE}/duplicate": Door(EDIT),
    f"GET {_ONE}/creatives/new": Door(EDIT),
    f"POST {_ONE}/creatives/new": Door(EDIT, CREATIVE),
    f"POST {_ONE}/creatives/preview": Door(EDIT, CREATIVE),
    f"GET {P}/creatives/{{creative_id}}": Door(EDIT),
    f"POST {P}/creatives/{{creative_id}}": Door(EDIT, CREATIVE),
    f"GET {P}/start": Door(EDIT),
    f"POST {P}/start": Door(EDIT),
    f"GET {P}/start/{{wizard_id}}/{{step}}": Door(EDIT),
    f"POST {P}/start/{{wizard_id}}/{{step}}": Door(EDIT, {"press": "by_hand"}),
    f"GET {_ONE}/rehearsal": Door(SEE),
    f"POST {_ONE}/launch": Door(EDIT),
    f"POST {_ONE}/fix": Door(EDIT, {"fix": "raise_daily"}),
    f"GET {P}/": Door(SEE),
    f"GET {P}/live": Door(SEE),
    f"GET {_ONE}": Door(SEE),
    f"GET {_ONE}/live": Door(SEE),
    f"GET {P}/reports": Door(SEE),
    f"GET {P}/reports.csv": Door(SEE),
    f"POST {_ONE}/start": Door(EDIT),
    f"POST {_ONE}/end": Door(EDIT),
    f"POST {_ONE}/pause": Door(EDIT),
    f"POST {_ONE}/resume": Door(EDIT),
    f"GET {P}/billing": Door(SEE),
    f"GET {P}/billing/confirm/{{intent_id}}": Door(PAY),
    f"GET {P}/billing/paid/{{operation_id}}": Door(SEE),
    f"GET {P}/billing/receipts/{{payment_id}}": Door(SEE),
    f"GET {P}/billing/transactions.csv": Door(SEE),
    f"POST {P}/billing/add-funds": Door(PAY, {"amount": "25"}),
    f"POST {P}/billing/card": Door(PAY),
    f"POST {P}/billing/recharge": Door(
        PAY, {"threshold": "20", "amount": "50", "monthly_cap": "100"}
    ),
    f"POST {P}/billing/recharge/off": Door(PAY),
    f"POST {P}/billing/refund": Door(PAY, {"amount": "1"}),
    f"POST {P}/billing/promo": Door(PAY, {"code": "WELCOME-25"}),
    f"GET {P}/api": Door(SEE),
    f"GET {P}/{{rest:path}}": Door(SEE),
    f"GET {V}/openapi.json": Door(None),
    f"GET {V}/account": Door(SEE),
    f"GET {V}/topics": Door(SEE),
    f"GET {V}/members": Door(SEE),
    f"GET {V}/changes": Door(SEE),
    f"GET {V}/tokens": Door(OWN),
    f"POST {V}/tokens": Door(OWN, {"name": "mine"}),
    f"DELETE {V}/tokens/{{token_id}}": Door(OWN),
    f"GET {V}/campaigns": Door(SEE),
    f"POST {V}/campaigns": Door(EDIT, {"name": "Mine", "bid_micros": 400_000}),
    f"GET {V}/campaigns/{{campaign_id}}": Door(SEE),
    f"PATCH {V}/campaigns/{{campaign_id}}": Door(EDIT, {"name": "Taken over"}),
    f"POST {V}/campaigns/{{campaign_id}}/duplicate": Door(EDIT),
    f"POST {V}/campaigns/{{campaign_id}}/{{act}}": Door(EDIT),
    f"GET {V}/campaigns/{{campaign_id}}/creatives": Door(SEE),
    f"POST {V}/campaigns/{{campaign_id}}/creatives": Door(EDIT, COPY),
    f"POST {V}/campaigns/{{campaign_id}}/creatives/check": Door(EDIT, COPY),
    f"GET {V}/campaigns/{{campaign_id}}/comparison": Door(SEE),
    f"GET {V}/creatives/{{creative_id}}": Door(SEE),
    f"PATCH {V}/creatives/{{creative_id}}": Door(EDIT, {"title": "Taken over by a neighbour"}),
    f"POST {V}/creatives/{{creative_id}}/submit": Door(EDIT),
    f"GET {V}/creatives/{{creative_id}}/versions": Door(SEE),
    f"POST {V}/drafts": Door(EDIT, {"url": "https://strideworks.example/"}),
    f"GET {V}/reports": Door(SEE),
    f"GET {B}": Door(SEE),
    f"GET {B}/transactions": Door(SEE),
    f"GET {B}/payments": Door(SEE),
    f"GET {B}/payments/{{payment_id}}/receipt": Door(SEE),
    f"GET {B}/refunds": Door(SEE),
    f"GET {B}/top-ups/{{operation_id}}": Door(SEE),
    f"POST {B}/top-ups": Door(PAY, {"amount_micros": 25_000_000}),
    f"POST {B}/refunds": Door(PAY, {"amount_micros": 1_000_000}),
    f"POST {B}/promo-codes": Door(PAY, {"code": "WELCOME-25"}),
    f"PUT {B}/recharge": Door(PAY, RULE),
    f"DELETE {B}/recharge": Door(PAY),
    f"GET {DEV}/sign-in": Door(None),
    f"POST {DEV}/sign-in": Door(None),
    f"POST {DEV}/sign-in/code": Door(None),
    f"POST {DEV}/sign-in/passkey": Door(None),
    f"POST {DEV}/sign-out": Door(None),
    f"GET {DEV}/start": Door(None),
    f"POST {DEV}/start": Door(None),
    f"POST {DEV}/start/code": Door(None),
    f"GET {DEV}/outbox": Door(None),
    f"GET {DEV}/": Door(SEE),
    f"POST {DEV}/keys": Door(APPS, {"kind": "test"}),
    f"GET {DEV}/keys/{{key_id}}/first-call": Door(SEE),
    f"POST {DEV}/keys/{{key_id}}/rotate": Door(APPS),
    f"POST {DEV}/keys/{{key_id}}/revoke": Door(APPS),
    f"POST {DEV}/apps/{{app_id}}/ads": Door(APPS, {"ads": "off"}),
    f"GET {DEV}/ads": Door(SEE),
    f"GET {DEV}/ads/apps/{{app_id}}": Door(SEE),
    f"POST {DEV}/ads/apps/{{app_id}}": Door(APPS, {"enabled": "on"}),
    f"GET {DEV}/ads/keys/{{key_id}}": Door(SEE),
    f"POST {DEV}/ads/keys/{{key_id}}": Door(APPS, {"enabled": "on"}),
    f"GET {DEV}/payouts": Door(SEE),
    f"GET {DEV}/payouts/statements/{{payout_id}}": Door(SEE),
    f"POST {DEV}/payouts/{{publisher_id}}/account": Door(PAY),
    f"GET {DEV}/payouts/{{publisher_id}}/again": Door(PAY),
    f"GET {DEV}/payouts/{{publisher_id}}/back": Door(PAY),
    f"GET {DEV}/{{rest:path}}": Door(SEE),
    f"GET {OPS}/sign-in": Door(None),
    f"POST {OPS}/sign-in": Door(None),
    f"POST {OPS}/sign-in/code": Door(None),
    f"POST {OPS}/sign-in/passkey": Door(None),
    f"POST {OPS}/sign-out": Door(None),
    f"GET {OPS}/": Door(SEE, operators_only=True),
    f"GET {OPS}/calls": Door(SEE, operators_only=True),
    f"GET {OPS}/payments": Door(SEE, operators_only=True),
    f"POST {OPS}/payments/again": Door(SEE, operators_only=True),
    f"GET {OPS}/decisions": Door(SEE, operators_only=True),
    f"GET {OPS}/decisions/{{decision_id}}": Door(SEE, operators_only=True),
    f"POST {OPS}/creatives/{{creative_id}}": Door(SEE, {"act": "approve"}, operators_only=True),
    f"GET {OPS}/{{rest:path}}": Door(SEE),
    "GET /": Door(None),
    "GET /pricing": Door(None),
    "GET /ads": Door(None),
    "POST /try": Door(None),
    "GET /ad-policy": Door(None),
    "GET /static/{digest}/{name}": Door(None),
    "HEAD /static/{digest}/{name}": Door(None),
}


def doors_of(app: FastAPI) -> set[str]:
    """Every route of the application: ``"POST /advertiser/start"``."""
    return {f"{method} {route.path}" for route in _routes(app.routes) for method in route.methods}


def fields_of(app: FastAPI) -> dict[str, tuple[str, ...]]:
    """What each route reads beside its path: the fields of its form, its JSON and its query."""
    return {
        f"{method} {route.path}": tuple(
            name
            for one in (*route.dependant.body_params, *route.dependant.query_params)
            for name in _names_in(one.alias, one.field_info.annotation)
        )
        for route in _routes(app.routes)
        for method in route.methods
    }


def _names_in(alias: str, annotation: Any) -> Iterator[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from (one.alias or name for name, one in annotation.model_fields.items())
    else:
        yield alias


def _routes(routes: Sequence[BaseRoute]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        # A router that was included keeps its routes to itself.
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _routes(inner.routes)


async def a_neighbour(
    database: Database, clock: FrozenClock, house: House, role: Role
) -> tuple[str, str]:
    """A member of the house who is signed in: the person's id and the session's cookie."""
    email = f"{role.value}@{house.organisation_id}.example"
    async with database.writing() as tx:
        person = await confirmed_person(tx, email=email, password_hash="none", clock=clock)
        await add_member(
            tx,
            organisation_id=house.organisation_id,
            person_id=person.id,
            role=role,
            clock=clock,
        )
        token = await open_session(tx, person.id, clock=clock)
    return person.id, token


def signed_in(app: FastAPI, token: str) -> httpx.AsyncClient:
    """A browser that holds the cookie."""
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver")
    client.cookies.set(Cookies(secure=False).session_name, token)
    return client
