"""A plain page for readers of ads: no script, no cookie, nothing from elsewhere.

Every value is escaped on the way in; the style stands in the page and is allowed by its hash.
"""

import base64
import hashlib
import html
from typing import Final

from starlette.responses import HTMLResponse

_STYLE: Final = (
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:38rem;margin:12vh auto;padding:0 1.5rem;"
    "color:#1c2128;background:#fff}h1{font-size:1.5rem;line-height:1.3}dt{color:#57606a}"
    "dd{margin:0 0 1rem}a{color:#0b57d0}"
    "@media(prefers-color-scheme:dark){body{background:#15181c;color:#e6e9ed}dt{color:#9aa4af}"
    "a{color:#8ab4f8}}"
    "form{margin:1.5rem 0}button{font:inherit;padding:.4rem .9rem}label{margin-right:1rem}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}


def page(title: str, *parts: str, status: int = 200) -> HTMLResponse:
    """A page; `parts` are HTML made by the functions below."""
    body = "".join(parts)
    return HTMLResponse(
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>",
        status_code=status,
        headers=HEADERS,
    )


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{html.escape(text)}</p>"


def facts(pairs: dict[str, str]) -> str:
    """Names and values, one under the other."""
    rows = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>"
        for name, value in pairs.items()
    )
    return f"<dl>{rows}</dl>"


def choices(action: str, button: str, reasons: dict[str, str] | None = None) -> str:
    """A form of one button, with a choice of reasons before it."""
    options = "".join(
        f'<label><input type="radio" name="reason" value="{html.escape(value)}"> '
        f"{html.escape(words)}</label>"
        for value, words in (reasons or {}).items()
    )
    return (
        f'<form method="post" action="{html.escape(action)}">{options}'
        f"<p><button>{html.escape(button)}</button></p></form>"
    )
