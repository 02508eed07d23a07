"""Every address of the advertiser API, and its description.

    /api/advertiser/v1/account  /topics  /members  /changes  /tokens
    /api/advertiser/v1/campaigns  /campaigns/{id}  …/start  …/pause  …/resume  …/end  …/duplicate
    /api/advertiser/v1/campaigns/{id}/creatives  …/check  /creatives/{id}  …/submit  …/versions
    /api/advertiser/v1/drafts   /reports   /openapi.json
    /api/advertiser/v1/billing  /transactions  /top-ups  /recharge  /promo-codes  /refunds  /payments

Errors have the shape of all our APIs. The description is made from the routes themselves, when
somebody first asks for it: that takes half a second, which a start should not wait for.
"""

from functools import cached_property
from typing import Any, Final

import orjson
from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from fastapi.routing import APIRoute

from advertiser_portal.api.account import AccountCalls
from advertiser_portal.api.billing import BillingCalls
from advertiser_portal.api.billing_acts import BillingActs
from advertiser_portal.api.campaigns import CampaignCalls
from advertiser_portal.api.creatives import CreativeCalls
from advertiser_portal.api.drafts import DraftCalls
from advertiser_portal.api.reports import ReportCalls
from advertiser_portal.billing.till import Till
from advertiser_portal.drafting import Drafter
from advertiser_portal.match_panel import Matcher
from web.front_desk import FrontDesk

PREFIX: Final = "/api/advertiser/v1"
_ABOUT: Final = """Everything of the advertiser portal for programs.

Send a token of your organisation as `Authorization: Bearer tf_adv_…`. Money is whole micros
(millionths of a US dollar), times are ISO 8601 with their zone. Creations take an `Idempotency-Key`
and give the same answer for a day. Lists are paged: send `next` back as `after`."""


def routes(
    front: FrontDesk,
    till: Till | None = None,
    *,
    matcher: Matcher | None = None,
    drafter: Drafter | None = None,
    auto_approve_after_lint: bool = False,
) -> APIRouter:
    """The API's router."""
    router = APIRouter(
        prefix=PREFIX, include_in_schema=False, generate_unique_id_function=_operation
    )
    AccountCalls(front).add_to(router)
    # Before the campaigns, whose acts take any one word below a campaign.
    CreativeCalls(front, matcher, auto_approve_after_lint=auto_approve_after_lint).add_to(router)
    CampaignCalls(front).add_to(router)
    if drafter is not None:
        DraftCalls(front, drafter).add_to(router)
    ReportCalls(front).add_to(router)
    if till is not None:
        BillingCalls(front, till, at=PREFIX).add_to(router)
        BillingActs(front, till).add_to(router)
    described = Description(router, front.public_url)

    async def openapi() -> Response:
        return Response(orjson.dumps(described.spec), media_type="application/json")

    router.add_api_route("/openapi.json", openapi, methods=["GET"])
    return router


class Description:
    """The API in OpenAPI's words."""

    def __init__(self, router: APIRouter, public_url: str) -> None:
        self._router, self._public_url = router, public_url

    @cached_property
    def spec(self) -> dict[str, Any]:
        """Written once."""
        shown = APIRouter(generate_unique_id_function=_operation)
        for route in self._router.routes:
            if isinstance(route, APIRoute) and not route.path.endswith("openapi.json"):
                shown.add_api_route(
                    route.path,
                    route.endpoint,
                    methods=sorted(route.methods or ()),
                    tags=route.tags,
                    status_code=route.status_code,
                    responses=route.responses,
                    response_model=route.response_model,
                )
        spec = get_openapi(
            title="Tollfree advertiser API",
            version="1",
            description=_ABOUT,
            routes=shown.routes,
            servers=[{"url": self._public_url}],
        )
        spec["components"].setdefault("securitySchemes", {})["token"] = {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of your organisation: tf_adv_…",
        }
        spec["security"] = [{"token": []}]
        return spec


def _operation(route: APIRoute) -> str:
    method = min(route.methods or {"GET"}).lower()
    path = route.path.removeprefix(PREFIX).strip("/")
    return f"{method}_{path}".replace("/", "_").replace("{", "").replace("}", "")
