"""A begun wizard: what was typed, kept on our side, so that it goes on in any browser.

    page ──► ads ──► audience ──► budget ──► done

Every step can be gone back to. What was typed is kept as it was typed, and checked when it is used;
launching makes an ordinary campaign with ordinary creatives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from adserver.catalog.advertiser import Advertiser
from adserver.catalog.creative import CreativeCopy
from advertiser_portal.campaign_form import CampaignForm
from advertiser_portal.creative_form import CreativeForm
from advertiser_portal.drafting import Drafts
from advertiser_portal.tables import OnboardingRow
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest, NotFound
from kernel.ids import new_id

MOST_ADS: Final = 3
LONGEST: Final = 4_000


class Step(StrEnum):
    """Where a wizard stands; the value stands in the address."""

    PAGE = "page"
    ADS = "ads"
    AUDIENCE = "audience"
    BUDGET = "budget"
    DONE = "done"


ORDER: Final = (Step.PAGE, Step.ADS, Step.AUDIENCE, Step.BUDGET)


class Ad(BaseModel):
    """One ad as typed; without a title it is left out."""

    title: str = ""
    body: str = ""
    cta: str = "See more"


class Typed(BaseModel):
    """Everything that the four steps ask."""

    url: str = ""
    ads: list[Ad] = []
    questions: str = ""
    facts: str = ""
    category: str = ""
    language: str = "en"
    countries: str = ""
    languages: str = ""
    negative_keywords: str = ""
    name: str = ""
    bid_type: str = "cpc"
    bid: str = "0.50"
    daily_budget: str = "20"
    total_budget: str = ""

    def filled(self) -> list[Ad]:
        """The ads that somebody wrote."""
        return [ad for ad in self.ads if ad.title.strip()]

    def copies(self) -> list[CreativeCopy]:
        """The ads as the catalog takes them; the first five questions go with each."""
        questions = [line for line in self.questions.splitlines() if line.strip()]
        return [
            CreativeForm(
                title=ad.title,
                body=ad.body,
                cta=ad.cta,
                landing_url=self.url,
                category=self.category,
                language=self.language,
                facts=self.facts,
                example_prompts="\n".join(questions[:5]),
                creative_keywords="",
            ).copy_of()
            for ad in self.filled()
        ]

    def campaign(self) -> CampaignForm:
        """The terms as the editor would have sent them."""
        return CampaignForm(
            name=self.name,
            bid_type=self.bid_type,
            bid=self.bid,
            daily_budget=self.daily_budget,
            total_budget=self.total_budget,
            countries=self.countries,
            languages=self.languages,
            negative_keywords=self.negative_keywords,
            formats=["unit", "mention"],
        )


@dataclass(frozen=True)
class Wizard:
    """A wizard of an organisation."""

    wizard_id: str
    step: Step
    typed: Typed
    campaign_id: str | None


async def begin(
    tx: WriteSession, organisation_id: str, advertiser: Advertiser, *, clock: Clock
) -> Wizard:
    """A new one, with the advertiser's own domain to start from."""
    row = OnboardingRow(
        id=new_id("onb"),
        organisation_id=organisation_id,
        step=Step.PAGE,
        typed=Typed(url=f"https://{advertiser.domain}/").model_dump(),
        campaign_id=None,
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    tx.add(row)
    await tx.flush()
    return _wizard(row)


async def wizard_of(session: AsyncSession, organisation_id: str, wizard_id: str) -> Wizard:
    """One of the organisation's own. Raises NotFound."""
    row = await session.get(OnboardingRow, wizard_id)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound("You have begun no such campaign.")
    return _wizard(row)


async def open_wizard(session: AsyncSession, organisation_id: str) -> Wizard | None:
    """The latest that is not done."""
    row = await session.scalar(
        sa.select(OnboardingRow)
        .where(
            OnboardingRow.organisation_id == organisation_id,
            OnboardingRow.step != Step.DONE.value,
        )
        .order_by(OnboardingRow.id.desc())
        .limit(1)
    )
    return None if row is None else _wizard(row)


async def keep(
    tx: WriteSession,
    wizard: Wizard,
    *,
    step: Step,
    typed: Typed,
    clock: Clock,
    campaign_id: str | None = None,
) -> Wizard:
    """Remember what was typed and where to go on."""
    row = await tx.get_one(OnboardingRow, wizard.wizard_id)
    row.step, row.typed, row.updated_at = step.value, typed.model_dump(), clock.now()
    row.campaign_id = campaign_id or row.campaign_id
    await tx.flush()
    return _wizard(row)


def drafted(typed: Typed, drafts: Drafts) -> Typed:
    """What was typed, with drafts in every place that is still empty."""
    ads = [Ad(title=one.title, body=one.body, cta=one.cta) for one in drafts.copies]
    first = drafts.copies[0] if drafts.copies else None
    return typed.model_copy(
        update={
            "ads": typed.filled() or ads or [Ad()],
            "questions": typed.questions or "\n".join(drafts.intents),
            "category": typed.category or drafts.category,
            "facts": typed.facts or "\n".join(first.facts if first else ()),
            "language": first.language if first else typed.language,
        }
    )


def merged(typed: Typed, step: Step, form: dict[str, Any], ads: Sequence[Ad]) -> Typed:
    """What was typed, with the fields of one step. Raises BadRequest for what is far too long."""
    changes: dict[str, Any] = {name: form[name] for name in _FIELDS[step] if name in form}
    if any(len(str(value)) > LONGEST for value in changes.values()):
        raise BadRequest("This is too long.")
    if step is Step.ADS:
        changes["ads"] = list(ads)[:MOST_ADS]
    return typed.model_copy(update=changes)


_FIELDS: Final[dict[Step, tuple[str, ...]]] = {
    Step.PAGE: ("url",),
    Step.ADS: ("questions", "facts", "category"),
    Step.AUDIENCE: ("countries", "languages", "negative_keywords"),
    Step.BUDGET: ("name", "bid_type", "bid", "daily_budget", "total_budget"),
    Step.DONE: (),
}


def _wizard(row: OnboardingRow) -> Wizard:
    return Wizard(row.id, Step(row.step), Typed.model_validate(row.typed), row.campaign_id)
