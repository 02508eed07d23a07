"""Creatives are written, reviewed and refused; on both engines."""

from dataclasses import replace

import pytest

from adserver.catalog import commands, queries
from adserver.catalog.creative import ReviewState
from adserver.catalog.creative_commands import CopyRefused
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import BadRequest, Conflict
from tests.adserver.catalog.builders import COPY, a_campaign, a_creative


class TestACreative:
    async def test_goes_from_draft_through_review_to_approved(
        self, database: Database, clock: FrozenClock
    ) -> None:
        draft = await a_creative(database, clock, approved=False)

        async with database.writing() as tx:
            handed_in = await commands.submit_creative(
                tx, draft.creative_id, auto_approve_after_lint=False, clock=clock
            )
            approved = await commands.approve_creative(tx, draft.creative_id, clock=clock)

        assert draft.review_state is ReviewState.DRAFT
        assert handed_in.review_state is ReviewState.IN_REVIEW
        assert approved.review_state is ReviewState.APPROVED
        assert approved.copy == COPY

    async def test_is_approved_at_once_where_lint_is_silent_and_the_setting_allows(
        self, database: Database, clock: FrozenClock
    ) -> None:
        draft = await a_creative(database, clock, approved=False)

        async with database.writing() as tx:
            handed_in = await commands.submit_creative(
                tx, draft.creative_id, auto_approve_after_lint=True, clock=clock
            )

        assert handed_in.review_state is ReviewState.APPROVED

    async def test_with_a_claim_waits_for_a_person_whatever_the_setting(
        self, database: Database, clock: FrozenClock
    ) -> None:
        draft = await a_creative(database, clock, approved=False, title="The best shoe")

        async with database.writing() as tx:
            handed_in = await commands.submit_creative(
                tx, draft.creative_id, auto_approve_after_lint=True, clock=clock
            )

        assert handed_in.review_state is ReviewState.IN_REVIEW
        assert handed_in.review_reason == "title: superlative"

    async def test_that_lint_blocks_stays_a_draft(
        self, database: Database, clock: FrozenClock
    ) -> None:
        draft = await a_creative(database, clock, approved=False, body="Play at our casino")

        with pytest.raises(CopyRefused, match="gambling") as refused:
            async with database.writing() as tx:
                await commands.submit_creative(
                    tx, draft.creative_id, auto_approve_after_lint=True, clock=clock
                )

        assert refused.value.param == "body"
        async with database.reading() as session:
            still = await queries.creative(session, draft.creative_id)
        assert still is not None
        assert still.review_state is ReviewState.DRAFT

    @pytest.mark.parametrize(
        "change",
        [
            {"title": "x" * 61},
            {"body": "\x00"},
            {"cta": "\ud800"},
            {"category": "z" * 50},
            {"language": "x" * 9},
        ],
    )
    async def test_that_would_not_survive_its_row_is_refused_at_once(
        self, database: Database, clock: FrozenClock, change: dict
    ) -> None:
        with pytest.raises(CopyRefused):
            await a_creative(database, clock, approved=False, **change)

    async def test_cannot_be_approved_without_having_been_submitted(
        self, database: Database, clock: FrozenClock
    ) -> None:
        draft = await a_creative(database, clock, approved=False)

        with pytest.raises(Conflict):
            async with database.writing() as tx:
                await commands.approve_creative(tx, draft.creative_id, clock=clock)

    async def test_is_refused_with_a_reason(self, database: Database, clock: FrozenClock) -> None:
        creative = await a_creative(database, clock)

        async with database.writing() as tx:
            refused = await commands.reject_creative(
                tx, creative.creative_id, reason="The price differs.", clock=clock
            )
        assert refused.review_state is ReviewState.REJECTED
        assert refused.review_reason == "The price differs."
        with pytest.raises(BadRequest):
            async with database.writing() as tx:
                await commands.reject_creative(tx, creative.creative_id, reason=" ", clock=clock)

    async def test_edited_becomes_a_draft_whose_links_still_lead_to_the_approved_page(
        self, database: Database, clock: FrozenClock
    ) -> None:
        creative = await a_creative(database, clock)
        other = replace(COPY, landing_url="https://strideworks.example/other")

        async with database.writing() as tx:
            edited = await commands.edit_creative(tx, creative.creative_id, other)

        assert (edited.version, edited.review_state) == (2, ReviewState.DRAFT)
        async with database.reading() as session:
            landing = await queries.landing_of(session, creative.number)
        assert landing is not None
        assert landing.approved_url == COPY.landing_url

    async def test_numbers_are_unique_and_fit_a_token(
        self, database: Database, clock: FrozenClock
    ) -> None:
        campaign = await a_campaign(database, clock)

        made = [await a_creative(database, clock, campaign) for _ in range(3)]

        assert len({creative.number for creative in made}) == 3
        assert all(0 < creative.number < 2**48 for creative in made)
