"""Every address of the operator console.

GET  /operator/                     the review queue, ?after=<number> skips
POST /operator/creatives/{id}       approve or reject
GET  /operator/decisions            JSON: how decisions ended, ?hours=24
GET  /operator/decisions/{id}       JSON: one decision with every candidate, replayed
GET  /operator/calls                how the calls of the API fare, ?span=hour, day or week
GET  /operator/payments             what the till cannot mend; POST /again queues events once more
GET, POST /operator/sign-in         POST /operator/sign-out
"""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from operator_console.calls_page import CallsPage
from operator_console.explanations import Explanations
from operator_console.payments_page import PaymentsPage
from operator_console.portal import CONSOLE
from operator_console.review import Review
from web.front_desk import FrontDesk
from web.page_route import page_route
from web.pages import Pages
from web.sign_in_pages import add_nothing_here, add_sign_in


def routes(front: FrontDesk) -> APIRouter:
    """The console's router. Static files are `web.assets.routes(front.assets)`, once for all."""
    pages = Pages(front, CONSOLE)
    router = APIRouter(
        prefix=CONSOLE.home.rstrip("/"),
        route_class=page_route(pages),
        default_response_class=HTMLResponse,
        include_in_schema=False,
    )
    add_sign_in(router, pages)
    Review(pages).add_to(router)
    Explanations(front).add_to(router)
    CallsPage(pages).add_to(router)
    PaymentsPage(pages).add_to(router)
    add_nothing_here(router, pages)
    return router
