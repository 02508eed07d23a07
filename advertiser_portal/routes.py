"""Every address of the advertiser portal, on one page.

GET  /advertiser/                            overview             ?period=today|7d|30d
GET  /advertiser/live                        its numbers          ?seen=<digest>
GET, POST /advertiser/start, /start/{id}/{step}    from a landing page to a campaign
GET  /advertiser/campaigns                   the list; .csv the file; POST /bulk /views /import
GET  /advertiser/campaigns/{id}              one campaign; /rehearsal tries it
GET  /advertiser/campaigns/{id}/live         its numbers
POST /advertiser/campaigns/{id}/pause        /resume /start /end /duplicate /launch /fix
GET, POST /advertiser/campaigns/new, /campaigns/{id}/edit
GET, POST /advertiser/campaigns/{id}/creatives/new, /creatives/{id}
POST /advertiser/campaigns/{id}/creatives/preview
GET  /advertiser/reports, /reports.csv       ?by=campaign|creative|day|…&period=…&compare=yes
GET  /advertiser/api                         the reference of the API; /tokens, /changes(.csv)
GET  /advertiser/account                     /export; POST /password /codes /passkeys /leave …
GET  /advertiser/billing                     balance, payments; /confirm/{intent}
POST /advertiser/billing/add-funds           /card /recharge /recharge/off /refund
GET, POST /advertiser/sign-in, /sign-up, /confirm/{token}       POST /advertiser/sign-out
GET  /advertiser/members, /outbox            POST /advertiser/members/…
GET, POST /advertiser/invitations/{token}
"""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from advertiser_portal.api import routes as api_routes
from advertiser_portal.billing.till import Till
from advertiser_portal.billing_pages import BillingPages
from advertiser_portal.campaign_acts import CampaignActs
from advertiser_portal.campaign_editor import CampaignEditor
from advertiser_portal.campaign_list import CampaignListPages
from advertiser_portal.creative_editor import CreativeEditor
from advertiser_portal.drafting import Drafter
from advertiser_portal.fixes import Fixes
from advertiser_portal.match_panel import Matcher
from advertiser_portal.onboarding_pages import OnboardingPages
from advertiser_portal.overview_pages import OverviewPages
from advertiser_portal.portal import PORTAL
from advertiser_portal.reference import Reference
from advertiser_portal.rehearsal import Rehearsal
from advertiser_portal.report_pages import ReportPages
from advertiser_portal.welcome import AdvertiserFarewell, AdvertiserWelcome
from web.account_pages import add_account
from web.audit_pages import add_changes
from web.front_desk import FrontDesk
from web.members_pages import add_members
from web.page_route import page_route
from web.pages import Pages
from web.sign_in_pages import add_nothing_here, add_sign_in
from web.sign_up_pages import add_sign_up
from web.token_pages import add_tokens


def routes(
    front: FrontDesk,
    till: Till | None = None,
    *,
    matcher: Matcher | None = None,
    drafter: Drafter | None = None,
    auto_approve_after_lint: bool = False,
) -> APIRouter:
    """The portal's pages, and its API beside them.

    Billing comes with a till, matches with a matcher, drafts of landing pages with a drafter. Static
    files are `web.assets.routes(front.assets)`, once for all.
    """
    pages = Pages(front, PORTAL)
    router = APIRouter(
        prefix=PORTAL.home.rstrip("/"),
        route_class=page_route(pages),
        default_response_class=HTMLResponse,
        include_in_schema=False,
    )
    add_sign_in(router, pages)
    add_sign_up(router, pages, AdvertiserWelcome(front.clock))
    add_members(router, pages)
    add_account(router, pages, AdvertiserFarewell(front.clock))
    add_tokens(router, pages)
    add_changes(router, pages)
    auto = auto_approve_after_lint
    CampaignListPages(pages).add_to(router)
    CampaignEditor(pages).add_to(router)
    CreativeEditor(pages, matcher=matcher, auto_approve_after_lint=auto).add_to(router)
    OnboardingPages(pages, drafter=drafter, matcher=matcher, auto_approve_after_lint=auto).add_to(
        router
    )
    Rehearsal(pages, matcher=matcher, auto_approve_after_lint=auto).add_to(router)
    Fixes(pages).add_to(router)
    reading = OverviewPages(pages)
    router.add_api_route("/", reading.overview, methods=["GET"])
    router.add_api_route("/live", reading.overview_live, methods=["GET"])
    router.add_api_route("/campaigns/{campaign_id}", reading.campaign, methods=["GET"])
    router.add_api_route("/campaigns/{campaign_id}/live", reading.campaign_live, methods=["GET"])
    ReportPages(pages).add_to(router)
    acts = CampaignActs(pages, reading)
    router.add_api_route("/campaigns/{campaign_id}/start", acts.start, methods=["POST"])
    router.add_api_route("/campaigns/{campaign_id}/end", acts.end, methods=["POST"])
    router.add_api_route("/campaigns/{campaign_id}/pause", acts.pause, methods=["POST"])
    router.add_api_route("/campaigns/{campaign_id}/resume", acts.resume, methods=["POST"])
    if till is not None:
        BillingPages(pages, till).add_to(router)
    programs = api_routes.routes(
        front, till, matcher=matcher, drafter=drafter, auto_approve_after_lint=auto
    )
    Reference(pages, api_routes.Description(programs, front.public_url)).add_to(router)
    add_nothing_here(router, pages)
    both = APIRouter()
    both.include_router(programs)
    both.include_router(router)
    return both
