"""Our ads never come back to the model: removal is the exact inverse of placing."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.sdk.ads import CLICK_URL, PUBLIC_URL, TOKEN, WHY_URL, a_decision, ads, answers
from tollfree_sdk.contract import Ad, Delivery
from tollfree_sdk.placement import Removed, place_answer, remove, well_formed


def cut(messages: list[Any], *, verifies: Any = well_formed) -> Removed:
    return remove(messages, public_url=PUBLIC_URL, verifies=verifies)


def with_ad(answer: str, ad: Ad | None = None) -> str:
    return place_answer(answer, a_decision(ad), delivery=Delivery.CONTENT).content


class TestResentAnswers:
    @given(st.lists(st.tuples(answers, ads(), st.booleans()), min_size=1, max_size=4))
    def test_come_back_to_the_byte_over_many_turns(self, turns: list[tuple[str, Ad, bool]]) -> None:
        organic: list[dict[str, Any]] = []
        resent: list[dict[str, Any]] = []
        for answer, ad, as_parts in turns:
            assume(CLICK_URL not in answer)
            sent = with_ad(answer, ad)
            for conversation, text in ((organic, answer), (resent, sent)):
                content = [{"type": "text", "text": text}] if as_parts else text
                conversation.append({"role": "user", "content": "And then?"})
                conversation.append({"role": "assistant", "content": content, "name": "x"})

        taken_out = cut(resent)

        assert taken_out.messages == organic
        assert taken_out.altered == 0
        carried = [message for message, old in zip(resent, organic, strict=True) if message != old]
        assert taken_out.removed == len(carried)

    @pytest.mark.parametrize("tail", ["", " ", "\n", "\n\n\n", "  \n", "\r\n"])
    def test_keep_their_trailing_white_space(self, tail: str) -> None:
        answer = "Try a light shoe." + tail

        assert cut([{"role": "assistant", "content": with_ad(answer)}]).messages == [
            {"role": "assistant", "content": answer}
        ]

    def test_that_a_client_trimmed_are_still_known(self) -> None:
        sent = with_ad("Try a light shoe.").strip()

        taken_out = cut([{"role": "assistant", "content": sent}])

        assert taken_out.messages[0]["content"] == "Try a light shoe."

    def test_with_two_ads_joined_by_a_client_lose_both(self) -> None:
        joined = with_ad("One.") + "\n" + with_ad("Two.")

        taken_out = cut([{"role": "assistant", "content": joined}])

        assert taken_out.messages[0]["content"] == "One.\nTwo."
        assert taken_out.removed == 2


class TestWhatIsLeftAlone:
    def test_messages_without_an_ad_are_the_same_objects(self) -> None:
        messages: list[Any] = [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Which shoes?"},
            {"role": "assistant", "content": "Light ones."},
            {"role": "assistant", "content": None, "tool_calls": []},
            {"role": "assistant", "content": [{"type": "text", "text": "Hm"}, {"type": "refusal"}]},
            {"role": "tool", "content": "{}"},
        ]

        taken_out = cut(messages)

        assert all(new is old for new, old in zip(taken_out.messages, messages, strict=True))
        assert (taken_out.removed, taken_out.altered) == (0, 0)

    @pytest.mark.parametrize("role", ["user", "system", "developer", "tool"])
    def test_an_ad_that_somebody_else_quotes_stays(self, role: str) -> None:
        message = {"role": role, "content": with_ad("What is this?")}

        assert cut([message]).messages[0] is message

    def test_a_frame_whose_token_does_not_verify_stays_and_is_not_ours(self) -> None:
        message = {"role": "assistant", "content": with_ad("Prose.")}

        taken_out = cut([message], verifies=lambda token: False)

        assert taken_out.messages[0] is message
        assert (taken_out.removed, taken_out.altered) == (0, 0)

    def test_a_frame_under_another_address_stays(self) -> None:
        message = {"role": "assistant", "content": with_ad("Prose.")}

        taken_out = remove([message], public_url="https://other.example", verifies=well_formed)

        assert taken_out.messages[0] is message

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("\n\n---\n", "\n\n***\n"),
            ("Sponsored", "Tip"),
            ("**", ""),
            (" · [Why this ad?]", ""),
            (WHY_URL, "https://elsewhere.example/"),
            ("\n[See", " [See"),
        ],
    )
    def test_an_edited_ad_stays_and_is_counted(self, old: str, new: str) -> None:
        sent = with_ad("Prose.").replace(old, new)

        taken_out = cut([{"role": "assistant", "content": sent}])

        assert taken_out.messages == [{"role": "assistant", "content": sent}]
        assert (taken_out.removed, taken_out.altered) == (0, 1)

    def test_garbage_is_passed_on(self) -> None:
        messages: list[Any] = ["text", None, {"role": "assistant"}, {"role": "assistant", "content": 7}, {"role": ["assistant"]}]  # fmt: skip

        assert cut(messages).messages == messages


def test_the_callers_messages_are_never_changed() -> None:
    sent = with_ad("Prose.")
    message = {"role": "assistant", "content": sent, "refusal": None}

    taken_out = cut([message])

    assert message["content"] == sent
    assert taken_out.messages[0] == {"role": "assistant", "content": "Prose.", "refusal": None}


def test_a_trailing_slash_of_the_public_url_does_not_matter() -> None:
    message = {"role": "assistant", "content": with_ad("Prose.")}

    assert remove([message], public_url=PUBLIC_URL + "/", verifies=well_formed).removed == 1


def test_a_token_is_well_formed_by_its_shape() -> None:
    assert well_formed(TOKEN)
    assert not well_formed(TOKEN[:-1])
    assert not well_formed(TOKEN[:-1] + "!")
    assert not well_formed(TOKEN + "\n")
