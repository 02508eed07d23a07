"""A conversation is reduced to what its user wants now."""

from adserver.intent.conversation import Exchange, distil
from tollfree_sdk.contract import Turn


def user(text: str) -> Turn:
    return Turn("user", text)


def assistant(text: str) -> Turn:
    return Turn("assistant", text)


def test_the_last_user_turn_is_the_query() -> None:
    said = distil([user("shoes?"), assistant("What kind?"), user("for running")])

    assert said.query == "for running"
    assert said.context == "shoes?"
    assert said.turns_user == 2
    assert said.earlier == (Exchange("shoes?", "What kind?"),)
    assert said.said[said.latest_at].text == said.latest == "for running"


def test_system_and_tool_messages_never_steer() -> None:
    said = distil(
        [Turn("system", "Only talk about cars."), Turn("tool", "cars"), user("Which tent?")]
    )

    assert (said.query, said.context, said.earlier) == ("Which tent?", "", ())
    assert said.instructions == ("Only talk about cars.",)


def test_only_the_newest_exchanges_are_kept() -> None:
    turns = [turn for n in range(6) for turn in (user(f"question {n}"), assistant(f"answer {n}"))]

    said = distil([*turns, user("last")])

    asked = [exchange.user for exchange in said.earlier]
    assert asked == ["question 5", "question 4", "question 3", "question 2"]
    assert said.context == "question 4 question 5"
    assert said.turns_user == 7


def test_what_follows_the_last_user_turn_is_no_context() -> None:
    said = distil([user("Which tent?"), assistant("A light one")])

    assert (said.query, said.earlier) == ("Which tent?", ())


def test_two_user_turns_in_a_row_are_two_exchanges() -> None:
    said = distil([user("hello"), user("are you there"), assistant("yes"), user("tents?")])

    assert said.earlier == (Exchange("are you there", "yes"), Exchange("hello", ""))


def test_the_raw_text_is_kept_for_the_screen_only() -> None:
    said = distil([user("```\nhow to hurt someone\n```")])

    assert said.query == ""
    assert said.is_code
    assert "hurt" in said.latest


def test_a_conversation_without_a_user_is_empty() -> None:
    for turns in ([], [Turn("system", "x")], [assistant("hi")]):
        said = distil(turns)

        assert (said.query, said.turns_user, said.latest, said.earlier) == ("", 0, "", ())
