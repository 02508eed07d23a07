"""Every address of the advertiser portal, on one page.

GET  /advertiser/                            overview             ?period=today|7d|30d
GET  /advertiser/live                        its numbers          ?seen=<digest>
GET  /advertiser/campaigns/{id}              one campaign
GET  /advertiser/campaigns/{id}/live         its numbers
POST /advertiser/campaigns/{id}/pause        and /resume
GET, POST /advertiser/sign-in                POST /advertiser/sign-out
"""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from advertiser_portal.campaign_acts import CampaignActs
from advertiser_portal.overview_pages import OverviewPages
from advertiser_portal.portal import PORTAL
from web.front_desk import FrontDesk
from web.page_route import page_route
from web.pages import Pages
from web.sign_in_pages import add_nothing_here, add_sign_in


def routes(front: FrontDesk) -> APIRouter:
    """The portal's router. Static files are `web.assets.routes(front.assets)`, once for all."""
    pages = Pages(front, PORTAL)
    router = APIRouter(
        prefix=PORTAL.home.rstrip("/"),
        route_class=page_route(pages),
        default_response_class=HTMLResponse,
        include_in_schema=False,
    )
    add_sign_in(router, pages)
    reading = OverviewPages(pages)
    router.add_api_route("/", reading.overview, methods=["GET"])
    router.add_api_route("/live", reading.overview_live, methods=["GET"])
    router.add_api_route("/campaigns/{campaign_id}", reading.campaign, methods=["GET"])
    router.add_api_route("/campaigns/{campaign_id}/live", reading.campaign_live, methods=["GET"])
    acts = CampaignActs(pages, reading)
    router.add_api_route("/campaigns/{campaign_id}/pause", acts.pause, methods=["POST"])
    router.add_api_route("/campaigns/{campaign_id}/resume", acts.resume, methods=["POST"])
    add_nothing_here(router, pages)
    return router
