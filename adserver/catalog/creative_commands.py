"""Change creatives: write them, submit them, approve or refuse them.

Lint runs on every submission. Copy with a blocking finding is not accepted for review; copy with a
finding that asks for a person is never approved automatically. Approving fixes the landing page
that clicks will go to; refusing takes it away, so that links already out lead nowhere.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from adserver.catalog.creative import (
    Creative,
    CreativeCopy,
    ReviewAct,
    ReviewState,
    next_review_state,
)
from adserver.catalog.from_rows import creative_from
from adserver.catalog.generation import count_up
from adserver.catalog.lint import Finding, blocking, lint
from adserver.catalog.tables import AdvertiserRow, CampaignRow, CreativeRow
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest, NotFound
from kernel.ids import new_id


class CopyRefused(BadRequest):
    """Copy that cannot be submitted as it is; `findings` lists every reason."""

    code = "copy_refused"

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(
            " ".join(dict.fromkeys(finding.message for finding in findings)),
            param=findings[0].field,
        )


async def create_creative(
    tx: WriteSession,
    *,
    campaign_id: str,
    copy: CreativeCopy,
    is_house: bool = False,
    clock: Clock,
) -> Creative:
    """A draft in a campaign. What cannot be stored at all is refused here, the rest on submit."""
    domain = await _domain_of(tx, campaign_id)
    _refuse_what_does_not_fit(copy, domain)
    row = CreativeRow(
        id=new_id("crt"),
        campaign_id=campaign_id,
        version=1,
        approved_url=None,
        display_domain=domain,
        review_state=ReviewState.DRAFT,
        review_reason=None,
        reviewed_at=None,
        is_house=is_house,
        created_at=clock.now(),
    )
    _fill(row, copy)
    tx.add(row)
    await count_up(tx)
    return creative_from(row)


async def edit_creative(tx: WriteSession, creative_id: str, copy: CreativeCopy) -> Creative:
    """A new version of the copy, a draft again. Clicks keep going to the page last approved."""
    row = await _locked(tx, creative_id)
    _refuse_what_does_not_fit(copy, row.display_domain)
    _move(row, ReviewAct.EDIT)
    row.version += 1
    row.review_reason = None
    _fill(row, copy)
    await count_up(tx)
    return creative_from(row)


async def submit_creative(
    tx: WriteSession, creative_id: str, *, auto_approve_after_lint: bool, clock: Clock
) -> Creative:
    """Hand a draft in. Raises CopyRefused; approves at once where lint is silent and it may."""
    row = await _locked(tx, creative_id)
    state = next_review_state(ReviewState(row.review_state), ReviewAct.SUBMIT)
    findings = lint(creative_from(row).copy, domain=row.display_domain)
    if refused := blocking(findings):
        raise CopyRefused(refused)
    row.review_state = state
    row.review_reason = _first_codes(findings)
    if auto_approve_after_lint and not findings:
        _approve(row, clock)
    await count_up(tx)
    return creative_from(row)


async def approve_creative(tx: WriteSession, creative_id: str, *, clock: Clock) -> Creative:
    """A reviewer's yes: served from the next refresh of the index on."""
    row = await _locked(tx, creative_id)
    _approve(row, clock)
    await count_up(tx)
    return creative_from(row)


async def reject_creative(
    tx: WriteSession, creative_id: str, *, reason: str, clock: Clock
) -> Creative:
    """A reviewer's no, to a submission or to what was approved before; links lead nowhere."""
    if not reason.strip():
        raise BadRequest("Say why, so that the advertiser can mend it.", param="reason")
    row = await _locked(tx, creative_id)
    _move(row, ReviewAct.REJECT)
    row.review_reason, row.reviewed_at = reason.strip()[:200], clock.now()
    row.approved_url = None
    await count_up(tx)
    return creative_from(row)


def _approve(row: CreativeRow, clock: Clock) -> None:
    _move(row, ReviewAct.APPROVE)
    row.review_reason, row.reviewed_at = None, clock.now()
    row.approved_url = row.landing_url


def _move(row: CreativeRow, act: ReviewAct) -> None:
    row.review_state = next_review_state(ReviewState(row.review_state), act)


def _fill(row: CreativeRow, copy: CreativeCopy) -> None:
    row.title, row.body, row.cta = copy.title, copy.body, copy.cta
    row.landing_url = copy.landing_url
    row.category, row.language = copy.category, copy.language
    row.facts, row.example_prompts = list(copy.facts), list(copy.example_prompts)
    row.keywords = list(copy.keywords)


def _refuse_what_does_not_fit(copy: CreativeCopy, domain: str) -> None:
    # A draft may be unfinished, but an over-long or broken one would not survive its column.
    unfit = {
        "too_long",
        "wrong_number",
        "control_character",
        "invisible_character",
        "malformed_url",
        "unknown_category",
        "unknown_language",
    }
    found = [finding for finding in lint(copy, domain=domain) if finding.code in unfit]
    if found:
        raise CopyRefused(found)


def _first_codes(findings: Sequence[Finding]) -> str | None:
    codes = dict.fromkeys(f"{finding.field}: {finding.code}" for finding in findings)
    return ", ".join(codes)[:200] or None


async def _locked(tx: WriteSession, creative_id: str) -> CreativeRow:
    row = await tx.scalar(
        sa.select(CreativeRow)
        .where(CreativeRow.id == creative_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("There is no such creative.")
    return row


async def _domain_of(tx: WriteSession, campaign_id: str) -> str:
    campaign = await tx.get(CampaignRow, campaign_id)
    if campaign is None:
        raise NotFound("There is no such campaign.", param="campaign_id")
    return (await tx.get_one(AdvertiserRow, campaign.advertiser_id)).domain
