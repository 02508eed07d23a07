"""Proof that a form was ours.

Every request that changes something carries a token: a keyed tag over a cookie that only our pages
can read back to us. Browsers also say where a request comes from, and another site's is refused
whatever it carries. `web.page_route` checks each unsafe request, so that no page can forget to.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request

from kernel.errors import BadRequest, Forbidden, PayloadTooLarge
from kernel.signing import SigningKeys
from web.cookies import Cookies

FIELD: Final = "csrf"
_PURPOSE: Final = "csrf"
_LARGEST_FORM: Final = 256_000


class CsrfTokens:
    """Makes and checks the tokens."""

    def __init__(self, keys: SigningKeys, cookies: Cookies) -> None:
        self._keys, self._cookies = keys, cookies

    def token(self, binding: str) -> str:
        """The token for the browser that holds the cookie value `binding`."""
        tag = self._keys.tag(_PURPOSE, binding.encode(), size=20)
        return urlsafe_b64encode(bytes([self._keys.current]) + tag).decode()

    async def check(self, request: Request) -> None:
        """Raise Forbidden unless the request comes from a form that this browser got from us."""
        _refuse_other_sites(request)
        _refuse_large_forms(request)
        form = await request.form()
        given = form.get(FIELD) or request.headers.get("x-csrf-token", "")
        if not isinstance(given, str) or not self._fits(given, request):
            raise Forbidden(
                "This form is too old or was not ours. Go back, reload the page and try again.",
                code="form_expired",
            )

    def _fits(self, given: str, request: Request) -> bool:
        try:
            raw = urlsafe_b64decode(given)
        except ValueError:
            return False
        if len(raw) != 21:
            return False
        # Either cookie will do: a form may have been loaded before signing in, in another tab.
        return any(
            self._keys.verifies(_PURPOSE, binding.encode(), raw[1:], key_id=raw[0])
            for binding in self._cookies.bindings(request)
        )


def _refuse_other_sites(request: Request) -> None:
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        ours = site in ("same-origin", "none")
    elif origin is not None:
        ours = urlsplit(origin).netloc == request.headers.get("host")
    else:
        ours = True
    if not ours:
        raise Forbidden("This request came from another site and was refused.", code="other_site")


def _refuse_large_forms(request: Request) -> None:
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise BadRequest("A form says how long it is: send a Content-Length header.")
    if int(length) > _LARGEST_FORM:
        raise PayloadTooLarge("This form is too large. Send less than 256 kB.")
