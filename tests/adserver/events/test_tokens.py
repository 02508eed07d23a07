"""Click tokens: ours, or nothing."""

import random
import string

import pytest

from adserver.events.tokens import ClickToken, ClickTokens
from kernel.ids import new_id
from kernel.signing import SigningKeys
from tests.adserver.events.mutations import mutations

OLD, NEW = b"o" * 32, b"n" * 32
TOKENS = ClickTokens(SigningKeys({1: OLD}))
LETTERS = string.ascii_letters + string.digits + "-_"


def test_a_token_has_44_url_safe_characters_and_reads_back() -> None:
    decision_id = new_id("dec")

    token = TOKENS.mint(decision_id, 2**48 - 1)

    assert len(token) == 44
    assert set(token) <= set(LETTERS)
    assert TOKENS.read(token) == ClickToken(decision_id, 2**48 - 1, key_id=1)
    assert TOKENS.verifies(token)


def test_the_same_ad_has_the_same_token() -> None:
    decision_id = new_id("dec")

    assert TOKENS.mint(decision_id, 7) == TOKENS.mint(decision_id, 7)
    assert TOKENS.mint(decision_id, 7) != TOKENS.mint(decision_id, 8)


def test_no_other_letter_at_any_place_is_accepted() -> None:
    token = TOKENS.mint(new_id("dec"), 7)

    for place, letter in enumerate(token):
        for other in LETTERS:
            if other != letter:
                assert TOKENS.read(token[:place] + other + token[place + 1 :]) is None


def test_random_tokens_are_refused() -> None:
    draw = random.Random(7)

    assert not any(TOKENS.verifies("".join(draw.choices(LETTERS, k=44))) for _ in range(20_000))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "x" * 43,
        "x" * 45,
        "=" * 44,
        "ü" * 44,
        " " * 44,
        "\x00" * 44,
        "x" * 44 + "\n",
        "x" * 10_000,
    ],
)
def test_what_has_not_the_shape_is_refused_without_an_error(token: str) -> None:
    assert TOKENS.read(token) is None


def test_parts_of_two_tokens_do_not_make_a_third() -> None:
    one, two = TOKENS.mint(new_id("dec"), 7), TOKENS.mint(new_id("dec"), 8)

    for place in range(1, 44):
        assert TOKENS.read(one[:place] + two[place:]) is None or one[:place] + two[place:] in (
            one,
            two,
        )


def test_a_key_that_was_replaced_still_verifies_until_it_is_taken_away() -> None:
    token = TOKENS.mint(new_id("dec"), 7)
    rotated = ClickTokens(SigningKeys({1: OLD, 2: NEW}, current=2))
    retired = ClickTokens(SigningKeys({2: NEW}, current=2))

    assert rotated.verifies(token)
    assert rotated.read(rotated.mint(new_id("dec"), 7)).key_id == 2
    assert not retired.verifies(token)


def test_a_tag_made_for_another_purpose_is_no_click() -> None:
    keys = SigningKeys({1: OLD})
    decision = bytes(16) + (7).to_bytes(6, "big")

    assert keys.tag("click", decision, size=10) != keys.tag("beacon", decision, size=10)


def test_no_mutation_of_a_genuine_token_is_read_as_another() -> None:
    draw, count = random.Random(11), 10_000
    genuine = [TOKENS.mint(new_id("dec"), draw.randrange(2**20)) for _ in range(50)]

    read = [TOKENS.read(mutation) for mutation in mutations(genuine, draw, count)]

    assert len(read) == count
    assert set(read) == {None}
