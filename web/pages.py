"""Turns values into pages: templates, layout, errors, fragments.

One `Pages` per portal, because each has its own templates and navigation over the shared layout.
Everything is escaped; a template that names a value it was not given fails instead of hiding it.
A request by htmx gets the fragment that it asked for, anyone else the whole page.
"""

from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kernel.errors import TollfreeError
from web import charts, formats, qr
from web.cookies import new_visit
from web.csrf import FIELD
from web.front_desk import FrontDesk
from web.install_assets import HERE
from web.portal import Portal
from web.roles import Act, may
from web.security_headers import protect

_HEADINGS: Final = {
    400: "That did not work",
    401: "Sign in first",
    403: "This is not open to you",
    404: "There is no such page",
    409: "This has changed meanwhile",
    413: "That was too much",
    422: "Please check the form",
    429: "One moment, please",
    503: "Back in a moment",
}


class Pages:
    """The pages of one portal."""

    def __init__(self, front: FrontDesk, portal: Portal) -> None:
        self.front, self.portal = front, portal
        self._templates = Environment(
            loader=FileSystemLoader([portal.templates, HERE / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            asset=front.assets.url,
            portal=portal,
            joins=portal.joins and front.post is not None,
            charts=charts,
            formats=formats,
            Act=Act,
            may=may,
            qr=qr.svg,
        )

    def page(
        self, request: Request, template: str, *, status: int = 200, **values: Any
    ) -> Response:
        """A whole page, or the template's fragment when htmx asks."""
        binding, is_new = self._binding(request)
        response = HTMLResponse(
            self._templates.get_template(template).render(
                path=request.url.path,
                member=getattr(request.state, "member", None),
                csrf=self.front.csrf.token(binding),
                csrf_field=FIELD,
                request_id=request.scope.get("request_id", ""),
                **values,
            ),
            status_code=status,
        )
        if is_new:
            self.front.cookies.keep_visit(response, binding)
        return self.protect(response)

    def error(self, request: Request, error: TollfreeError) -> Response:
        """The page for an expected error: what happened, what to do, and the request's id."""
        heading = _HEADINGS.get(error.status, "Something went wrong")
        template = "error_fragment.html" if is_fragment(request) else "error.html"
        return self.page(request, template, status=error.status, heading=heading, error=error)

    def to(self, request: Request, where: str) -> Response:
        """Send the browser to another page of ours; a full navigation, also under htmx."""
        if is_fragment(request):
            return self.protect(Response(status_code=204, headers={"hx-redirect": where}))
        return self.protect(RedirectResponse(where, status_code=303))

    def unchanged(self) -> Response:
        """For a poll that found nothing new: the page stays as it is, focus and all."""
        return self.protect(Response(status_code=204))

    def protect(self, response: Response) -> Response:
        """Add the security headers."""
        return protect(response, secure=self.front.cookies.secure)

    def _binding(self, request: Request) -> tuple[str, bool]:
        bindings = self.front.cookies.bindings(request)
        return (bindings[0], False) if bindings else (new_visit(), True)


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("hx-request") == "true"
