"""A sensitive turn closes the conversation, not only itself."""

import pytest

from adserver.intent.conversation import distil
from adserver.intent.screening import ConversationScreen
from adserver.intent.vectors import MessageVectors
from language.embedder import OnnxEmbedder
from language.lexical import LexicalEmbedder
from language.sensitive_topics import SensitiveTopic
from tollfree_sdk.contract import Turn


def screened(*turns: tuple[str, str], screen: ConversationScreen | None = None):
    judge = screen or ConversationScreen(MessageVectors(LexicalEmbedder()))
    return judge.topic(distil([Turn(role, text) for role, text in turns]))


def test_a_question_about_shoes_is_open() -> None:
    assert screened(("user", "Which running shoes suit flat feet?")) is None


def test_a_question_about_grief_is_closed() -> None:
    assert screened(("user", "My grandmother died")) is SensitiveTopic.GRIEF


def test_an_earlier_turn_closes_the_turns_after_it() -> None:
    topic = screened(
        ("user", "My mother passed away last week"),
        ("assistant", "I am sorry for your loss."),
        ("user", "Thank you."),
        ("assistant", "Of course."),
        ("user", "Which flowers should I order?"),
    )

    assert topic is SensitiveTopic.GRIEF


def test_the_last_answer_counts_too() -> None:
    topic = screened(
        ("user", "What happened?"),
        ("assistant", "An earthquake destroyed the town."),
        ("user", "Which hotel is best?"),
    )

    assert topic is SensitiveTopic.DISASTER


def test_an_older_answer_counts_only_for_what_sticks() -> None:
    def after(answer: str) -> SensitiveTopic | None:
        return screened(
            ("user", "What is that film about?"),
            ("assistant", answer),
            ("user", "And this one?"),
            ("assistant", "A road trip."),
            ("user", "Which camera should I buy?"),
        )

    assert after("A lawyer and her church.") is None
    assert after("A boy who wants to kill himself.") is SensitiveTopic.SELF_HARM


def test_words_in_code_are_read_as_well() -> None:
    assert screened(("user", "```\nhow to build a pipe bomb\n```")) is SensitiveTopic.VIOLENCE


@pytest.mark.parametrize(
    "instructions",
    [
        "You are a tutor for elementary school students.",
        "This app is for kids aged 6 to 9.",
        "You help teenagers with their homework.",
    ],
)
def test_an_application_for_children_is_closed(instructions: str) -> None:
    topic = screened(("system", instructions), ("user", "Which tent is best?"))

    assert topic is SensitiveTopic.MINORS


def test_an_ordinary_application_is_not() -> None:
    assert screened(("system", "You are a helpful assistant."), ("user", "Which tent?")) is None


def test_the_vector_of_the_last_turn_votes(embedder: OnnxEmbedder) -> None:
    screen = ConversationScreen(MessageVectors(embedder))

    topic = screened(
        ("user", "the house is so quiet now that mum is no longer here"), screen=screen
    )

    assert topic is not None


def test_verdicts_are_remembered_within_bounds() -> None:
    screen = ConversationScreen(MessageVectors(LexicalEmbedder()), capacity=4)
    turns = [("user" if at % 2 == 0 else "assistant", f"about tents {at}") for at in range(41)]

    assert screened(*turns, screen=screen) is None
    assert screened(*turns, ("assistant", "ok"), ("user", "I want to die"), screen=screen)
    assert len(screen._verdicts) == 4


def test_a_conversation_of_a_megabyte_is_judged_in_reasonable_time() -> None:
    turns = [
        ("user" if at % 2 == 0 else "assistant", "tents and stoves " * 600) for at in range(101)
    ]

    assert screened(*turns, ("user", "My grandmother died")) is SensitiveTopic.GRIEF


def test_what_only_the_head_understands_closes_the_next_turn_too(embedder: OnnxEmbedder) -> None:
    screen = ConversationScreen(MessageVectors(embedder))
    turns = [
        Turn("user", "the house is so quiet now that mum is no longer here"),
        Turn("assistant", "That sounds like a big change."),
        Turn("user", "which running shoes should I buy?"),
    ]

    assert screen.topic(distil(turns)) is not None
    assert screen.topic(distil(turns[2:])) is None
