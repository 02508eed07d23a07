"""What every page tells the browser to refuse.

Scripts and styles come from our own files only: nothing inline, nothing evaluated, no other host.
Pages cannot be framed, send no address onwards to other sites, and are not kept by caches.
"""

from typing import Final

from fastapi.responses import Response

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)

_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}


def protect(response: Response, *, secure: bool) -> Response:
    """Put the headers on a page; over https, also the promise to stay there."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if secure:
        response.headers.setdefault("strict-transport-security", "max-age=31536000")
    return response
