"""A creative: the copy of one ad, and the review that it goes through.

    draft ──submit──► in_review ──approve──► approved
      ▲                   │                     │
      │                   └──reject──► rejected ◄──reject (withdrawn)
      └──────edit (a new version) from in_review, approved and rejected

Only approved creatives are served. Pure.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kernel.errors import Conflict

LONGEST_TITLE: Final = 60
LONGEST_BODY: Final = 160
LONGEST_CTA: Final = 24


class ReviewState(StrEnum):
    """Where a creative stands in its review."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REJECTED = "rejected"


class ReviewAct(StrEnum):
    """What may happen to it."""

    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    EDIT = "edit"


_NEXT: Final = {
    (ReviewState.DRAFT, ReviewAct.SUBMIT): ReviewState.IN_REVIEW,
    (ReviewState.DRAFT, ReviewAct.EDIT): ReviewState.DRAFT,
    (ReviewState.IN_REVIEW, ReviewAct.APPROVE): ReviewState.APPROVED,
    (ReviewState.IN_REVIEW, ReviewAct.REJECT): ReviewState.REJECTED,
    (ReviewState.IN_REVIEW, ReviewAct.EDIT): ReviewState.DRAFT,
    (ReviewState.APPROVED, ReviewAct.REJECT): ReviewState.REJECTED,
    (ReviewState.APPROVED, ReviewAct.EDIT): ReviewState.DRAFT,
    (ReviewState.REJECTED, ReviewAct.EDIT): ReviewState.DRAFT,
}


@dataclass(frozen=True, slots=True)
class CreativeCopy:
    """What an advertiser writes: everything the reader or the matching will see of it.

    `facts` are the claims that a mention may use; `example_prompts` are questions to which this
    ad would be a fitting neighbour.
    """

    title: str
    body: str
    cta: str
    landing_url: str
    category: str
    example_prompts: tuple[str, ...]
    facts: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Creative:
    """A creative as its owner sees it. `number` names it in click tokens, `version` counts edits."""

    creative_id: str
    number: int
    campaign_id: str
    version: int
    copy: CreativeCopy
    display_domain: str
    review_state: ReviewState
    review_reason: str | None
    is_house: bool


def next_review_state(state: ReviewState, act: ReviewAct) -> ReviewState:
    """The state after `act`. Raises Conflict for what the drawing above does not have."""
    try:
        return _NEXT[state, act]
    except KeyError:
        raise Conflict(
            f"A creative that is {state.replace('_', ' ')} cannot take the step {act.value!r}."
        ) from None
