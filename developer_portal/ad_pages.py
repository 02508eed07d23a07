"""What an app's answers may carry, and what each of its keys prefers.

    /developer/ads                     the apps, and what holds for each key
    /developer/ads/apps/{id}           an app's settings and policy
    /developer/ads/keys/{id}           a key's defaults, within the policy

A change and its line in the audit log are one transaction; it holds at once.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from adserver.catalog.categories import CATEGORIES
from api.access import ad_choices, apps, keys
from api.access.ad_choices import Chosen
from developer_portal.ad_form import AppAdsForm, KeyAdsForm
from kernel.errors import BadRequest
from web import audit
from web.pages import Pages
from web.roles import Act

_HERE: Final = "/developer/ads"
_NOTES: Final = {"saved": "Saved. It holds for every call from now on."}
_FORMATS: Final = {
    "unit": "A card after the answer",
    "mention": "One sponsored sentence in the answer",
    "link": "Affiliate links where the answer names a product",
}
_DELIVERIES: Final = (
    ("content", "In the answer's text"),
    ("field", "In the tollfree field only"),
    ("both", "In both"),
)


class AdPages:
    """Handlers of ``/developer/ads``."""

    def __init__(self, pages: Pages, forget: Callable[[str], Awaitable[None]]) -> None:
        self._pages, self._front, self._forget = pages, pages.front, forget

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses."""
        router.add_api_route("/ads", self.overview, methods=["GET"])
        router.add_api_route("/ads/apps/{app_id}", self.app, methods=["GET"])
        router.add_api_route("/ads/apps/{app_id}", self.save_app, methods=["POST"])
        router.add_api_route("/ads/keys/{key_id}", self.key, methods=["GET"])
        router.add_api_route("/ads/keys/{key_id}", self.save_key, methods=["POST"])

    async def overview(self, request: Request, note: str = "") -> Response:
        """Every app with what it allows, every key with what it prefers."""
        member = await self._front.member(request, Act.SEE)
        house = member.organisation_id
        shown: list[tuple[apps.OwnedApp, Chosen, list[tuple[keys.ListedKey, Chosen]]]] = []
        async with self._front.database.reading() as session:
            listed = await keys.list_keys(session, organisation_id=house)
            for app in await apps.apps_of(session, house):
                chosen = await ad_choices.of_app(session, app.app_id, organisation_id=house)
                its_keys = [
                    (key, await ad_choices.of_key(session, key.key_id, organisation_id=house))
                    for key in listed
                    if key.app_id == app.app_id and key.revoked_at is None
                ]
                shown.append((app, chosen, its_keys))
        return self._page(request, "ads.html", apps=shown, note=_NOTES.get(note))

    async def app(self, request: Request, app_id: str) -> Response:
        """The form of an app."""
        member = await self._front.member(request, Act.SEE)
        async with self._front.database.reading() as session:
            chosen = await ad_choices.of_app(
                session, app_id, organisation_id=member.organisation_id
            )
        return self._form(request, "app", app_id, chosen, AppAdsForm.of(chosen.settings))

    async def save_app(
        self, request: Request, app_id: str, form: Annotated[AppAdsForm, Form()]
    ) -> Response:
        """Take an app's form; what does not fit is said beside it."""
        return await self._saved(request, "app", app_id, form, ad_choices.change_app)

    async def key(self, request: Request, key_id: str) -> Response:
        """The form of a key."""
        member = await self._front.member(request, Act.SEE)
        async with self._front.database.reading() as session:
            chosen = await ad_choices.of_key(
                session, key_id, organisation_id=member.organisation_id
            )
        return self._form(request, "key", key_id, chosen, KeyAdsForm.of(chosen.own))

    async def save_key(
        self, request: Request, key_id: str, form: Annotated[KeyAdsForm, Form()]
    ) -> Response:
        """Take a key's form; what its app's policy forbids is said beside it."""
        return await self._saved(request, "key", key_id, form, ad_choices.change_key)

    async def _saved(
        self,
        request: Request,
        what: str,
        subject: str,
        form: AppAdsForm | KeyAdsForm,
        change: Callable[..., Awaitable[Chosen]],
    ) -> Response:
        member = await self._front.member(request, Act.EDIT_APPS)
        house = member.organisation_id
        look = ad_choices.of_app if what == "app" else ad_choices.of_key
        async with self._front.database.reading() as session:
            before = await look(session, subject, organisation_id=house)
        try:
            async with self._front.database.writing() as tx:
                chosen = await change(tx, subject, form.values(), organisation_id=house)
                await audit.record(
                    tx,
                    action=f"{what}.ads_changed",
                    subject=subject,
                    clock=self._front.clock,
                    visitor=member.visitor,
                    before=before.own,
                    after=chosen.own,
                )
        except BadRequest as problem:
            return self._form(request, what, subject, before, form, problem=problem)
        for digest in chosen.digests:
            await self._forget(digest)
        return self._pages.to(request, f"{_HERE}?note=saved")

    def _form(
        self,
        request: Request,
        what: str,
        subject: str,
        chosen: Chosen,
        form: AppAdsForm | KeyAdsForm,
        *,
        problem: BadRequest | None = None,
    ) -> Response:
        return self._page(
            request,
            f"{what}_ads.html",
            status=200 if problem is None else problem.status,
            address=f"{_HERE}/{what}s/{subject}",
            form=form,
            settings=chosen.settings,
            problem=problem,
        )

    def _page(self, request: Request, template: str, **values: Any) -> Response:
        return self._pages.page(
            request,
            template,
            format_names=_FORMATS,
            deliveries=_DELIVERIES,
            categories=CATEGORIES.items(),
            **values,
        )
