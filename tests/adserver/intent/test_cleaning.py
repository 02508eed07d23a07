"""What a person said is kept; what they pasted, linked or quoted is not."""

import pytest

from adserver.intent.cleaning import is_code, prose, without_personal_data


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Which tent?\n```python\nprint('hi')\n```\nFor two.", "Which tent? For two."),
        ("unclosed ```js\nlet x = 1", "unclosed"),
        ("use `pip install x` please", "use please"),
        ("see https://shop.example/a?b=c and www.x.example now", "see and now"),
        ("key " + "QUJD" * 30 + " end", "key end"),
        ("> he wrote\n> shoes\nI want boots", "I want boots"),
        ("why?\n2026-11-22 10:00:01 ERROR boom\n  at foo.bar(Baz.java:3)\nthanks", "why? thanks"),
        ("<b>bold</b> shoes", "bold shoes"),
        ("  spaces\n\n and\tlines ", "spaces and lines"),
        ("", ""),
    ],
)
def test_only_prose_is_kept(written: str, kept: str) -> None:
    assert prose(written) == kept


@pytest.mark.parametrize(
    "secret",
    [
        "jo.smith+x@mail.example",
        "+49 170 1234567",
        "(555) 123-4567",
        "+4917012345678",
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
        "123-45-6789",
        "192.168.10.7",
    ],
)
def test_personal_data_is_taken_out(secret: str) -> None:
    kept = without_personal_data(f"write to {secret} about shoes")

    assert not any(part in kept for part in secret.split())
    assert kept.split() == ["write", "to", "about", "shoes"]


@pytest.mark.parametrize("text", ["shoes under $150", "size 42", "5 to 10 km", "the 2026 model"])
def test_everyday_numbers_stay(text: str) -> None:
    assert prose(text) == text


def test_a_long_paste_keeps_its_head_and_its_tail() -> None:
    text = "Compare these tents. " + "filler words here " * 400 + "Which is lighter?"

    kept = prose(text)

    assert kept.startswith("Compare these tents.")
    assert kept.endswith("Which is lighter?")
    assert len(kept.split()) < 160


def test_a_huge_paste_is_cleaned_in_reasonable_time() -> None:
    assert len(prose("a b@c " * 200_000).split()) < 160
    assert prose("=" * 300_000) == ""


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint(1)\n```",
        '{"a": [1, 2, 3]}',
        "def f(x):\n    return x + 1\nimport os",
        "const a = 1;\nlet b = 2;\nconsole.log(a);",
    ],
)
def test_pure_code_and_data_are_recognised(text: str) -> None:
    assert is_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Which tent is best?",
        "I need shoes.\nThey should be light.\nAnd wide.",
        "Fix this:\n```\nx\n```",
        "[sic] a note",
    ],
)
def test_questions_are_not_code(text: str) -> None:
    assert not is_code(text)
