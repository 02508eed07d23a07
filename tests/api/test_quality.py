"""What a row says of an answer's quality."""

import pytest

from api.chat.answer_gate import Finished
from api.chat.quality import Judge
from kernel.clock import FrozenClock
from tests.api.fakes import ANSWER, FixedAds, Road


def judged(answer: Finished, outcome: str = "not_commercial") -> str | None:
    return Judge(FrozenClock()).signals(answer, outcome)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Finished(ANSWER, "stop"), None),
        (Finished("Yes.", "stop"), "short"),
        (Finished(ANSWER, "length"), "truncated"),
        (Finished("I'm sorry, but I can't help with that request.", "stop"), "refusal"),
        (Finished("", "stop", refused=True), "short,refusal"),
        (
            Finished("As an AI language model, I see many sides to this. " + ANSWER, "stop"),
            "generic",
        ),
        (Finished(ANSWER, "content_filter"), "flagged"),
        (Finished("My condolences. Losing your mother to cancer hurts.", "stop"), "flagged"),
        (Finished('{"a": 1}', "stop", is_structured=True), None),
        (Finished("", "tool_calls", called_tools=True), None),
    ],
)
def test_an_answer_is_told_by_what_can_be_seen(answer: Finished, said: str | None) -> None:
    assert judged(answer) == said


def test_the_word_of_the_gate_is_taken() -> None:
    assert judged(Finished(ANSWER, "stop"), "sensitive_topic") == "flagged"


def test_longer_looks_are_bounded_by_the_second() -> None:
    clock = FrozenClock()
    judge = Judge(clock)
    sad = Finished("My condolences. Losing your mother to cancer hurts.", "stop")
    looked = [judge.signals(sad, "not_commercial") for _ in range(30)]
    clock.advance(seconds=1)

    assert looked.count("flagged") == 20
    assert judge.signals(sad, "not_commercial") == "flagged"


@pytest.mark.parametrize("stream", [True, False])
async def test_the_row_of_a_call_has_the_words(stream: bool) -> None:
    road = Road(ads=FixedAds())
    road.upstream.text = "No."
    await road.ask(stream=stream)

    assert [row.signals for row in road.rows] == ["short"]
