"""A decision again, from nothing but what was recorded."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adserver.catalog.campaign import BidType
from adserver.decision.decide import Verdict, turned_away
from adserver.decision.explain import replay, why_matched
from adserver.decision.outcome import settle
from adserver.decision.trace import trace_of
from adserver.decision.vocabulary import Candidate, Filter
from kernel.money import Micros
from tollfree_sdk.contract import NoFill

shares = st.floats(min_value=0, max_value=1)


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    return [
        Candidate(
            number=number,
            creative_id=f"crt_{number}",
            creative_version=1,
            campaign_id=f"cmp_{draw(st.integers(0, 3))}",
            advertiser_id=f"adv_{draw(st.integers(0, 3))}",
            similarity=draw(st.floats(min_value=-1, max_value=1)),
            relevance=draw(shares),
            quality=draw(st.floats(min_value=0.5, max_value=1.5)),
            click_rate=draw(st.floats(min_value=1e-4, max_value=0.2)),
            drawn=draw(st.floats(min_value=1e-5, max_value=0.3)),
            certainty=draw(st.floats(min_value=0.1, max_value=100)),
            conversion_rate=draw(shares),
            bid_type=draw(st.sampled_from(BidType)),
            reserve=Micros(draw(st.integers(0, 10**7))),
            bid=Micros(draw(st.integers(0, 10**8))),
            pace=draw(st.floats(min_value=0.01, max_value=1)),
            room=Micros(draw(st.integers(-(10**6), 2**62))),
            filter=draw(st.none() | st.sampled_from(Filter)),
        )
        for number in range(draw(st.integers(0, 8)))
    ]


@given(candidates(), st.integers(0, 10**7), st.integers(0, 2**63 - 1), shares)
def test_every_verdict_replays_from_its_json(
    stood: list[Candidate], reserve: int, seed: int, floor: float
) -> None:
    outcome = settle(stood, seed=seed, relevance_floor=floor)
    verdict = Verdict(
        outcome, seed, reserve=Micros(reserve), relevance_floor=floor, candidates=tuple(stood)
    )

    stored = json.loads(json.dumps(trace_of(verdict)))

    again = replay(stored)
    assert (again.winner, again.price, again.reason) == (
        outcome.winner,
        outcome.price,
        outcome.reason,
    )
    assert (outcome.winner is None) == (outcome.reason is not None)


@pytest.mark.parametrize("reason", list(NoFill))
def test_a_turn_that_was_turned_away_replays_to_its_reason(reason: NoFill) -> None:
    stored = json.loads(json.dumps(trace_of(turned_away(reason, seed=1))))

    assert replay(stored).reason is reason


def test_a_trace_of_another_release_is_refused() -> None:
    stored = trace_of(turned_away(NoFill.ERROR, seed=1)) | {"v": 99}

    with pytest.raises(ValueError, match="version 99"):
        replay(stored)


def test_the_words_for_readers_name_the_subject_and_no_money() -> None:
    words = why_matched(subject="Running and sports shoes", relevance=0.9, test=False)

    assert words == (
        "The subject of the question, running and sports shoes, fits this ad very closely."
    )
