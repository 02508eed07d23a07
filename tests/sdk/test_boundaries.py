"""Where a mention may stand, and where never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.ads import answers
from tollfree_sdk.placement.boundaries import boundaries, is_safety_advice, starts_block


def places(answer: str) -> list[str]:
    """The text that would follow the mention, for each allowed place."""
    return [answer[found.position :][:13] for found in boundaries(answer, least_words=0)]


class TestAMentionMayStand:
    @pytest.mark.parametrize(
        ("answer", "before"),
        [
            ("One.\n\nTwo.", ["Two."]),
            ("One.\r\n\r\nTwo.", ["Two."]),
            ("One.\n \t\nTwo.", ["Two."]),
            ("One.\n\nTwo.\n\nThree.", ["Two.\n\nThree.", "Three."]),
            ("One.\n\n## Next\n\nTwo.", ["## Next\n\nTwo."]),
            ("One.\n\n### 2. Next\n\nTwo.", ["### 2. Next\n\n"]),
            ("One.\n\n- a\n- b\n\nTwo.", ["Two."]),
            ("One.\n\n**Bold** start.", ["**Bold** star"]),
            ("One.\n\n2024 was dry.", ["2024 was dry."]),
            ("One.\n\n漢字かな交じり文が続く。", ["漢字かな交じり文が続く。"]),
            ("One.\n\n```\ncode\n\nmore\n```\n\nTwo.\n\nThree.", ["Three."]),
        ],
    )
    def test_between_two_paragraphs(self, answer: str, before: list[str]) -> None:
        assert places(answer) == before


class TestAMentionNeverStands:
    @pytest.mark.parametrize(
        "answer",
        [
            "",
            "One paragraph only.",
            "One line.\nAnother line.",
            "# Title\n\nFirst paragraph.",
            "One.\n\n- a\n\n- b",
            "One.\n\n1. a\n2. b",
            "One.\n\n> quoted\n\n> more",
            "One.\n\n| a | b |\n|---|---|\n| 1 | 2 |",
            "One:\n\nTwo.",
            "- a\n\n  continued\n\n- b",
            "One.\n\n```\na\n\nb\n```",
            "One.\n\n    indented\n\n    code",
            "One.\n\n$$\nx\n\ny\n$$",
            "One.\n\n<div>\n\nTwo.\n\n</div>",
            "One.\n\n![image](https://example.org/a.png)",
            "One.\n\n---\n\n[1]: https://example.org",
        ],
    )
    def test_in_or_before_anything_else(self, answer: str) -> None:
        assert places(answer) == []

    @pytest.mark.parametrize(
        "advice",
        [
            "Warning: the lamp gets hot.",
            "**Caution:** keep away from children.",
            "Never mix bleach and ammonia, the gas is toxic.",
            "Talk to your doctor first.",
        ],
    )
    def test_beside_safety_advice(self, advice: str) -> None:
        assert is_safety_advice(advice)
        assert places(f"One.\n\n{advice}") == []
        assert places(f"{advice}\n\nTwo.") == []


class TestAShortAnswer:
    def test_has_no_place_before_a_reader_has_had_enough_of_it(self) -> None:
        short = "Seven words that say little of shoes. " * 15

        assert list(boundaries(f"{short}\n\nTwo.")) == []
        assert len(list(boundaries(f"{short}Five words more make it.\n\nTwo."))) == 1

    def test_is_measured_by_its_letters_where_words_are_not_parted(self) -> None:
        said = "跑鞋的重量各不相同，要先试穿再决定。"

        assert list(boundaries(f"{said * 12}\n\n再看。")) == []
        assert len(list(boundaries(f"{said * 16}\n\n再看看这双鞋。"))) == 1


class TestTheStartOfALine:
    @pytest.mark.parametrize(
        ("line", "starts"),
        [
            ("Text goes", True),
            ("Te", None),
            ("", None),
            ("#", None),
            ("## ", None),
            ("## Head ", True),
            ("## 2. Head", True),
            ("#hashtag", False),
            ("12", None),
            ("12. item", False),
            ("12) item", False),
            ("12 items", True),
            ("* item", False),
            ("*it* is", True),
            ("- item", False),
            ("> quote", False),
            ("| cell", False),
            ("```", False),
            ("    code", False),
            ("Warning:", False),
            ("x" * 24, None),
            ("x" * 25, True),
            ("\n", False),
        ],
    )
    def test_decides_what_the_line_is(self, line: str, starts: bool | None) -> None:
        assert starts_block(line) is starts

    @given(
        st.one_of(
            answers,
            st.text(st.sampled_from("#*_-1a.) \"'漢\n>"), max_size=40),
        )
    )
    def test_is_never_taken_back(self, text: str) -> None:
        verdicts = [starts_block(text[:end]) for end in range(len(text) + 1)]
        decided = [verdict for verdict in verdicts if verdict is not None]

        assert len(set(decided)) <= 1
        assert verdicts == [None] * (len(verdicts) - len(decided)) + decided
        assert len(verdicts) - len(decided) <= 40
