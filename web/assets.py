"""Static files: loaded once, addressed by content, served from memory.

``url("portal.css")`` holds a digest of the file, so a browser may keep it for a year and a changed
file has a new address. Compressed once, at load. Only files on the lists below exist: nothing else
in the folder can be asked for. A missing vendor file leaves plain but working pages and is logged
with the command that mends it.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kernel.errors import NotFound
from kernel.http import error_response
from kernel.telemetry import logger
from web.install_assets import HERE, VENDOR

_log = logger(__name__)

_OWN: Final = (
    *("portal.css", "contrast.css", "mark.svg"),
    *("theme.js", "live.js", "review.js", "passkeys.js", "chart.js", "proof.js"),
)
_VENDOR: Final = ("tabler.css", "htmx.js", "uplot.js", "uplot.css")
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """One file, plain and compressed."""

    digest: str
    media_type: str
    plain: bytes
    compressed: bytes


class Assets:
    """The static files of all portals, by name."""

    def __init__(self, files: Mapping[str, Asset]) -> None:
        self._files = dict(files)

    @classmethod
    def load(cls, *, vendor: Path = VENDOR) -> "Assets":
        """Read every listed file."""
        places = {name: HERE / "static" / name for name in _OWN}
        places |= {name: vendor / name for name in _VENDOR}
        found = {name: path for name, path in places.items() if path.is_file()}
        if len(found) < len(places):
            _log.warning("page_assets_missing", reason="run: python -m web.install_assets")
        return cls({name: _asset(path) for name, path in found.items()})

    def url(self, name: str) -> str:
        """Where the file is served; templates call this."""
        file = self._files.get(name)
        return f"/static/{file.digest if file else 'missing'}/{name}"

    def answer(self, digest: str, name: str, *, accepts_gzip: bool) -> Response:
        """The file, for ever if the digest is today's, for now if it is from another version."""
        file = self._files.get(name)
        if file is None:
            return error_response(NotFound("There is no such file."))
        kept = "public, max-age=31536000, immutable" if digest == file.digest else "no-cache"
        headers = {
            "cache-control": kept,
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
        }
        if accepts_gzip:
            headers["content-encoding"] = "gzip"
        body = file.compressed if accepts_gzip else file.plain
        return Response(body, media_type=file.media_type, headers=headers)


def routes(assets: Assets) -> APIRouter:
    """``/static/{digest}/{name}``."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/static/{digest}/{name}", methods=["GET", "HEAD"])
    async def static_file(request: Request, digest: str, name: str) -> Response:
        accepts_gzip = "gzip" in request.headers.get("accept-encoding", "")
        return assets.answer(digest, name, accepts_gzip=accepts_gzip)

    return router


def _asset(path: Path) -> Asset:
    plain = path.read_bytes()
    return Asset(
        digest=hashlib.sha256(plain).hexdigest()[:12],
        media_type=_TYPES[path.suffix],
        plain=plain,
        compressed=gzip.compress(plain, mtime=0),
    )
