"""Affiliate links in texts of every kind: rewritten with their note, put back to the byte."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.ads import PUBLIC_URL, a_decision, an_ad, answers, splits
from tollfree_sdk.contract import Ad, Delivery, Format, Label, NoFill
from tollfree_sdk.placement import StreamPlacer, place_answer, remove, well_formed
from tollfree_sdk.placement.links import Account, LinkBook, LinkPolicy, Supplied
from tollfree_sdk.placement.links.rewriter import LinkRewriter

SHOE = "https://www.amazon.com/Some-Shoe/dp/B0C1234567?th=1#top"
SHOE_OURS = "https://www.amazon.com/Some-Shoe/dp/B0C1234567?th=1&tag=shop-20#top"
NOTE = " · Amazon (affiliate link)"
OTHER = "https://www.walmart.com/ip/Tent/12345"
OTHER_OURS = f"https://goto.walmart.com/c/1/2/3?veh=aff&subId1=app_1&u={OTHER.replace(':', '%3A').replace('/', '%2F')}"
SENTENCE = "\n\nAs an Amazon Associate I earn from qualifying purchases."
BOOK = LinkBook(
    (
        Account("amazon", {"tag": "shop-20"}, store="com", allows_ai=True),
        Account("walmart", {"mpid": "1", "ad": "2", "campaign": "3"}),
        Account("cj", {"publisher": "7"}, merchant="Hexley", hosts=("hexley.example",)),
    ),
    sub_id="app_1",
)
POLICY = LinkPolicy(BOOK)


def a_link_ad() -> Ad:
    return an_ad(format=Format.LINK, label=Label.AFFILIATE)


def rewrite(text: str, policy: LinkPolicy = POLICY) -> str:
    rewriter = LinkRewriter(policy)
    return rewriter.feed(text) + rewriter.finish()


class TestALinkInProse:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (f"Get [it]({SHOE}) now.", f"Get [it]({SHOE_OURS}){NOTE} now."),
            (f'Get [it]({SHOE} "A title") now.', f'Get [it]({SHOE_OURS} "A title"){NOTE} now.'),
            (f"Get [it](<{SHOE}>).", f"Get [it](<{SHOE_OURS}>){NOTE}."),
            (f"Get <{SHOE}>.", f"Get <{SHOE_OURS}>{NOTE}."),
            (f"Get {SHOE}.", f"Get {SHOE_OURS}{NOTE}."),
            (f"({SHOE})", f"({SHOE_OURS}{NOTE})"),
            (SHOE, SHOE_OURS + NOTE),
            (f"- **{SHOE}**\n", f"- **{SHOE_OURS}{NOTE}**\n"),
            (f"1. [a]({SHOE})\n2. [b]({OTHER})", f"1. [a]({SHOE_OURS}){NOTE}\n2. [b]({OTHER_OURS}) · Walmart (affiliate link)"),
            (f'<a href="{SHOE}">it</a>!', f'<a href="{SHOE_OURS}" rel="sponsored nofollow noopener">it</a>{NOTE}!'),
            (f"<a class='x' href='{SHOE}' id='y'>it</a>", f"<a class='x' href='{SHOE_OURS}' rel=\"sponsored nofollow noopener\" id='y'>it</a>{NOTE}"),
            (f"`code` and {SHOE} ok", f"`code` and {SHOE_OURS}{NOTE} ok"),
            (f"```\nx\n```\n\n{SHOE}\n", f"```\nx\n```\n\n{SHOE_OURS}{NOTE}\n"),
            (f"見る {SHOE}。次に", f"見る {SHOE_OURS}{NOTE}。次に"),
            (f"（ {SHOE}）", f"（ {SHOE_OURS}{NOTE}）"),
            (f"(<{SHOE}>)", f"(<{SHOE_OURS}>{NOTE})"),
            (f"**[it]({SHOE})**, _[b]({OTHER})_", f"**[it]({SHOE_OURS}){NOTE}**, _[b]({OTHER_OURS}) · Walmart (affiliate link)_"),
            (f"[a [b] c]({SHOE})", f"[a [b] c]({SHOE_OURS}){NOTE}"),
            (f"Is it {SHOE}?!", f"Is it {SHOE_OURS}{NOTE}?!"),
            (f"See (also {SHOE}).", f"See (also {SHOE_OURS}{NOTE})."),
            (f"{SHOE}, {OTHER}; end", f"{SHOE_OURS}{NOTE}, {OTHER_OURS} · Walmart (affiliate link); end"),
            (f"<a href='{SHOE.replace('?th=1', '?th=1&psc=1')}'>it</a>",
             f"<a href='{SHOE.replace('?th=1', '?th=1&psc=1&tag=shop-20')}' rel=\"sponsored nofollow noopener\">it</a>{NOTE}"),
            (f'<p><a target="_blank" href="{OTHER}">it</a></p>', f'<p><a target="_blank" href="{OTHER_OURS}" rel="sponsored nofollow noopener">it</a> · Walmart (affiliate link)</p>'),
            (f"* {SHOE}\r\n* {OTHER}\r\n", f"* {SHOE_OURS}{NOTE}\r\n* {OTHER_OURS} · Walmart (affiliate link)\r\n"),
            (f"## Shoes\n\n{SHOE}\n", f"## Shoes\n\n{SHOE_OURS}{NOTE}\n"),
            (f"الحذاء {SHOE} جيد", f"الحذاء {SHOE_OURS}{NOTE} جيد"),
            (f"👟 {SHOE} 🏃", f"👟 {SHOE_OURS}{NOTE} 🏃"),
            (f"買う：[靴]({SHOE})。", f"買う：[靴]({SHOE_OURS}){NOTE}。"),
            ("See https://hexley.example/a_(b)?c=1 ok", "See https://www.anrdoezrs.net/links/7/type/dlg/sid/app_1/https://hexley.example/a_(b)?c=1 · Hexley (affiliate link) ok"),
        ],
    )  # fmt: skip
    def test_is_rewritten_and_says_so(self, text: str, expected: str) -> None:
        assert rewrite(text) == expected
        assert rewrite(expected) == expected


class TestALinkThatStays:
    @pytest.mark.parametrize(
        "text",
        [
            f"`{SHOE}`", f"``a ` {SHOE}``", f"`open {SHOE}", f"```\n{SHOE}\n```", f"~~~\n[it]({SHOE})\n~~~", f"```\n{SHOE}",
            f"a\n\n    {SHOE}", f"\t{SHOE}", f"> {SHOE}", f"> > [it]({SHOE})", f"| [it]({SHOE}) | 3 |", f"a | b\n---|---\n{SHOE}",
            f"![it]({SHOE})", f"[![img](https://x.example/a.png)]({SHOE}", f"[{SHOE}](https://example.org)", f"[see {SHOE}]",
            f'{{"url": "{SHOE}"}}', f"{{'url': '{SHOE}'}}", f"url={SHOE}", f"https://example.org/?u={SHOE}", f"x{SHOE}", f"@{SHOE}",
            f"[1]: {SHOE}", f'[shoe]: {SHOE} "Shoe"', f"[^1]: {SHOE}", f"[1] {SHOE}", f"1. [2] {SHOE}", f"## Sources\n\n- {SHOE}", f"**References:**\n\n{SHOE}\n",
            f"Source: {SHOE}", f"(source: {SHOE})", f"Sources: [a]({SHOE}), [b]({OTHER})", f"Retrieved from {SHOE}", f"[1]({SHOE})", f"It grips [[2]]({SHOE}).", f"It grips ([source]({SHOE})).",
            f"[Source 3](<{SHOE}>)", f"$ curl {SHOE}", f"wget -q {SHOE}", f"2026-01-01 12:00:00 GET {SHOE} 200", f"- **Source:** {SHOE}", f"[INFO] fetching {SHOE}", f"Quelle: {SHOE}",
            f'<a href="{SHOE}&amp;psc=1">it</a>', f'<a href="{SHOE}&lt;">it</a>', f"<span title='{SHOE}'>x</span>", f"<{SHOE} >", f"[it][{SHOE}]", f"[a]: <{SHOE}>", f"  [a]: {SHOE} 'x'", f"买{SHOE}好",
            f"[x](https://www.google.com/url?q={SHOE})", f"mailto:{SHOE}", f"view-source:{SHOE}", f"https://u:p@{SHOE[8:]}", f"https://web.archive.org/web/2020/{SHOE}", f"Sources:\n{SHOE}", f"<code>{SHOE}</code>", f"<pre>\n{SHOE}\n</pre>", f"<!-- {SHOE} -->", f"<script>var a = '{SHOE}'</script>",
            f'<img src="{SHOE}">', f'<a rel="nofollow" href="{SHOE}">it</a>', f'<a href="{SHOE}"><b>it</b></a>', f'<a href="{SHOE}">it', f"<a href={SHOE}>it</a>",
            f"[it]({SHOE}", f"[it]({SHOE} broken", f"[it]({SHOE}\n)", f"<{SHOE}", f"$$\n{SHOE}\n$$", f'"{SHOE}"', f"'{SHOE}'", f'{SHOE}"', f"{SHOE}<br>",
            "https://" + "a" * 3_000 + ".example/", "https://", "http:/", "h", f"[it]({SHOE_OURS})", f"[it]({SHOE.split('#', maxsplit=1)[0]}&tag=theirs-20)", "https://amzn.to/3abc",
        ],
    )  # fmt: skip
    def test_is_left_to_the_byte(self, text: str) -> None:
        assert rewrite(text) == text

    def test_was_named_by_the_user(self) -> None:
        policy = LinkPolicy(BOOK, Supplied.by((f"Compare {SHOE} with others",)))

        text = f"[it]({SHOE}) or {OTHER}"
        assert rewrite(text, policy) == f"[it]({SHOE}) or {OTHER_OURS} · Walmart (affiliate link)"


linked = st.lists(
    st.one_of(
        answers,
        st.sampled_from(
            [f"[it]({SHOE})", SHOE, f"<{SHOE}>", f"{OTHER}, ", f'<a href="{OTHER}">t</a>', "http", "https:/", "](", "`",
             f'[it]({SHOE} "t")', "\n\n", "> ", "[a", "]", "(", ")", "!", "|", '"', "<", ">", "\n## Sources\n", "# h\n"]
        ),
    ),
    max_size=8,
).map("".join)  # fmt: skip


class TestAnyText:
    @given(st.data(), linked)
    def test_gives_the_same_bytes_whatever_the_chunking(
        self, data: st.DataObject, text: str
    ) -> None:
        rewriter, letters = LinkRewriter(POLICY), LinkRewriter(POLICY)

        often = "".join(rewriter.feed(piece) for piece in data.draw(splits(text)))
        once = "".join(map(letters.feed, text))

        assert often + rewriter.finish() == once + letters.finish() == rewrite(text)
        assert rewriter.links == letters.links

    @given(linked)
    def test_rewritten_twice_is_rewritten_once(self, text: str) -> None:
        once = rewrite(text)

        assert rewrite(once) == once

    @given(linked)
    def test_with_originals_put_back_is_the_models_own(self, text: str) -> None:
        placed = place_answer(text, a_decision(a_link_ad()), delivery=Delivery.CONTENT, links=POLICY)  # fmt: skip

        _assert_organic(placed.content, placed.field, text)
        for shown in placed.field.ads:
            assert shown.text.startswith(f"Affiliate link · {shown.ad.advertiser.name} ")
            span = shown.spans[0]
            delivered = placed.content[span.start : span.end]
            assert shown.ad.click_url in delivered
            assert delivered.endswith(f" · {shown.ad.advertiser.name} (affiliate link)")

    @given(linked)
    def test_comes_back_to_the_byte_when_resent(self, text: str) -> None:
        placed = place_answer(text, a_decision(a_link_ad()), delivery=Delivery.CONTENT, links=POLICY)  # fmt: skip
        sent = [{"role": "assistant", "content": placed.content}]

        taken_out = remove(sent, public_url=PUBLIC_URL, verifies=well_formed, links=BOOK)

        assert taken_out.messages == [{"role": "assistant", "content": text}]
        assert taken_out.removed == len(placed.field.ads)

    @given(st.data(), linked)
    def test_is_the_same_streamed_and_whole(self, data: st.DataObject, text: str) -> None:
        decision = a_decision(a_link_ad())
        whole = place_answer(text, decision, delivery=Delivery.CONTENT, links=POLICY)

        placer = StreamPlacer(delivery=Delivery.CONTENT, links=POLICY)
        placer.know(decision)
        delivered = "".join(placer.feed(piece) for piece in data.draw(splits(text)))
        end = placer.finish(decision)

        assert (delivered + end.tail, end.field) == (whole.content, whole.field)

    @given(st.data(), linked)
    def test_is_the_models_own_when_the_decision_comes_later(
        self, data: st.DataObject, text: str
    ) -> None:
        decision = a_decision(a_link_ad())
        known_at = data.draw(st.integers(0, len(text)))

        placer = StreamPlacer(delivery=Delivery.CONTENT, links=POLICY)
        delivered = placer.feed(text[:known_at])
        placer.know(decision)
        delivered += placer.feed(text[known_at:])
        end = placer.finish(decision)

        assert delivered[:known_at] == text[:known_at]
        _assert_organic(delivered + end.tail, end.field, text)


class TestTheAnswer:
    def test_ends_with_the_sentence_that_amazon_requires(self) -> None:
        placed = place_answer(f"[it]({SHOE})", a_decision(a_link_ad()), delivery=Delivery.CONTENT, links=POLICY)  # fmt: skip

        assert placed.content == f"[it]({SHOE_OURS}){NOTE}{SENTENCE}"
        assert len(placed.field.ads[0].spans) == 2

    @pytest.mark.parametrize("given_", [{"delivery": Delivery.FIELD}, {"in_text": False}])
    def test_keeps_its_links_where_only_the_field_may_carry_ads(self, given_: Any) -> None:
        options = {"delivery": Delivery.CONTENT, **given_}

        placed = place_answer(SHOE, a_decision(a_link_ad()), links=POLICY, **options)

        assert placed.content == SHOE
        assert placed.field.no_fill_reason is NoFill.NOT_PLACEABLE

    def test_without_a_link_of_ours_has_no_ad(self) -> None:
        placed = place_answer("Prose.", a_decision(a_link_ad()), delivery=Delivery.CONTENT, links=POLICY)  # fmt: skip

        assert (placed.content, placed.field.no_fill_reason) == ("Prose.", NoFill.NOT_PLACEABLE)

    def test_resent_with_an_edited_note_is_left_alone_and_counted(self) -> None:
        content = f"[it]({SHOE_OURS}) now."

        taken_out = remove([{"role": "assistant", "content": content}], public_url=PUBLIC_URL, verifies=well_formed, links=BOOK)  # fmt: skip

        assert taken_out.messages[0]["content"] == content
        assert (taken_out.removed, taken_out.altered) == (0, 1)


def _assert_organic(content: str, field: Any, answer: str) -> None:
    spans = [span for shown in field.ads for span in shown.spans]
    for span in sorted(spans, key=lambda span: -span.start):
        content = content[: span.start] + (span.original or "") + content[span.end :]
    assert content == answer
