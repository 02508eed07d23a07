"""A portal of one page, so that what all portals share is tested without any of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.http import RequestIds, install_error_handlers
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from web import assets
from web.front_desk import FrontDesk, front_desk
from web.page_route import page_route
from web.pages import Pages
from web.portal import Place, Portal
from web.roles import Act
from web.sign_in_pages import add_nothing_here, add_sign_in


@pytest.fixture
def front(database: Database, clock: FrozenClock) -> FrontDesk:
    return front_desk(
        database=database,
        clock=clock,
        shared_state=InProcessState(clock),
        signing=SigningKeys({1: b"a key of thirty-two bytes or more"}),
        public_url="http://testserver",
    )


@pytest.fixture
def pages(front: FrontDesk, tmp_path: Path) -> Pages:
    (tmp_path / "greeting.html").write_text(
        "{% extends 'layout.html' %}{% from 'parts.html' import csrf_input with context %}"
        "{% block title %}Hello{% endblock %}"
        "{% block content %}<h1>Hello {{ who }}</h1><form>{{ csrf_input(csrf) }}</form>{% endblock %}"
    )
    places = (Place("Home", "/trial/", "home"), Place("Money", "/trial/pay", "wallet", Act.PAY))
    return Pages(front, Portal("Trial", "/trial/", tmp_path, places, "For the tests."))


@pytest.fixture
def app(pages: Pages) -> FastAPI:
    router = APIRouter(prefix="/trial", route_class=page_route(pages))
    add_sign_in(router, pages)

    async def greet(request: Request) -> Response:
        member = await pages.front.member(request, Act.SEE)
        return pages.page(request, "greeting.html", who=member.visitor.person.email)

    async def pay(request: Request) -> Response:
        await pages.front.member(request, Act.PAY)
        return pages.to(request, "/trial/")

    async def break_down() -> Response:
        raise RuntimeError("a secret that nobody should read")

    router.add_api_route("/", greet, methods=["GET"])
    router.add_api_route("/pay", pay, methods=["POST"])
    router.add_api_route("/broken", break_down, methods=["GET"])
    add_nothing_here(router, pages)
    app = FastAPI()
    app.add_middleware(RequestIds)
    install_error_handlers(app)
    app.include_router(assets.routes(pages.front.assets))
    app.include_router(router)
    return app


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps cookies and does not follow redirects."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client
