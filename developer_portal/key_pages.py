"""The page of keys: make, rotate, revoke, and what each was used for in the last day.

A secret is in one answer only, the one to the button that made it. Every change and its line in the
audit log are one transaction.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from api.access import apps, keys
from api.access.quota import Standing
from api.monitoring.calls import by_key, first_answer_ms, report
from kernel.database import WriteSession
from web import audit
from web.front_desk import Member
from web.pages import Pages
from web.roles import Act

_SPAN: Final = timedelta(days=1)
_HOME: Final = "/developer/"
_NOTES: Final = {
    "revoked": "The key is revoked and does not work any more.",
    "ads-on": "Answers carry ads again.",
    "ads-off": "Answers carry no ads any more.",
}


#: What is left of the limits of an app's key: app, key, and the tier that the app was granted.
LeftOf = Callable[[str, str, str], Sequence[Standing]]


class KeyForm(BaseModel):
    """What kind of key to make."""

    kind: Literal["live", "test"] = "live"


class AdsForm(BaseModel):
    """Ads in answers, or none."""

    ads: Literal["on", "off"] = "on"


class KeyPages:
    """Handlers of the portal's one page."""

    def __init__(
        self,
        pages: Pages,
        forget: Callable[[str], Awaitable[None]],
        model: Callable[[], str],
        left_of: LeftOf | None = None,
    ) -> None:
        self._pages, self._front, self._forget = pages, pages.front, forget
        self._model, self._left_of = model, left_of

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses."""
        router.add_api_route("/", self.overview, methods=["GET"])
        router.add_api_route("/keys", self.create, methods=["POST"])
        router.add_api_route("/keys/{key_id}/first-call", self.first_call, methods=["GET"])
        router.add_api_route("/keys/{key_id}/rotate", self.rotate, methods=["POST"])
        router.add_api_route("/keys/{key_id}/revoke", self.revoke, methods=["POST"])
        router.add_api_route("/apps/{app_id}/ads", self.ads, methods=["POST"])

    async def overview(self, request: Request, note: str = "") -> Response:
        """Apps with their keys, and the calls of the last day."""
        member = await self._front.member(request, Act.SEE)
        organisation_id = member.membership.organisation.id
        async with self._front.database.reading() as session:
            owned = await apps.apps_of(session, organisation_id)
            listed = await keys.list_keys(session, organisation_id=organisation_id)
            since = self._front.clock.now() - _SPAN
            app_ids = [one.app_id for one in owned]
            used = await by_key(session, since=since, app_ids=app_ids)
            told = await report(session, since=since, app_ids=app_ids, most=5)
        working = [key for key in listed if key.revoked_at is None]
        return self._pages.page(
            request,
            "keys.html",
            apps=owned,
            keys=working,
            left=self._left(owned, working),
            used=used,
            told=told,
            note=_NOTES.get(note),
        )

    def _left(
        self, owned: Sequence[apps.OwnedApp], working: Sequence[keys.ListedKey]
    ) -> list[tuple[str, Standing]]:
        """What is left of each key's limits, by the part of the key that people may see."""
        if self._left_of is None:
            return []
        tiers = {app.app_id: app.tier for app in owned}
        return [
            (key.shown, standing)
            for key in working
            for standing in self._left_of(key.app_id, key.key_id, tiers[key.app_id])
            if standing.scope == "key"
        ]

    async def create(self, request: Request, form: Annotated[KeyForm, Form()]) -> Response:
        """Make a key; the first one makes the app that it belongs to."""
        member = await self._front.member(request, Act.EDIT_APPS)
        organisation = member.membership.organisation
        async with self._front.database.writing() as tx:
            owned = await apps.apps_of(tx, organisation.id)
            app_id = (
                owned[0].app_id
                if owned
                else await keys.create_app(
                    tx,
                    organisation_id=organisation.id,
                    name=organisation.name,
                    clock=self._front.clock,
                )
            )
            made = await self._made(tx, member, app_id, keys.KeyKind(form.kind))
        return self._shown_once(request, made)

    async def first_call(self, request: Request, key_id: str) -> Response:
        """The light beside a new key: green when a call with it was answered."""
        member = await self._front.member(request, Act.SEE)
        async with self._front.database.reading() as session:
            await apps.owned_key(session, key_id, organisation_id=member.membership.organisation.id)
            took_ms = await first_answer_ms(session, key_id)
        return self._pages.page(request, "first_call.html", key_id=key_id, took_ms=took_ms)

    async def rotate(self, request: Request, key_id: str) -> Response:
        """A new key in the place of an old one, which ends now."""
        member = await self._front.member(request, Act.EDIT_APPS)
        async with self._front.database.writing() as tx:
            old = await self._theirs(tx, member, key_id)
            made = await self._made(tx, member, old.app_id, old.kind)
            digest = await self._ended(tx, member, key_id)
        await self._forget(digest)
        return self._shown_once(request, made)

    async def revoke(self, request: Request, key_id: str) -> Response:
        """End a key."""
        member = await self._front.member(request, Act.EDIT_APPS)
        async with self._front.database.writing() as tx:
            await self._theirs(tx, member, key_id)
            digest = await self._ended(tx, member, key_id)
        await self._forget(digest)
        return self._pages.to(request, f"{_HOME}?note=revoked")

    async def ads(
        self, request: Request, app_id: str, form: Annotated[AdsForm, Form()]
    ) -> Response:
        """Switch ads on or off for an app."""
        member = await self._front.member(request, Act.EDIT_APPS)
        async with self._front.database.writing() as tx:
            await apps.switch_ads(
                tx,
                app_id,
                organisation_id=member.membership.organisation.id,
                enabled=form.ads == "on",
            )
            await self._noted(tx, member, f"app.ads_{form.ads}", app_id)
        return self._pages.to(request, f"{_HOME}?note=ads-{form.ads}")

    async def _theirs(self, tx: WriteSession, member: Member, key_id: str) -> apps.OwnedKey:
        organisation_id = member.membership.organisation.id
        return await apps.owned_key(tx, key_id, organisation_id=organisation_id)

    async def _made(
        self, tx: WriteSession, member: Member, app_id: str, kind: keys.KeyKind
    ) -> keys.NewKey:
        made = await keys.create_key(tx, app_id, clock=self._front.clock, kind=kind)
        await self._noted(tx, member, "key.created", made.key_id)
        return made

    async def _ended(self, tx: WriteSession, member: Member, key_id: str) -> str:
        digest = await keys.revoke_key(tx, key_id, clock=self._front.clock)
        await self._noted(tx, member, "key.revoked", key_id)
        return digest

    async def _noted(self, tx: WriteSession, member: Member, action: str, subject: str) -> None:
        await audit.record(
            tx, action=action, subject=subject, clock=self._front.clock, visitor=member.visitor
        )

    def _shown_once(self, request: Request, made: keys.NewKey) -> Response:
        return self._pages.page(
            request,
            "new_key.html",
            made=made,
            public_url=self._front.public_url,
            model=self._model(),
        )
