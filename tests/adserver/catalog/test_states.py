"""The two state machines, exhaustively."""

import itertools

import pytest

from adserver.catalog.campaign import CampaignAct, CampaignStatus, next_status
from adserver.catalog.creative import ReviewAct, ReviewState, next_review_state
from kernel.errors import Conflict

REVIEW = {
    ("draft", "submit"): "in_review",
    ("draft", "edit"): "draft",
    ("in_review", "approve"): "approved",
    ("in_review", "reject"): "rejected",
    ("in_review", "edit"): "draft",
    ("approved", "reject"): "rejected",
    ("approved", "edit"): "draft",
    ("rejected", "edit"): "draft",
}
CAMPAIGN = {
    ("draft", "start"): "live",
    ("live", "start"): "live",
    ("live", "pause"): "paused",
    ("live", "resume"): "live",
    ("paused", "pause"): "paused",
    ("paused", "resume"): "live",
    ("draft", "end"): "ended",
    ("live", "end"): "ended",
    ("paused", "end"): "ended",
    ("ended", "end"): "ended",
}


@pytest.mark.parametrize(("state", "act"), list(itertools.product(ReviewState, ReviewAct)))
def test_a_creative_takes_only_the_steps_of_its_review(state: ReviewState, act: ReviewAct) -> None:
    if (state.value, act.value) in REVIEW:
        assert next_review_state(state, act) == REVIEW[state.value, act.value]
        return
    with pytest.raises(Conflict, match=state.value.replace("_", " ")):
        next_review_state(state, act)


def test_nothing_but_a_reviewers_yes_leads_to_approved() -> None:
    ways = [way for way, goal in REVIEW.items() if goal == "approved"]

    assert ways == [("in_review", "approve")]


@pytest.mark.parametrize(("status", "act"), list(itertools.product(CampaignStatus, CampaignAct)))
def test_a_campaign_takes_only_the_steps_that_make_sense(
    status: CampaignStatus, act: CampaignAct
) -> None:
    if (status.value, act.value) in CAMPAIGN:
        assert next_status(status, act) == CAMPAIGN[status.value, act.value]
        return
    with pytest.raises(Conflict, match=status.value):
        next_status(status, act)
