"""Every address of the developer portal.

GET  /developer/                     keys, usage, latency, ads
GET, POST /developer/start           an address, a code by mail, the first key
POST /developer/keys                 make one, shown once
POST /developer/keys/{id}/rotate     another in its place      /revoke   end it
POST /developer/apps/{id}/ads        on or off
GET  /developer/ads                  what answers may carry; GET, POST /apps/{id}, /keys/{id}
GET  /developer/payouts              earnings, payouts; /statements/{id}, /{publisher}/again /back
POST /developer/payouts/{publisher}/account    where to pay to
GET, POST /developer/sign-in         POST /developer/sign-out
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from advertiser_portal.billing.till import Till
from developer_portal.ad_pages import AdPages
from developer_portal.joining import Door, JoiningPages
from developer_portal.key_pages import KeyPages, LeftOf
from developer_portal.payout_pages import PayoutPages
from developer_portal.portal import PORTAL
from web.front_desk import FrontDesk
from web.page_route import page_route
from web.pages import Pages
from web.sign_in_pages import add_nothing_here, add_sign_in

Forget = Callable[[str], Awaitable[None]]


def routes(
    front: FrontDesk,
    forget: Forget,
    till: Till | None = None,
    door: Door | None = None,
    left_of: LeftOf | None = None,
) -> APIRouter:
    """The portal's router. `forget` drops a revoked key's digest from every process's memory.

    Payouts come with a till, joining with a door, quotas with somebody who knows what is left.
    """
    portal = PORTAL if till else replace(PORTAL, places=PORTAL.places[:2])
    pages = Pages(front, portal)
    router = APIRouter(
        prefix=PORTAL.home.rstrip("/"),
        route_class=page_route(pages),
        default_response_class=HTMLResponse,
        include_in_schema=False,
    )
    add_sign_in(router, pages)
    KeyPages(pages, forget, door.model if door else lambda: "demo", left_of).add_to(router)
    AdPages(pages, forget).add_to(router)
    if door is not None:
        JoiningPages(pages, door).add_to(router)
    if till is not None:
        PayoutPages(pages, till).add_to(router)
    add_nothing_here(router, pages)
    return router
