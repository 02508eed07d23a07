"""The route class of all pages: checks forms, turns errors into pages.

Every unsafe request passes the CSRF check before its handler runs, so a new page cannot forget it.
Whoever is not signed in is sent to the sign-in form and back afterwards. An unexpected error is
logged by class and place and answered with a page that says nothing about it.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute

from kernel.errors import BadRequest, TollfreeError
from kernel.telemetry import logger
from web.front_desk import SignInNeeded
from web.pages import Pages, is_fragment

_log = logger(__name__)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

Handler = Callable[[Request], Awaitable[Response]]


def page_route(pages: Pages) -> type[APIRoute]:
    """The route class for a portal: ``APIRouter(route_class=page_route(pages))``."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Any]:
            return _guarded(pages, super().get_route_handler())

    return PageRoute


def _guarded(pages: Pages, handler: Handler) -> Handler:
    async def handle(request: Request) -> Response:
        try:
            if request.method not in _SAFE:
                await pages.front.csrf.check(request)
            return pages.protect(await handler(request))
        except SignInNeeded:
            return pages.to(request, _sign_in_address(pages, request))
        except TollfreeError as error:
            return pages.error(request, error)
        except RequestValidationError as error:
            return pages.error(request, _invalid(error))
        except Exception as error:  # noqa: BLE001  the edge of the process for people with browsers
            _log.error("page_failed", request_id=request.scope.get("request_id"), exc_info=error)
            message = "Something went wrong on our side. Try again; if it stays, tell us the number below."
            return pages.error(request, TollfreeError(message))

    return handle


def _sign_in_address(pages: Pages, request: Request) -> str:
    if request.method not in _SAFE:
        return pages.portal.sign_in
    address = request.url
    if is_fragment(request):
        # A fragment is no place to come back to; the page that asked for it is.
        address = address.replace(path=urlsplit(request.headers.get("hx-current-url", "")).path)
    back = address.path + (f"?{address.query}" if address.query else "")
    return f"{pages.portal.sign_in}?next={quote(back, safe='')}"


def _invalid(error: RequestValidationError) -> TollfreeError:
    first = error.errors()[0]
    name = str(first["loc"][-1])
    problem = BadRequest(f"{name.replace('_', ' ').capitalize()}: {first['msg']}.", param=name)
    problem.status = 422
    return problem
