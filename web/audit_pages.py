"""The audit log as a page and as a file."""

import csv
import io
from typing import Final

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from web.audit_log import Change, changes_of
from web.pages import Pages
from web.roles import Act
from web.spreadsheets import harmless

_PAGE: Final = 50
_FILE: Final = 100_000


class AuditPages:
    """Handlers for one portal."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._front = pages, pages.front

    async def show(self, request: Request, before: str = "") -> Response:
        """One page of changes, newest first."""
        found = await self._changes(request, before, _PAGE + 1)
        return self._pages.page(
            request,
            "changes.html",
            changes=[(change, _difference(change)) for change in found[:_PAGE]],
            older=found[_PAGE - 1].change_id if len(found) > _PAGE else None,
            before=before,
        )

    async def file(self, request: Request) -> Response:
        """All of them as CSV."""
        written = io.StringIO()
        writer = csv.writer(written)
        writer.writerow(["at", "by", "action", "subject", "before", "after"])
        for one in await self._changes(request, "", _FILE):
            cells = [one.at.isoformat(), one.by, one.action, one.subject]
            cells += [orjson.dumps(one.before).decode(), orjson.dumps(one.after).decode()]
            writer.writerow([harmless(cell) for cell in cells])
        return Response(
            written.getvalue(),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": 'attachment; filename="tollfree-changes.csv"'},
        )

    async def _changes(self, request: Request, before: str, limit: int) -> list[Change]:
        member = await self._front.member(request, Act.SEE)
        async with self._front.database.reading() as session:
            return await changes_of(session, member.organisation_id, before=before, limit=limit)


def add_changes(router: APIRouter, pages: Pages) -> None:
    """Add the log's pages to a portal's router."""
    own = AuditPages(pages)
    router.add_api_route("/changes", own.show, methods=["GET"])
    router.add_api_route("/changes.csv", own.file, methods=["GET"])


def _difference(change: Change) -> list[tuple[str, str, str]]:
    names = dict.fromkeys([*change.before, *change.after])
    return [
        (name, _short(change.before.get(name)), _short(change.after.get(name)))
        for name in names
        if change.before.get(name) != change.after.get(name)
    ]


def _short(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= 160 else f"{text[:159]}…"
