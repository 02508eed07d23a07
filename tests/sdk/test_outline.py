"""No ad inside code, mathematics, hidden markup or a document for a program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.sdk.ads import answers
from tollfree_sdk.placement.outline import can_carry_a_unit


@pytest.mark.parametrize(
    "answer",
    [
        "Try these shoes.",
        "Try these shoes.\n\n",
        "- one\n- two",
        "> quoted",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "Text\n\n```python\nprint(1)\n```",
        "Text\n\n```python\nprint(1)\n```\n\nMore.",
        "Text\n\n````\n```\n````\n",
        "1. Do this:\n   ```sh\n   ls\n   ```\n2. Then that.",
        "Text:\n- ```\n  a\n  ```",
        "> ```\n> a\n> ```\nAfter.",
        "A ```inline``` bit.",
        "It costs $$ and more.",
        "$$\nx = 1\n$$\nSo x is 1.",
        "See <details><summary>More</summary>Text</details>",
        "Line<br>break",
        "a < b and b > c",
        "{not json}",
        "[1] is a citation. See [2]",
        "<b>Bold</b> start and a plain end.",
    ],
)
def test_prose_carries_a_unit(answer: str) -> None:
    assert can_carry_a_unit(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " \n\t",
        "```python\nprint(1)\n```",
        "```python\nprint(1)",
        "Text\n```python\nprint(1)",
        "Text\n\n~~~\ncode",
        "Text\n\n````\n```\n",
        "Text\n\n```\n``` not a close",
        "Text\n\n```\ncode\n     ```",
        "- ```\n  code\n```",
        "- ```\n  code\ntext\n  ```",
        "> ```\n> code\ntext\n> ```",
        "text\n2. ```\n   ```\nrest",
        "<div>\n```\n\n```\n",
        "Text\n\n$$\nx = 1",
        "Text\n\n<details>\n<summary>More</summary>\n\nhidden",
        "<think>I should",
        "Text <!-- a comment that never ends",
        "<!-- \n```\n-->\n```",
        "<pre>\nText\n\nmore",
        '{"a": 1}',
        "[1, 2]",
        "\n {} ",
        "<!DOCTYPE html><html></html>",
        "<svg><path/></svg>",
        "- ```\n  a\n  ```",
    ],
)
def test_what_is_not_prose_or_not_finished_carries_none(answer: str) -> None:
    assert not can_carry_a_unit(answer)


_LINES = st.sampled_from(
    ["```", "```py", "   ```", "  ```", "    ```", "- ```", "1. ```", "2. a", "> ```", ">", "text", "", "  text", "~~~",
     "````", "- item", "   more", "<div>", "</div>", "<!--", "-->", "<pre>", "</pre>", "``` x", "> - ```", ">   ```"]
)  # fmt: skip


@given(st.lists(_LINES, max_size=9).map("\n".join))
def test_a_unit_after_a_carrying_answer_is_a_paragraph_of_its_own(answer: str) -> None:
    _assert_stands_alone(answer)


@given(answers)
def test_so_it_is_after_any_answer(answer: str) -> None:
    _assert_stands_alone(answer)


def _assert_stands_alone(answer: str) -> None:
    if not can_carry_a_unit(answer):
        return
    tokens = MarkdownIt("commonmark").parse(answer + "\n\n---\n**Sponsored · X** — Y.\n[Z](/z)")
    kinds = [(token.type, token.level) for token in tokens[-4:]]
    assert kinds == [("hr", 0), ("paragraph_open", 0), ("inline", 1), ("paragraph_close", 0)]
