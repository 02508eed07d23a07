"""The mention: one labelled sentence from approved facts, between two paragraphs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.sdk.ads import (
    CLICK_URL,
    PREFACE,
    PUBLIC_URL,
    a_decision,
    ads,
    an_ad,
    answers,
    splits,
)
from tollfree_sdk.contract import Ad, AdDecision, Advertiser, Delivery, Format, NoFill
from tollfree_sdk.placement import StreamPlacer, place_answer, remove, well_formed
from tollfree_sdk.placement.mention import mentions

ANSWER = (
    f"{PREFACE}\n\n"
    "A trail shoe grips wet rock.\n\n"
    "A road shoe is light: look at its weight in grams.\n\n"
    "Walk in both before you choose."
)
FACTS = ("Weighs 240 g", "8 mm of drop", "The best shoe ever", "We love it", "Buy 3 now")

paragraphs = st.one_of(
    answers, st.sampled_from(["A plain paragraph.", "Another one, with shoes.", "## Heading"])
)
prose = st.tuples(st.sampled_from([(), (PREFACE,)]), st.lists(paragraphs, max_size=6)).map(
    lambda parts: "\n\n".join((*parts[0], *parts[1]))
)


def a_mention(**given: Any) -> Ad:
    values = {"format": Format.MENTION, "title": "Trail shoe Scree: 240 g", "facts": FACTS}
    return an_ad(**{**values, **given})


def fitting_ads() -> st.SearchStrategy[Ad]:
    return st.one_of(ads((Format.MENTION,)), st.just(a_mention()))


def stream(
    answer: str, decision: AdDecision, *, known_at: int, pieces: list[str], **given: Any
) -> tuple[str, Any]:
    """Feed `pieces`, cut once more at `known_at`, where the decision comes."""
    placer = StreamPlacer(delivery=Delivery.CONTENT, **given)
    delivered, position = "", 0
    for piece in pieces:
        if position <= known_at <= position + len(piece):
            delivered += placer.feed(piece[: known_at - position])
            placer.know(decision)
            delivered += placer.feed(piece[known_at - position :])
        else:
            delivered += placer.feed(piece)
        position += len(piece)
    end = placer.finish(decision)
    assert placer.organic == answer
    return delivered + end.tail, end.field


class TestAWholeAnswer:
    def test_carries_its_mention_like_this(self) -> None:
        placed = place_answer(ANSWER, a_decision(a_mention()), delivery=Delivery.CONTENT)

        shown = placed.field.ads[0]
        (span,) = shown.spans
        assert placed.content[span.start : span.end] == (
            f"**Sponsored · Strideworks:** [Trail shoe Scree: Weighs 240 g.]({CLICK_URL})\n\n"
        )
        assert placed.content[: span.start] + placed.content[span.end :] == ANSWER
        assert shown.ad.format is Format.MENTION
        assert shown.text == f"Sponsored · Strideworks: Trail shoe Scree: Weighs 240 g. {CLICK_URL}"

    def test_places_it_where_an_embedder_says(self) -> None:
        def similarity(one: str, other: str) -> float:
            return 1.0 if "drop" in one and "Walk" in other else 0.0

        placed = place_answer(
            ANSWER, a_decision(a_mention()), delivery=Delivery.CONTENT, similarity=similarity
        )

        (span,) = placed.field.ads[0].spans
        assert placed.content[span.end :].startswith("Walk in both")
        assert "8 mm of drop" in placed.content

    @pytest.mark.parametrize(
        ("answer", "ad"),
        [
            ("One paragraph only.", a_mention()),
            (f"{PREFACE}\n\n- a\n- b", a_mention()),
            ("One.\n\nTwo.\n\nThree.", a_mention()),
            (ANSWER, a_mention(facts=())),
            (ANSWER, a_mention(facts=FACTS[2:])),
            (ANSWER, a_mention(title="", facts=(" ".join(["word"] * 30),))),
        ],
    )
    def test_falls_back_to_the_unit(self, answer: str, ad: Ad) -> None:
        placed = place_answer(answer, a_decision(ad), delivery=Delivery.CONTENT)

        assert placed.content.startswith(answer + "\n\n---\n**Sponsored · Strideworks**")
        assert placed.field.ads[0].ad.format is Format.UNIT

    @pytest.mark.parametrize("delivery", list(Delivery))
    def test_carries_none_when_blocked(self, delivery: Delivery) -> None:
        placed = place_answer(
            ANSWER, a_decision(a_mention()), delivery=delivery, blocked=NoFill.SENSITIVE_TOPIC
        )

        assert placed.content == ANSWER
        assert placed.field.no_fill_reason is NoFill.SENSITIVE_TOPIC

    def test_of_which_only_the_field_may_carry_ads_stays_as_it_is(self) -> None:
        placed = place_answer(ANSWER, a_decision(a_mention()), delivery=Delivery.FIELD)

        assert placed.content == ANSWER
        assert placed.field.ads[0].spans == ()

    @given(prose, fitting_ads())
    def test_is_the_models_own_without_the_span(self, answer: str, ad: Ad) -> None:
        placed = place_answer(answer, a_decision(ad), delivery=Delivery.CONTENT)

        _assert_organic(placed.content, placed.field, answer)

    @given(prose, fitting_ads())
    def test_comes_back_to_the_byte(self, answer: str, ad: Ad) -> None:
        if CLICK_URL in answer:
            return
        placed = place_answer(answer, a_decision(ad), delivery=Delivery.CONTENT)

        sent = [{"role": "assistant", "content": placed.content}]
        taken_out = remove(sent, public_url=PUBLIC_URL, verifies=well_formed)

        assert taken_out.messages == [{"role": "assistant", "content": answer}]

    @given(prose)
    def test_renders_as_before_but_for_one_paragraph(self, answer: str) -> None:
        placed = place_answer(answer, a_decision(a_mention()), delivery=Delivery.CONTENT)
        if not placed.field.ads or placed.field.ads[0].ad.format is not Format.MENTION:
            return

        before, after = _blocks(answer), _blocks(placed.content)

        inserted = [
            start
            for start in range(len(after) - 2)
            if after[:start] + after[start + 3 :] == before and after[start][1] == 0
        ]
        assert inserted, (before, after)


class TestAStream:
    @given(st.data(), prose, fitting_ads())
    def test_gives_the_same_bytes_whatever_the_chunking(
        self, data: st.DataObject, answer: str, ad: Ad
    ) -> None:
        known_at = data.draw(st.integers(0, len(answer)))

        once = stream(answer, a_decision(ad), known_at=known_at, pieces=[answer])
        often = stream(answer, a_decision(ad), known_at=known_at, pieces=data.draw(splits(answer)))
        letters = stream(answer, a_decision(ad), known_at=known_at, pieces=list(answer) or [""])

        assert once == often == letters
        _assert_organic(*once, answer)

    def test_places_the_mention_at_the_first_place_after_the_decision(self) -> None:
        found = {}
        for known_at in range(len(ANSWER) + 1):
            content, field = stream(
                ANSWER, a_decision(a_mention()), known_at=known_at, pieces=[ANSWER]
            )
            (span,) = field.ads[0].spans
            assert span.start >= known_at
            found[content[span.end :][:6]] = field.ads[0].ad.format

        assert found == {
            "A trai": Format.MENTION,
            "A road": Format.MENTION,
            "Walk i": Format.MENTION,
            "": Format.UNIT,
        }

    def test_holds_back_a_few_letters_only(self) -> None:
        placer = StreamPlacer(delivery=Delivery.CONTENT)
        placer.know(a_decision(a_mention()))

        delivered = [placer.feed(piece) for piece in (f"{PREFACE}\n", "\n", "Tw", "o ", "rest")]

        assert delivered[:3] == [f"{PREFACE}\n", "\n", ""]
        assert delivered[3].startswith("**Sponsored · Strideworks:** [")
        assert delivered[3].endswith(")\n\nTwo ")
        assert delivered[4] == "rest"

    def test_gives_what_it_held_when_the_answer_ends(self) -> None:
        placer = StreamPlacer(delivery=Delivery.CONTENT)
        placer.know(a_decision(a_mention()))
        assert placer.feed(f"{PREFACE}\n\nTw") == f"{PREFACE}\n\n"

        end = placer.finish(a_decision(a_mention()))

        assert end.tail.startswith("Tw\n\n---\n**Sponsored")
        assert end.field.ads[0].spans[0].start == len(f"{PREFACE}\n\nTw")

    def test_asks_the_gate_before_it_places(self) -> None:
        asked = []

        def gate(organic: str) -> NoFill | None:
            asked.append(organic)
            return NoFill.SENSITIVE_TOPIC

        content, field = stream(
            ANSWER, a_decision(a_mention()), known_at=0, pieces=[ANSWER], gate=gate
        )

        assert asked == [f"{PREFACE}\n\n"]
        assert content.startswith(ANSWER)
        assert field.ads[0].ad.format is Format.UNIT

    def test_keeps_a_delivered_mention_in_the_field_when_blocked_later(self) -> None:
        placer = StreamPlacer(delivery=Delivery.CONTENT)
        placer.know(a_decision(a_mention()))
        delivered = placer.feed(ANSWER)

        end = placer.finish(a_decision(a_mention()), blocked=NoFill.SENSITIVE_TOPIC)

        _assert_organic(delivered + end.tail, end.field, ANSWER)
        assert len(end.field.ads) == 1

    def test_without_a_decision_in_time_ends_with_a_unit(self) -> None:
        placer = StreamPlacer(delivery=Delivery.CONTENT)

        assert placer.feed(ANSWER) == ANSWER
        assert placer.finish(a_decision(a_mention())).tail.startswith("\n\n---\n**Sponsored")


class TestEveryMention:
    @given(fitting_ads())
    def test_is_labelled_short_and_made_of_facts(self, ad: Ad) -> None:
        for sentence, shown in mentions(ad):
            name = shown.ad.advertiser.name
            assert shown.text.startswith(f"{ad.label} · {name}: ")
            assert shown.markdown.startswith(f"**{ad.label} · ")
            assert shown.html.startswith(f'<p class="tollfree-ad"><strong>{ad.label} · ')
            assert len(f"{ad.label} {name} {sentence}".split()) <= 30
            assert any(fact.rstrip(".") in sentence for fact in shown.ad.facts if fact)
            assert shown.markdown.count("://") == 1

    def test_says_no_more_than_the_facts(self) -> None:
        said = [sentence for sentence, _ in mentions(a_mention())]

        assert said == [
            "Trail shoe Scree: Weighs 240 g.",
            "Trail shoe Scree: 8 mm of drop.",
            "Weighs 240 g.",
            "8 mm of drop.",
        ]

    def test_needs_a_name(self) -> None:
        assert list(mentions(a_mention(advertiser=Advertiser("", "x.example")))) == []


def _assert_organic(content: str, field: Any, answer: str) -> None:
    spans = [span for shown in field.ads for span in shown.spans]
    for span in spans:
        content = content[: span.start] + content[span.end :]
    assert content == answer


def _blocks(text: str) -> list[tuple[str, int, str]]:
    tokens = MarkdownIt("commonmark").parse(text)
    return [(token.type, token.level, token.content) for token in tokens]
