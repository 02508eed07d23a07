"""Answer independence (P1) and structural disclosure (P2), for whole answers and streams."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.ads import CLICK_URL, WHY_URL, a_decision, ads, an_ad, answers, splits
from tollfree_sdk.contract import Ad, Advertiser, Delivery, NoFill, TollfreeField, no_ad
from tollfree_sdk.placement import StreamPlacer, place_answer
from tollfree_sdk.wire import field_to_json

IN_CONTENT = (Delivery.CONTENT, Delivery.BOTH)


def without_spans(content: str, field: TollfreeField) -> str:
    """What a reader gets who cuts every span of the field out of the content."""
    spans = sorted((span for ad in field.ads for span in ad.spans), key=lambda span: -span.start)
    for span in spans:
        content = content[: span.start] + (span.original or "") + content[span.end :]
    return content


class TestAnAnswerWithAUnit:
    def test_reads_like_this(self) -> None:
        placed = place_answer("Try a light shoe.", a_decision(), delivery=Delivery.CONTENT)

        assert placed.content == (
            "Try a light shoe.\n\n---\n"
            "**Sponsored · Strideworks** — Tempo 3 running shoes. "
            "Eight millimetres of drop on recycled foam.\n"
            f"[See the Tempo 3]({CLICK_URL}) · [Why this ad?]({WHY_URL})"
        )

    def test_is_described_by_the_field(self) -> None:
        placed = place_answer("Try a light shoe.", a_decision(), delivery=Delivery.CONTENT)

        ad = field_to_json(placed.field)["ads"][0]
        assert (ad["label"], ad["advertiser"]["name"]) == ("Sponsored", "Strideworks")
        assert ad["spans"] == [
            {"choice": 0, "start": 17, "end": len(placed.content), "original": None}
        ]
        assert placed.content[17:].endswith(ad["markdown"])

    @given(answers, ads())
    def test_gives_the_models_own_bytes_without_its_spans(self, answer: str, ad: Ad) -> None:
        for delivery in Delivery:
            placed = place_answer(answer, a_decision(ad), delivery=delivery)

            assert without_spans(placed.content, placed.field) == answer
            digest = hashlib.sha256(answer.encode("utf-8", "surrogatepass")).hexdigest()
            assert placed.field.organic_sha256 == digest

    @given(answers, ads())
    def test_carries_a_no_ad_reason_or_an_ad(self, answer: str, ad: Ad) -> None:
        for delivery in Delivery:
            field = place_answer(answer, a_decision(ad), delivery=delivery).field

            assert (field.no_fill_reason is None) == (len(field.ads) == 1)


class TestEveryAd:
    @given(ads())
    def test_names_label_and_advertiser_side_by_side_in_every_form(self, ad: Ad) -> None:
        placed = place_answer("Prose.", a_decision(ad), delivery=Delivery.CONTENT)

        for shown in placed.field.ads:
            name = shown.ad.advertiser.name
            who_pays = f"{ad.label} · {name}"
            assert shown.text.startswith(who_pays + "\n")
            assert shown.markdown.startswith(f"**{ad.label} · ")
            assert shown.html.startswith('<aside class="tollfree-ad"><p><strong>')
            assert name.strip()
            assert shown.ad.label is ad.label

    @given(answers, ads())
    def test_stands_in_the_content_only_with_its_label(self, answer: str, ad: Ad) -> None:
        for delivery in Delivery:
            placed = place_answer(answer, a_decision(ad), delivery=delivery)

            added = placed.content[len(answer) :]
            assert added == "" or added.startswith(f"\n\n---\n**{ad.label} · ")
            assert added == "" or placed.field.ads

    @pytest.mark.parametrize(
        "spoilt",
        [
            {"advertiser": Advertiser("", "strideworks.example")},
            {"advertiser": Advertiser("\u200b\u202e", "strideworks.example")},
            {"advertiser": Advertiser("— · —", "strideworks.example")},
            {"advertiser": Advertiser("https://evil.com", "strideworks.example")},
            {"advertiser": Advertiser(None, "strideworks.example")},
            {"label": "Smart pick"},
            {"label": None},
            {"title": "", "body": "\u200b"},
            {"title": None},
            {"click_url": "javascript:alert(1)"},
            {"click_url": "https://ok.example/c/x) [Free](https://evil.com"},
            {"click_url": "https://ok.example@evil.com/"},
            {"why_url": "https://ok.example/why/a\nb"},
            {"why_url": None},
        ],
    )
    def test_that_cannot_be_disclosed_is_not_shown(self, spoilt: dict[str, object]) -> None:
        for delivery in Delivery:
            placed = place_answer("Prose.", a_decision(**spoilt), delivery=delivery)

            assert placed.content == "Prose."
            assert placed.field.ads == ()
            assert placed.field.no_fill_reason is NoFill.ERROR


class TestAStream:
    @given(st.data(), answers, ads(), st.sampled_from(list(Delivery)), st.booleans())
    def test_gives_the_same_bytes_and_field_as_the_whole_answer(
        self, data: st.DataObject, answer: str, ad: Ad, delivery: Delivery, in_text: bool
    ) -> None:
        whole = place_answer(answer, a_decision(ad), delivery=delivery, in_text=in_text)

        placer = StreamPlacer(delivery=delivery)
        delivered = [placer.feed(piece) for piece in data.draw(splits(answer))]
        end = placer.finish(a_decision(ad), in_text=in_text)

        assert "".join(delivered) + end.tail == whole.content
        assert end.field == whole.field
        assert placer.organic == answer

    def test_is_the_same_at_every_single_split(self) -> None:
        answer = "Für **Läufer**:\r\n\r\n- a\n- 👟\n\nEnde."
        whole = place_answer(answer, a_decision(), delivery=Delivery.CONTENT)

        for cut in range(len(answer) + 1):
            placer = StreamPlacer(delivery=Delivery.CONTENT)
            delivered = placer.feed(answer[:cut]) + placer.feed(answer[cut:])
            end = placer.finish(a_decision())

            assert (delivered + end.tail, end.field) == (whole.content, whole.field)

    def test_holds_nothing_back_for_a_unit(self) -> None:
        placer = StreamPlacer(delivery=Delivery.CONTENT)

        assert [placer.feed(piece) for piece in ("a", "", "b\n", "\n")] == ["a", "", "b\n", "\n"]


class TestATurnWithoutAnAd:
    @given(answers, st.sampled_from(list(NoFill)), st.sampled_from(list(Delivery)))
    def test_is_the_models_answer_and_a_reason(
        self, answer: str, reason: NoFill, delivery: Delivery
    ) -> None:
        placed = place_answer(answer, no_ad(reason), delivery=delivery)

        assert placed.content == answer
        assert placed.field.no_fill_reason is reason
        assert placed.field.ads == ()

    @pytest.mark.parametrize("delivery", list(Delivery))
    def test_comes_of_a_blocked_decision_and_keeps_its_id(self, delivery: Delivery) -> None:
        decision = a_decision()

        placed = place_answer(
            "My condolences.", decision, delivery=delivery, blocked=NoFill.SENSITIVE_TOPIC
        )

        assert placed.content == "My condolences."
        assert placed.field.no_fill_reason is NoFill.SENSITIVE_TOPIC
        assert placed.field.decision_id == decision.decision_id

    def test_comes_of_an_answer_that_cannot_carry_one(self) -> None:
        placed = place_answer("```\nx = 1\n```", a_decision(), delivery=Delivery.CONTENT)

        assert placed.content == "```\nx = 1\n```"
        assert placed.field.no_fill_reason is NoFill.NOT_PLACEABLE


class TestTheFieldAlone:
    def test_carries_the_ad_when_asked_and_leaves_the_content(self) -> None:
        placed = place_answer("Try a light shoe.", a_decision(), delivery=Delivery.FIELD)

        assert placed.content == "Try a light shoe."
        assert placed.field.ads[0].spans == ()
        assert "Sponsored · Strideworks" in placed.field.ads[0].text

    def test_carries_the_ad_of_a_json_answer_only_if_the_caller_reads_fields(self) -> None:
        answers_by_delivery = {
            delivery: place_answer('{"a": 1}', a_decision(), delivery=delivery, in_text=False)
            for delivery in Delivery
        }

        assert {placed.content for placed in answers_by_delivery.values()} == {'{"a": 1}'}
        assert len(answers_by_delivery[Delivery.FIELD].field.ads) == 1
        assert len(answers_by_delivery[Delivery.BOTH].field.ads) == 1
        content = answers_by_delivery[Delivery.CONTENT].field
        assert content.no_fill_reason is NoFill.NOT_PLACEABLE


def test_the_field_shows_the_cleaned_words() -> None:
    placed = place_answer(
        "Prose.", a_decision(an_ad(title="Tempo\u202e 3\x1b[31m")), delivery=Delivery.BOTH
    )

    assert placed.field.ads[0].ad.title == "Tempo 3"
