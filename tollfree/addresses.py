"""Every address of the server, and which part answers it.

/v1/chat/completions   the hot path, straight to the API without a framework
/v1/*                  the API            /ads/v1/*, /c/*, /why/*   the ad server
/hooks/stripe          the till           /fakestripe/*             its stand-in, in a demo
/ /ad-policy /try      for everybody
/advertiser/* /developer/* /operator/*  the portals
/livez /readyz /metrics   operations
"""

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from adserver.http import clicks as click_pages
from adserver.http import conversions as conversion_routes
from adserver.http import decisions as decision_routes
from adserver.http import events as event_routes
from adserver.http import publishers as publisher_routes
from adserver.http import why as why_pages
from advertiser_portal import routes as advertiser_pages
from advertiser_portal.billing import webhooks
from advertiser_portal.public import pages as public_pages
from api.http import ad_settings as ad_settings_routes
from api.http import quota as quota_routes
from api.http import well_known
from developer_portal import routes as developer_pages
from developer_portal.codes import EmailCodes
from developer_portal.joining import Door
from developer_portal.proof_of_work import Challenges
from kernel.clock import Clock
from kernel.database import Database
from kernel.http import RequestIds, install_error_handlers, install_health
from kernel.telemetry import REGISTRY
from operator_console import routes as operator_pages
from tollfree.ad_side import AdSide
from tollfree.api_side import ApiSide
from tollfree.doorway import App, Receive, Scope, Send
from tollfree.foundations import Foundations
from tollfree.portal_side import PortalSide
from tollfree.till_side import STAND_IN, TillSide
from web import assets
from web.access_tokens import token_calling
from web.roles import Act

_HOT = "/v1/chat/completions"


def application(
    grounds: Foundations,
    ads: AdSide,
    api: ApiSide,
    portal: PortalSide,
    till: TillSide | None = None,
) -> App:
    """The whole server as one ASGI application."""
    app = _ad_network(grounds, ads)
    api.surfaces.install(app)
    app.include_router(quota_routes.routes(api.keys))
    app.include_router(ad_settings_routes.routes(api.keys, grounds.database))
    app.include_router(well_known.routes(api.attestation))
    _add_portal(app, portal, till, api, _door(grounds, portal, api))
    _add_till(app, till)
    return RequestIds(api.guarded(_HotPath(api.chat, app)))


def ad_network(grounds: Foundations, ads: AdSide) -> App:
    """The ad network alone, for services that run their own models."""
    return RequestIds(_ad_network(grounds, ads))


def _ad_network(grounds: Foundations, ads: AdSide) -> FastAPI:
    app = FastAPI(title="Tollfree", docs_url=None, redoc_url=None, openapi_url=None)
    install_error_handlers(app)
    install_health(
        app, {"database": grounds.database.ping, "shared_state": grounds.shared_state.ping}
    )
    database, clock = grounds.database, grounds.clock
    app.include_router(decision_routes.routes(ads.engine, database))
    app.include_router(event_routes.routes(ads.beacons, ads.tokens, database, clock))
    app.include_router(conversion_routes.routes(database, clock, reporters(database, clock)))
    app.include_router(publisher_routes.routes(database, clock))
    app.include_router(click_pages.routes(ads.clicks, ads.insiders.signed_in))
    app.include_router(why_pages.routes(ads.why))
    app.add_api_route("/metrics", _metrics, methods=["GET"], include_in_schema=False)
    return app


def reporters(database: Database, clock: Clock) -> conversion_routes.Callers:
    """Whose servers may report conversions: those with a token of their organisation."""

    async def organisation(authorization: str | None) -> str:
        token = await token_calling(database, authorization, Act.REPORT_CONVERSIONS, clock=clock)
        return token.organisation_id

    return organisation


class _HotPath:
    """One comparison decides: the chat goes past the framework, everything else through it."""

    def __init__(self, chat: App, others: App) -> None:
        self._chat, self._others = chat, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == _HOT:
            await self._chat(scope, receive, send)
        else:
            await self._others(scope, receive, send)


def _add_portal(
    app: FastAPI,
    portal: PortalSide,
    till: TillSide | None,
    api: ApiSide,
    door: Door,
) -> None:
    app.include_router(assets.routes(portal.front.assets))
    app.include_router(
        advertiser_pages.routes(
            portal.front,
            till.till if till else None,
            matcher=portal.matcher,
            drafter=portal.drafter,
            auto_approve_after_lint=portal.auto_approve_after_lint,
        )
    )
    app.include_router(operator_pages.routes(portal.front))
    app.include_router(
        developer_pages.routes(
            portal.front, api.keys.forget, till.till if till else None, door, api.left_of
        )
    )
    app.include_router(public_pages.routes(portal.front, portal.talk))


def _door(grounds: Foundations, portal: PortalSide, api: ApiSide) -> Door:
    return Door(
        Challenges(grounds.signing),
        EmailCodes(grounds.shared_state, portal.front.attempts),
        lambda: str(api.routing.models()[0]["id"]),
    )


def _add_till(app: FastAPI, till: TillSide | None) -> None:
    if till is None:
        return
    app.include_router(webhooks.routes(till.till))
    if till.stand_in is not None:
        app.mount(STAND_IN, till.stand_in.asgi)


async def _metrics() -> Response:
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
