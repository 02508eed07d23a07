"""The cookies of the portals: one for the session, one for a visit before it.

Both are random values without meaning, out of reach of scripts, and sent to us only. Over https
their names carry `__Host-`, with which a browser refuses one planted by a neighbouring domain.
"""

from base64 import urlsafe_b64encode
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from kernel.ids import new_secret
from web.sessions import LIFETIME

_LONGEST: Final = 100


class Cookies:
    """Reads and writes them; `secure` when the public URL is https."""

    def __init__(self, *, secure: bool) -> None:
        self.secure = secure
        prefix = "__Host-" if secure else ""
        self.session_name, self.visit_name = f"{prefix}tf_session", f"{prefix}tf_visit"

    def session(self, request: Request) -> str | None:
        """The session token that the browser holds, if any."""
        return _value(request, self.session_name)

    def visit(self, request: Request) -> str | None:
        """The value that stands for this browser before it signs in, if any."""
        return _value(request, self.visit_name)

    def bindings(self, request: Request) -> list[str]:
        """What a form of ours may be bound to, best first."""
        return [value for value in (self.session(request), self.visit(request)) if value]

    def keep_session(self, response: Response, token: str) -> None:
        """Hand the token to the browser, for as long as a session can last."""
        self._set(response, self.session_name, token, int(LIFETIME.total_seconds()))

    def forget_session(self, response: Response) -> None:
        """Take the token back."""
        self._set(response, self.session_name, "", 0)

    def keep_visit(self, response: Response, value: str) -> None:
        """Remember the visit until the browser closes."""
        self._set(response, self.visit_name, value, None)

    def _set(self, response: Response, name: str, value: str, max_age: int | None) -> None:
        response.set_cookie(
            name,
            value,
            max_age=max_age,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )


def new_visit() -> str:
    """A fresh value for the visit cookie."""
    return urlsafe_b64encode(new_secret(18)).decode()


def _value(request: Request, name: str) -> str | None:
    value = request.cookies.get(name)
    return value if value and len(value) <= _LONGEST else None
