"""Every address of the developer portal.

GET  /developer/                     keys, usage, latency, ads
POST /developer/keys                 make one, shown once
POST /developer/keys/{id}/rotate     another in its place      /revoke   end it
POST /developer/apps/{id}/ads        on or off
GET, POST /developer/sign-in         POST /developer/sign-out
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from developer_portal.key_pages import KeyPages
from developer_portal.portal import PORTAL
from web.front_desk import FrontDesk
from web.page_route import page_route
from web.pages import Pages
from web.sign_in_pages import add_nothing_here, add_sign_in

Forget = Callable[[str], Awaitable[None]]


def routes(front: FrontDesk, forget: Forget) -> APIRouter:
    """The portal's router. `forget` drops a revoked key's digest from every process's memory."""
    pages = Pages(front, PORTAL)
    router = APIRouter(
        prefix=PORTAL.home.rstrip("/"),
        route_class=page_route(pages),
        default_response_class=HTMLResponse,
        include_in_schema=False,
    )
    add_sign_in(router, pages)
    KeyPages(pages, forget).add_to(router)
    add_nothing_here(router, pages)
    return router
