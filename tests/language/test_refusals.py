"""An answer that declines is told from one that answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language import refusals
from language.refusals import has_telltale, is_refusal


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I can’t assist with that request.",
        "I cannot provide instructions for this.",
        "Sorry, I am unable to do that.",
        "I won't write that.",
        "As an AI language model, I cannot give legal advice.",
        "I'm not able to help with this.",
        "I must decline.",
        "That goes against my guidelines.",
        "I am really sorry, I'm not comfortable discussing this topic.",
        "I don't feel comfortable answering that.",
    ],
)
def test_a_refusal_is_recognised(answer: str) -> None:
    assert is_refusal(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "For flat feet, look for a firm inner side and a wide toe box.",
        "I can help with that! Here are three options.",
        "You can't go wrong with a steel frame.",
        "I'm sorry to hear that your shoes broke. Here is what to look for.",
        "If your laptop cannot start, hold the power button.",
        "Sure. " * 80 + "I'm sorry, but I can't say more about the price.",
        "",
    ],
)
def test_an_answer_is_not_taken_for_a_refusal(answer: str) -> None:
    assert not is_refusal(answer)


@given(st.from_regex(refusals._REFUSAL, fullmatch=True, alphabet=st.characters(codec="ascii")))
def test_whatever_declines_has_a_telltale(refusal: str) -> None:
    assert has_telltale(refusal.lower())
